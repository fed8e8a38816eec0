import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.pace import WINDOW, Pace, waits


def flip_through(gaps, rate=50.0):
    pace, now = Pace(rate, 0.0), 0.0
    for gap in gaps:
        now += gap
        pace.flipped(now)
    return pace, now


def test_the_first_flip_is_due_at_once():
    assert Pace(60.0, 5.0).wait(5.0) == 0.0


def test_an_even_pace_waits_for_what_is_left_of_the_interval():
    pace = Pace(50.0, 0.0)
    pace.flipped(0.005)
    assert pace.wait(0.005) == pytest.approx(0.015)


@given(gaps=st.lists(st.floats(0.0, 3.0), max_size=50))
def test_it_never_waits_longer_than_one_interval(gaps):
    pace, now = flip_through(gaps)
    assert 0.0 <= pace.wait(now) <= 1 / 50 + 1e-9


def test_late_flips_are_not_made_up_for():
    pace, now = flip_through([0.02, 5.0])
    pace.flipped(now)
    assert pace.wait(now) == pytest.approx(0.02)


def test_the_worst_gap_is_told_and_forgotten_after_its_window():
    pace, now = flip_through([0.02, 0.02, 0.5, 0.02])
    assert pace.worst_gap == pytest.approx(0.5)
    pace.flipped(now + WINDOW / 2)
    pace.flipped(now + WINDOW + 0.1)
    assert pace.worst_gap == pytest.approx(WINDOW / 2 + 0.1)


def test_before_two_flips_there_is_no_gap():
    assert Pace(60.0, 0.0).worst_gap == 0.0
    assert flip_through([4.0])[0].worst_gap == 0.0


def test_flips_per_second_are_those_of_the_last_second():
    pace, _ = flip_through([0.1] * 30)
    assert pace.fps == pytest.approx(10, abs=1)


@pytest.mark.parametrize(("gap", "waited"), [(1 / 60, True), (1 / 30, True), (0.0, False), (1 / 500, False)])
def test_a_driver_waits_for_its_display_or_only_says_so(gap, waited):
    clock = itertools.count(0.0, gap)
    assert waits(lambda: None, lambda: next(clock), 60.0) == waited
