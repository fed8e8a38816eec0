"""The controller eases while the machine is strained, gives back when it is calm, and does not swing between."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.panels import all_knobs
from installation.relief.easing import (
    CALM_LOAD,
    FALL,
    FAR,
    MOST,
    NEAR,
    PACE,
    RISE,
    STEPS,
    Easing,
    Part,
    Strain,
    eased,
    level,
    side,
)

COOL, WARM, HOT = (Strain((Part("coretemp", celsius, 100.0),)) for celsius in (60.0, 88.0, 96.0))
THROTTLED = Strain((Part("a card", 70.0, 90.0, throttled=True),))
BUSY = Strain((), 9.0, 8.0)
STRAINS = st.builds(
    Strain, st.lists(st.builds(Part, st.just("part"), st.floats(20, 120), st.just(95.0), st.booleans())).map(tuple)
)


def after(strain, seconds, begun=None):
    """Where the controller stands when it has looked once a second for so long."""
    standing = begun or Easing()
    for now in range(int(standing.since), int(standing.since) + seconds + 1):
        standing = standing.seen(strain, float(now))
    return standing


def test_a_cool_machine_is_left_alone():
    assert after(COOL, 1000).level == 0


@pytest.mark.parametrize("strain", [HOT, BUSY])
def test_a_strained_machine_is_eased_level_by_level_and_no_further_than_to_the_last(strain):
    assert [after(strain, seconds).level for seconds in (19, 21, 41, 61, 1000)] == [0, 1, 2, 3, MOST]


def test_a_hot_minute_that_ends_in_time_eases_nothing():
    standing = after(HOT, int(RISE) - 2)
    assert standing.seen(WARM, standing.since + RISE - 1).seen(HOT, standing.since + RISE).level == 0


def test_a_part_that_throttles_already_is_helped_with_all_there_is_at_once():
    assert Easing().seen(THROTTLED, 1.0).level == MOST


def test_work_comes_back_one_level_at_a_time_after_long_calm():
    tired = Easing(MOST, "strained", 0.0)
    assert [after(COOL, seconds, tired).level for seconds in (int(FALL) - 1, int(FALL) + 1, 2 * int(FALL) + 2)] == [
        3,
        2,
        1,
    ]


def test_between_strained_and_calm_nothing_changes():
    assert after(WARM, 10_000, Easing(2, "strained", 0.0)).level == 2


def test_what_is_not_measured_strains_nobody():
    assert Strain().verdict == "calm"
    assert Strain().hottest is None


@pytest.mark.parametrize(
    ("celsius", "verdict"),
    [(100 - NEAR + 1, "strained"), (100 - NEAR, "between"), (100 - FAR, "between"), (100 - FAR - 1, "calm")],
)
def test_the_limits_lie_apart(celsius, verdict):
    assert Strain((Part("coretemp", celsius, 100.0),)).verdict == verdict


@pytest.mark.parametrize(("load", "verdict"), [(8.1, "strained"), (7.0, "between"), (8.0 * CALM_LOAD, "calm")])
def test_a_load_has_its_limits_too(load, verdict):
    assert Strain((), load, 8.0).verdict == verdict


def test_the_part_with_the_least_room_counts():
    parts = Part("coretemp", 80.0, 100.0), Part("a card", 79.0, 84.0)
    assert Strain(parts).hottest == parts[1]


@pytest.mark.parametrize(
    ("strain", "says"),
    [
        (HOT, "coretemp is at 96 of 100 degrees Celsius"),
        (THROTTLED, "a card slows itself down at 70 degrees Celsius"),
        (BUSY, "9.0 tasks want each core (limit 8)"),
    ],
)
def test_it_says_why(strain, says):
    assert says in strain.sentence()


@given(st.lists(st.tuples(st.floats(0.0, 100.0), STRAINS), max_size=40))
def test_whatever_the_sensors_say_a_level_changes_by_one_except_for_a_part_that_throttles(looks):
    standing, now = Easing(), 0.0
    for passed, strain in looks:
        now += passed
        before, standing = standing, standing.seen(strain, now)
        assert 0 <= standing.level <= MOST
        throttled = any(part.throttled for part in strain.parts)
        assert abs(standing.level - before.level) <= 1 or throttled


# ------------------------------------------------------------------ what it takes off the loop


@given(st.integers(1, 50), st.floats(0, 60), st.floats(0, 600))
def test_level_0_takes_nothing(steps, pace, worked):
    values = {STEPS: float(steps), PACE: pace, "/loop/zoom": 1.01}
    assert eased(values, 0, worked) == values


@given(st.integers(1, 50), st.floats(0, 60), st.floats(0, 600), st.integers(0, MOST - 1))
def test_each_level_takes_at_least_as_much_as_the_one_below_and_leaves_a_step(steps, pace, worked, low):
    values = {STEPS: float(steps), PACE: pace}
    less, more = eased(values, low, worked), eased(values, low + 1, worked)
    assert 1 <= more[STEPS] <= less[STEPS] <= steps
    assert more[STEPS].is_integer()
    assert more[PACE] >= less[PACE] >= pace


def test_a_generation_that_takes_longer_than_its_pace_is_rested_after_all_the_same():
    assert eased({STEPS: 4.0, PACE: 1.0}, MOST, worked=6.0) == {STEPS: 1.0, PACE: 12.0}


def test_nothing_else_is_touched():
    values = {"/burn/gaussian/temperature": 0.4, STEPS: 8.0}
    assert eased(values, 2, 0.0)["/burn/gaussian/temperature"] == 0.4


@pytest.mark.parametrize(
    ("size", "level", "becomes"), [(512, 1, 512), (512, 2, 256), (128, 3, 64), (64, 3, 64), (192, 3, 192)]
)
def test_from_level_2_on_a_scene_begins_at_half_the_size_where_that_is_one_of_ours(size, level, becomes):
    assert side(size, level) == becomes


def test_the_level_is_a_knob_that_jumps():
    knob = all_knobs()["/engine/relief"]
    assert (knob.kind, knob.high, knob.glide) == ("whole", MOST, 0.0)
    assert level({"/engine/relief": 2.0}) == 2
    assert level({}) == 0


def test_a_sentence_has_a_load_where_there_is_no_sensor():
    assert Strain((), 0.5, math.inf).sentence() == "0.5 tasks want each core"
