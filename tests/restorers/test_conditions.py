"""What ember is told besides the picture."""

import json

import pytest
import torch

from installation.restorers.conditions import GAUSSIAN, NAMES, Conditions, condition, tables
from installation.restorers.filters import KNOTS
from tests.restorers.tiny_conditions import WIDTH, knowing

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("a cat in a hat", (1, 2)), ("HATS, cats!", (2, 1)), ("cat cat", (1,)), ("whales", ()), ("", ())],
)
def test_known_words_are_heard_once_in_any_form(text, numbers):
    assert knowing().spell(text) == numbers


def test_a_caption_is_the_mean_of_its_words():
    known = knowing()
    torch.testing.assert_close(known.caption((1, 2)), (known.caption((1,)) + known.caption((2,))) / 2.0)


def test_nothing_said_is_nothing():
    assert not knowing().caption(()).any()


def test_between_knots_a_medium_moves_in_a_straight_line():
    known = knowing()
    middle = known.burn("dimming", 1.5 / (KNOTS - 1))
    ends = [known.burn("dimming", knot / (KNOTS - 1)) for knot in (1, 2)]
    torch.testing.assert_close(middle, (ends[0] + ends[1]) / 2.0)


def test_a_batch_hears_each_picture_s_own_words_and_medium():
    known = knowing()
    words = torch.tensor([[1, 0], [2, 0], [0, 0]])
    told = condition(known.tables, words, torch.tensor([GAUSSIAN, 0, GAUSSIAN]), torch.tensor([0.4, 0.4, 0.9]))
    torch.testing.assert_close(told[:1], known.caption((1,)))
    torch.testing.assert_close(told[1:2], known.caption((2,)) + known.burn("dimming", 0.4))
    assert not told[2].any()


def test_fresh_tables_say_nothing():
    told = condition(tables(3, 2, WIDTH), torch.tensor([[1, 2]]), torch.tensor([1]), torch.tensor([0.5]))
    assert not told.any()


def test_a_medium_never_met_is_no_medium():
    with pytest.raises(ValueError, match="tuple"):
        knowing().burn("water", 0.5)


def test_what_is_written_is_read_again(tmp_path):
    knowing().save(tmp_path)
    again = Conditions.load(tmp_path, CPU)
    assert (again.words, again.media) == (("cat", "hat"), ("dimming",))
    torch.testing.assert_close(again.caption((1,)), knowing().caption((1,)), atol=0.02, rtol=0.01)
    assert torch.equal(again.regression.gain, knowing().regression.gain)


@pytest.mark.parametrize("told", [{"words": ["cat"], "media": ["dimming"]}, {"words": ["cat", "hat"], "media": []}, {}])
def test_names_that_do_not_fit_their_numbers_are_refused(tmp_path, told):
    knowing().save(tmp_path)
    (tmp_path / NAMES).write_text(json.dumps(told))
    with pytest.raises((ValueError, KeyError, RuntimeError)):
        Conditions.load(tmp_path, CPU)
