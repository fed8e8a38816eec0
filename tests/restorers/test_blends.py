"""Blends of prompts: their words, their weights, and the slow way from one to another."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.restorers import ModelError
from installation.restorers.blends import Blend, Prompter, Walk, read, slerp, spoken, walked
from tests.support import Wiener

CAT, FIRE = read("a cat"), read("a fire:3 | rain:1")


class Listener(Wiener):
    """A restorer that reads at most five words, and keeps what it was told."""

    def __init__(self):
        super().__init__()
        self.text, self.told = "", []

    def prompt(self, text):
        if any(len(said.split()) > 5 for said, _ in read(text).wanted):
            raise ModelError("too long")
        self.text = text
        self.told.append(text)


def test_one_prompt_is_itself_with_all_its_colons():
    assert read(" a screen 16:9 ") == Blend((("a screen 16:9", 1.0),))
    assert spoken(read("a screen 16:9")) == "a screen 16:9"


def test_weights_of_what_is_wanted_sum_to_one():
    assert read("a cat:0.7|a fire : .7") == Blend((("a cat", 0.5), ("a fire", 0.5)))
    assert read("a cat | a fire | rain").wanted == tuple((said, 1 / 3) for said in ("a cat", "a fire", "rain"))


def test_what_has_a_negative_weight_is_unwanted():
    assert read("a cat | blurry:-0.5 | dull:-2") == Blend((("a cat", 1.0),), (("blurry", 0.5), ("dull", 2.0)))


@pytest.mark.parametrize("text", ["|", "a cat:0 | a dog:0", "a cat:-1 | a dog:-1", " | ".join("x" * 17)])
def test_a_blend_in_which_nothing_or_too_much_is_wanted_is_refused_with_an_example(text):
    with pytest.raises(ModelError, match=r"a cat:0\.7 \| a fire:0\.3"):
        read(text)


said = st.text(st.characters(whitelist_categories=["L", "N", "Zs"]), max_size=8).map(lambda text: f"a{text}b")


@given(st.lists(st.tuples(said, st.floats(1e-6, 1e6), st.booleans()), min_size=1, max_size=6))
def test_a_blend_is_read_again_from_its_words(parts):
    blend = read(" | ".join(f"{text}:{weight!r}" for text, weight, _ in [*parts, ("z", 1.0, True)]))
    again = read(spoken(blend))
    assert [text for text, _ in again.wanted] == [text for text, _ in blend.wanted]
    assert [weight for _, weight in again.wanted] == pytest.approx([weight for _, weight in blend.wanted])


@given(st.text(max_size=40))
def test_any_text_is_a_blend_or_a_refusal(text):
    try:
        blend = read(text)
    except ModelError:
        return
    assert sum(weight for _, weight in blend.wanted) == pytest.approx(1.0)


def test_a_way_begins_at_its_start_and_ends_at_its_goal():
    assert walked(CAT, FIRE, 0.0) == CAT
    assert walked(CAT, FIRE, 1.0) == FIRE
    assert walked(CAT, FIRE, 0.5) == Blend((("a cat", 0.5), ("a fire", 0.375), ("rain", 0.125)))


def test_what_is_in_both_stays_as_it_is():
    assert walked(CAT, CAT, 0.3).wanted[0][1] == pytest.approx(1.0)


def test_a_walk_takes_its_generations_and_then_stands():
    walk = Walk(CAT, FIRE, begun=10, length=4)
    shares = [dict(walk.at(serial).wanted).get("a cat", 0.0) for serial in range(8, 17)]
    assert shares == [1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0]


def test_a_prompter_walks_and_then_is_silent():
    listener, prompter = Listener(), Prompter()
    prompter.begin(listener, "a cat")
    prompter.tell(listener, "a fire", serial=5, length=2)
    for serial in range(6, 12):
        prompter.turn(listener, serial)
    assert listener.told == ["a cat", "a fire", "a cat", "a cat:0.5 | a fire:0.5", "a fire"]


def test_a_generation_ends_under_the_prompt_that_it_began_under():
    listener, prompter = Listener(), Prompter()
    prompter.begin(listener, "a cat")
    prompter.tell(listener, "a fire", serial=5, length=0)
    assert listener.text == "a cat"
    prompter.turn(listener, 6)
    assert listener.text == "a fire"


def test_turning_round_in_the_middle_begins_where_it_stands():
    listener, prompter = Listener(), Prompter()
    prompter.begin(listener, "a cat")
    prompter.tell(listener, "a fire", serial=0, length=10)
    prompter.tell(listener, "rain", serial=5, length=10)
    assert listener.text == "a cat:0.5 | a fire:0.5"


def test_what_cannot_be_read_is_refused_and_what_was_told_before_holds():
    listener, prompter = Listener(), Prompter()
    prompter.begin(listener, "a cat")
    with pytest.raises(ModelError, match="too long"):
        prompter.tell(listener, "one two three four five six", serial=3, length=5)
    prompter.turn(listener, 20)
    assert listener.text == "a cat"


def test_a_restorer_that_has_just_come_is_told_what_is_to_be_seen():
    prompter = Prompter()
    prompter.begin(Listener(), "a cat")
    other = Listener()
    prompter.turn(other, 3)
    assert other.text == "a cat"


def test_a_restorer_that_does_not_listen_is_told_nothing():
    Prompter().begin(Wiener(), "a cat")


# ------------------------------------------------------------------ on the sphere


def vectors(seed):
    return torch.randn(1, 7, 16, generator=torch.Generator().manual_seed(seed))


def test_the_ends_of_the_way_are_its_ends():
    torch.testing.assert_close(slerp(vectors(0), vectors(1), 0.0), vectors(0))
    torch.testing.assert_close(slerp(vectors(0), vectors(1), 1.0), vectors(1))


def test_the_angle_grows_evenly():
    one, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 3.0]])
    for share in (0.25, 0.5, 0.9):
        x, y = slerp(one, other, share)[0].tolist()
        assert math.atan2(y, x) == pytest.approx(share * math.pi / 2.0, abs=1e-6)
        assert math.hypot(x, y) == pytest.approx(1.0 + 2.0 * share)


def test_on_the_way_no_vector_is_shorter_than_both_of_its_ends():
    lengths = [slerp(vectors(0), vectors(1), share).norm(dim=-1) for share in (0.0, 0.3, 0.6, 1.0)]
    least = torch.minimum(lengths[0], lengths[-1])
    assert all((length >= least - 1e-4).all() for length in lengths)


@pytest.mark.parametrize("other", [vectors(0), -vectors(0), torch.zeros(1, 7, 16)])
def test_parallel_opposite_and_empty_vectors_are_no_fault(other):
    assert all(slerp(vectors(0), other, share).isfinite().all() for share in (0.0, 0.5, 1.0))


def test_a_small_step_is_a_small_change():
    ways = [slerp(vectors(0), vectors(1), share / 50.0) for share in range(51)]
    steps = [float((after - before).norm()) for before, after in pairwise(ways)]
    assert max(steps) < 2.0 * min(steps)
