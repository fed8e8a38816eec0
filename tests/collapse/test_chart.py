"""Curves stand where their numbers say, in the picture as on the page, and their names never cover each other."""

import math
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from installation.collapse.chart import (
    APART,
    GROUND,
    LIVE,
    Box,
    Curve,
    Label,
    Panel,
    Stroke,
    drawing,
    paint,
    short,
    svg,
)

BOX = Box(10, 20, 500, 300)
POSITIVE = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=30)
SCALES = st.sampled_from(["linear", "log"])


def panel(*values, scale="linear"):
    return Panel("title", "unit", [Curve(f"curve {place}", each) for place, each in enumerate(values)], scale)


@given(values=POSITIVE, scale=SCALES)
def test_every_value_stands_between_the_foot_and_the_head_of_the_axis(values, scale):
    shown = panel(values, scale=scale)
    assert all(-1e-6 <= shown.height(value) <= 1 + 1e-6 for value in values)


@given(values=POSITIVE, scale=SCALES)
def test_ticks_begin_at_the_foot_and_end_at_the_head(values, scale):
    shown = panel(values, scale=scale)
    ticks = shown.ticks()
    assert shown.height(ticks[0]) == pytest.approx(0.0, abs=1e-9)
    assert shown.height(ticks[-1]) == pytest.approx(1.0)
    assert all(one < other for one, other in pairwise(ticks))


@pytest.mark.parametrize(
    ("high", "ticks"),
    [
        (0.76, [0, 0.2, 0.4, 0.6, 0.8]),
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (2157, [0, 500, 1000, 1500, 2000, 2500]),
    ],
)
def test_ticks_are_round_numbers(high, ticks):
    assert panel([high]).ticks() == pytest.approx(ticks)


def test_a_logarithmic_axis_counts_in_tens():
    assert panel([1.9, 4398], scale="log").ticks() == pytest.approx([1, 10, 100, 1000, 10_000])


def test_a_curve_of_nothing_but_zeros_can_be_drawn():
    assert panel([0.0, 0.0]).height(0.0) == 0.0


def test_generations_stand_side_by_side_at_equal_distances():
    shown = panel([5.0, 5.0, 5.0])
    left, middle, right = (BOX.at(shown, generation, 5.0) for generation in range(3))
    assert middle[0] - left[0] == pytest.approx(right[0] - middle[0])
    assert left[1] == middle[1] == right[1]


def test_a_higher_value_stands_higher():
    shown = panel([1.0, 2.0])
    assert BOX.at(shown, 0, 2.0)[1] < BOX.at(shown, 0, 1.0)[1]


def test_a_value_that_is_not_there_is_left_out():
    strokes = [part for part in drawing(panel([1.0, math.nan, 3.0]), BOX) if isinstance(part, Stroke) and part.dots]
    assert len(strokes[0].points) == 2


@given(ends=st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_names_of_curves_that_end_together_stand_apart(ends):
    shown = panel(*([1.0, end] for end in ends))
    names = sorted(
        part.at[1] for part in drawing(shown, BOX) if isinstance(part, Label) and part.words.startswith("curve")
    )
    assert len(names) == len(ends)
    assert all(other - one >= APART - 1e-6 for one, other in pairwise(names))


def test_a_single_curve_needs_no_name():
    assert "curve 0" not in [part.words for part in drawing(panel([1.0, 2.0]), BOX) if isinstance(part, Label)]


def test_theory_is_thin_and_behind():
    shown = Panel("", "", [Curve("live", [1.0, 2.0]), Curve("theory", [1.0, 1.5], "theory")])
    theory, live = [part for part in drawing(shown, BOX) if isinstance(part, Stroke) and part.width > 1]
    assert theory.width < live.width
    assert (theory.dots, live.dots) == (False, True)


def test_curves_that_were_measured_differ_in_colour():
    inks = {part.ink for part in drawing(panel([1.0], [2.0], [3.0]), BOX) if isinstance(part, Stroke) and part.dots}
    assert len(inks) == 3


def test_the_picture_shows_the_curve_where_the_layout_says():
    shown, picture = panel([3.0, 1.0, 2.0]), Image.new("RGB", (1040, 680), GROUND)
    paint(ImageDraw.Draw(picture), shown, BOX, zoom=2)
    x, y = BOX.at(shown, 1, 1.0)
    assert np.asarray(picture)[round(2 * y), round(2 * x)].tolist() == list(LIVE[0])


def test_the_page_says_the_same_as_the_picture():
    shown = panel([3.0, 1.0, 2.0])
    page = ET.fromstring(svg(shown, 500, 300))  # noqa: S314 - our own
    x, y = Box(0, 0, 500, 300).at(shown, 1, 1.0)
    dots = [(dot.get("cx"), dot.get("cy")) for dot in page.iter("circle")]
    assert (f"{x:.1f}", f"{y:.1f}") in dots
    assert "title" in [word.text for word in page.iter("text")]


def test_words_that_look_like_markup_stay_words():
    page = ET.fromstring(svg(Panel('<a> & "b"', "", [Curve("", [1.0])]), 500, 300))  # noqa: S314
    assert page.get("aria-label") == '<a> & "b"'


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.00808, "0.008"), (0.7551, "0.755"), (4.511, "4.51"), (57.83, "57.8"), (4397.8, "4,398"), (0, "0"), (50, "50")],
)
def test_numbers_are_said_as_briefly_as_they_are_known(value, said):
    assert short(value) == said
