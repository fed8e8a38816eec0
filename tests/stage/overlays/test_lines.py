"""Lines: no wider than their room, no more of them than needed, and every letter in its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.overlays.lines import LEADING, fitted, length, mask, single, wrapped

PROSE = (
    "A machine is shown one photograph and asked to remember it. Every generation burns the picture into noise and "
    "restores it from what the model believes pictures are like."
)
JAPANESE = "世代を重ねるごとに、像は忘れられていく。世代を重ねるごとに、像は忘れられていく。"
WORDS = st.lists(st.text("abcdefgh-é", min_size=1, max_size=12), min_size=1, max_size=20).map(" ".join)


@given(WORDS, st.floats(30, 400))
def test_no_line_is_wider_than_its_room(words, room):
    block = wrapped(words, "prose", 12.0, room)
    assert all(length(line, "prose", 12.0) <= room for line in block.lines)


@given(WORDS, st.floats(30, 400))
def test_breaking_loses_nothing_but_spaces(words, room):
    assert "".join(wrapped(words, "prose", 12.0, room).lines).replace(" ", "") == words.replace(" ", "")


@given(WORDS, st.floats(0.5, 1.5))
def test_a_fitted_line_is_one_line_and_shrinks_only_if_it_must(words, share):
    asked = single(words, "figures", 40.0)
    given = fitted(words, "figures", 40.0, share * asked.width)
    assert given.lines == asked.lines
    assert given == asked if share >= 1.0 else given.width <= 1.1 * share * asked.width  # letters are hinted


@pytest.mark.parametrize("text", [PROSE, JAPANESE])
def test_lines_are_as_even_as_they_can_be_without_being_more(text):
    block = wrapped(text, "prose", 20.0, 400.0)
    assert len(wrapped(text, "prose", 20.0, block.width - 6.0).lines) > len(block.lines)  # to the search's precision


def test_japanese_breaks_between_letters_but_never_before_a_closing_sign():
    lines = wrapped(JAPANESE, "prose", 20.0, 130.0).lines
    assert len(lines) > 4
    assert not any(line[0] in "、。" for line in lines)


def test_a_texts_own_line_ends_stay():
    assert wrapped("one\ntwo\n\nthree", "prose", 20.0, 900.0).lines == ("one", "two", "", "three")


@pytest.mark.parametrize("text", ["", " ", "\n \n"])
def test_no_words_are_one_empty_line(text):
    assert single(text, "prose", 20.0).lines == wrapped(text, "prose", 20.0, 90.0).lines == ("",)


def test_a_word_wider_than_its_room_is_cut():
    assert len(wrapped("m" * 200, "prose", 20.0, 100.0).lines) > 20


def test_lines_stand_one_leading_apart():
    one, two = wrapped("H", "prose", 50.0, 900.0), wrapped("H\nH", "prose", 50.0, 900.0)
    tops = np.flatnonzero(np.diff(mask(two).max(axis=1) > 128))
    assert tops[2] - tops[0] == round(LEADING * 50.0)
    assert two.height - one.height == round(LEADING * 50.0)


@pytest.mark.parametrize(
    ("words", "align", "leftmost"),
    [("i", "left", True), ("i", "right", False), ("ש", "left", False), ("ש", "right", True)],
)
def test_what_runs_left_is_aligned_the_other_way(words, align, leftmost):
    ink = mask(wrapped(f"{'m' * 9}\n{words}", "prose", 20.0, 900.0), align)
    short = np.flatnonzero(ink[round(ink.shape[0] * 0.55) :].max(axis=0))
    assert bool(short.mean() < ink.shape[1] / 2) is leftmost


@pytest.mark.parametrize("words", ["Ågjpqy|", "كل جيل", "हर पीढ़ी कुछ", "世代を"])
def test_nothing_of_a_line_is_cut_off(words):
    ink = mask(single(words, "prose", 60.0))
    assert ink.max() > 200
    assert ink[0].max() == ink[-1].max() == 0
