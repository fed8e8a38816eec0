"""The model's chances are the formula's, its choices follow them, and it never says what it has not read."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.collapse.ngram import FLOOR, PASSAGE, TRUST, CollapseError, fit, perplexity, write
from installation.randomness import generator

TEXTS = st.lists(st.sampled_from("abcde."), min_size=4, max_size=60)
ORDERS = st.integers(1, 4)


@given(text=TEXTS, order=ORDERS, context=st.lists(st.integers(0, 5), max_size=5))
def test_chances_after_any_context_make_one(text, order, context):
    row = fit(text, order).distribution(context)
    assert row.sum() == pytest.approx(1.0)
    assert (row >= 0.0).all()


def test_a_chance_is_the_memory_trusted_and_the_rest_from_the_shorter_one():
    model = fit(list("abacab"), 2)  # after a: b twice, c once
    a, b, c = (model.words.index(word) for word in "abc")
    row = model.distribution([a])
    assert row[b] == pytest.approx(TRUST * 2 / 3 + (1 - TRUST) * 2 / 6)
    assert row[c] == pytest.approx(TRUST * 1 / 3 + (1 - TRUST) * 1 / 6)
    assert row[a] == pytest.approx((1 - TRUST) * 3 / 6)


def test_an_unknown_context_falls_back_to_frequencies():
    model = fit(list("abc"), 3)
    np.testing.assert_allclose(model.distribution([model.words.index("c")]), 1 / 3)  # nothing ever followed c


def test_only_as_much_context_counts_as_is_remembered():
    model = fit(list("abcabdabc"), 3)
    np.testing.assert_array_equal(model.distribution([3, 0, 1]), model.distribution([0, 1]))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_text_too_short_to_learn_from_is_refused(order):
    with pytest.raises(CollapseError, match="too short"):
        fit(["a"], order)


@given(size=st.integers(2, 40))
def test_words_that_are_equally_frequent_leave_one_to_hesitate_between_all(size):
    text = [str(word) for word in range(size)]
    assert perplexity(fit(text, 1), text, size) == pytest.approx(size)


def test_a_lost_word_costs_what_the_floor_says():
    assert perplexity(fit(["a"] * 9, 1), ["b"], 2) == pytest.approx(2 / FLOOR)
    lost = perplexity(fit(["a"] * 9, 3), ["a", "a", "b"], 2)
    chances = (1 - FLOOR) + FLOOR / 2, FLOOR / 2 * (1 - TRUST) ** 2
    known = TRUST + (1 - TRUST) * chances[0]
    assert lost == pytest.approx((chances[0] * known * chances[1]) ** (-1 / 3))


@given(text=TEXTS, order=ORDERS)
def test_a_model_never_hesitates_between_less_than_one_word(text, order):
    assert perplexity(fit(text, order), text, len(set(text))) >= 1.0


@given(text=TEXTS, order=ORDERS, length=st.integers(0, 150), beam=st.integers(1, 3))
def test_it_writes_as_many_words_as_asked_and_none_it_has_not_read(text, order, length, beam):
    written = write(fit(text, order), length, generator(1, 1), 0.7, beam)
    assert len(written) == length
    assert set(written) <= set(text)


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 0.8), (0.5, 0.64 / 0.68), (2.0, 2 / 3)])
def test_temperature_raises_every_chance_to_its_inverse(temperature, share):
    number = 4000
    written = write(fit(["a"] * 80 + ["b"] * 20, 1), number, generator(1, 2), temperature)
    assert written.count("a") / number == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / number))


def test_what_it_writes_begins_as_after_a_full_stop():
    model = fit(["the", "sea", *[".", "call", "me"] * 3, "."], 3)
    assert write(model, 2, generator(1, 3), temperature=0.1) == ["call", "me"]


def test_a_memory_is_kept_from_passage_to_passage():
    text = list("abcdefgh" * 20)
    written = write(fit(text, 3), 3 * PASSAGE, generator(1, 4), temperature=0.1)
    follows = dict(zip("abcdefgh", "bcdefgha", strict=True))
    assert all(follows[one] == other for one, other in pairwise(written))


def test_a_beam_finds_likelier_passages_than_chance():
    rng = generator(1, 5)
    model = fit([str(word) for word in rng.zipf(1.6, 3000) % 60], 2)
    sampled, searched = (write(model, 600, generator(1, 6), beam=beam) for beam in (1, 5))
    assert perplexity(model, searched, len(model.words)) < 0.7 * perplexity(model, sampled, len(model.words))


def test_the_same_random_numbers_write_the_same_words():
    model = fit(list("abacabadabacaba"), 2)
    one, again, other = (write(model, 80, generator(seed, 1), beam=2) for seed in (1, 1, 2))
    assert one == again != other
