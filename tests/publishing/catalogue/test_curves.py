"""Readings become curves between their ends; what was never measured never shows a number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.publishing.catalogue.curves import MOST, curves, spending, thinned
from tests.recording.rehearsal import frames, rehearse

MEMORY, ENERGY = "/reading/memory", "/reading/energy"


@pytest.fixture
def take(tmp_path):
    return rehearse(tmp_path / "take", frames(21))


def measured(take, *lines, states=None):
    """Lines about readings in the take's log, one a second."""
    with (take.folder / "log.jsonl").open("a") as log:
        for at, numbers in enumerate(lines):
            log.write(json.dumps({"at_ns": at * 10**9, "readings": numbers, "states": states or {}}) + "\n")


def test_a_curve_runs_from_the_beginning_to_the_end_between_its_lowest_and_highest(take):
    measured(take, {MEMORY: 1.0}, {MEMORY: 0.6}, {MEMORY: 0.2})
    (curve,) = curves(take)
    assert list(curve.points) == [(0.0, 1.0), (0.5, pytest.approx(0.5)), (1.0, 0.0)]
    assert (curve.name, curve.low, curve.high, curve.last) == ("memory", 0.2, 1.0, 0.2)
    assert curve.path(300, 80) == "M0.0 0.0 L150.0 40.0 L300.0 80.0"


def test_what_never_moved_stands_in_the_middle(take):
    measured(take, {MEMORY: 0.5}, {MEMORY: 0.5})
    assert [height for _, height in curves(take)[0].points] == [0.5, 0.5]


def test_takes_without_lines_about_readings_give_those_of_their_generations(take):
    assert {curve.name for curve in curves(take)} == {"entropy", "memory"}


def test_numbers_that_are_none_are_left_out(take):
    measured(take, {MEMORY: 1.0}, {MEMORY: None}, {MEMORY: "x"}, {MEMORY: float("nan")}, {MEMORY: 0.0})
    assert len(curves(take)[0].points) == 2


@pytest.mark.parametrize("count", [0, 1])
def test_less_than_two_numbers_are_no_curve(take, count):
    measured(take, *[{MEMORY: 1.0}] * count, {})
    assert curves(take) == []


def test_a_take_has_used_what_the_count_has_grown_by(take):
    measured(take, {ENERGY: 1.5}, {ENERGY: 1.75}, states={ENERGY: "estimated"})
    energy, *_ = spending(take)
    assert energy.words == "0.25 kWh (estimated)"


def test_without_a_sensor_there_is_no_number(take):
    measured(take, {}, states={ENERGY: "no sensor"})
    assert [each.words for each in spending(take)] == ["no sensor", "not measured", "not measured"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=1000))
def test_thinning_keeps_both_ends(points):
    kept = thinned(points)
    assert len(kept) == min(len(points), MOST)
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]
