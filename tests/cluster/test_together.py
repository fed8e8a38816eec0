"""Pictures on their way to the wall, and the clocks of the machines that they come from."""

import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cluster.clock import Exchange
from installation.cluster.letters import Picture
from installation.cluster.together import CLUSTER_VITALS, Together
from installation.machine.settings import Settings

MS = 10**6
DELAY = 250 * MS
FRAME = round(1e9 / 60)
NOW = 1_800_000_000 * 10**9


def wall(*names, together=DELAY / 1e9):
    engines = [{"name": name, "at": "cluster"} for name in names]
    cluster = {"address": "10.0.0.7:6379"} | ({"together": together} if together else {})
    return Together(Settings.model_validate({"engines": engines, "cluster": cluster}))


def picture(stamp_ns, generation=1):
    return Picture(generation, "generation", 0.0, stamp_ns, 1, 1, "raw", bytes(3))


def met(offset_ns, round_trip_ns=2 * MS):
    """A letter whose both ways took as long, to a machine whose clock is ahead by so much."""
    half = round_trip_ns // 2
    return Exchange(NOW - round_trip_ns, NOW - half + offset_ns, NOW - half + offset_ns, NOW)


def test_without_a_moment_to_share_pictures_are_shown_as_they_come():
    here = wall("left", together=None)
    assert not here.keep(0, picture(NOW), NOW)
    assert list(here.take(NOW)) == []


def test_a_picture_is_shown_so_many_seconds_after_it_was_made_and_not_before():
    here, made = wall("left"), picture(NOW)
    assert here.keep(0, made, NOW + MS)
    assert here.wait(NOW + MS) == pytest.approx((DELAY - MS) / 1e9)
    assert list(here.take(NOW + DELAY - 1)) == []
    assert list(here.take(NOW + DELAY)) == [(0, made)]
    assert here.wait(NOW + DELAY) == math.inf


@given(st.lists(st.integers(0, DELAY // 2), min_size=1, max_size=20), st.integers(0, DELAY // 2))
def test_machines_that_agree_on_the_time_show_the_same_at_every_moment_whatever_the_ways_take(ways, other):
    near, far = wall("left"), wall("left")
    for number, way in enumerate(ways):
        made = picture(NOW + number * FRAME, number)
        near.keep(0, made, made.stamp_ns + way)
        far.keep(0, made, made.stamp_ns + other)
    for number in range(len(ways)):
        moment = NOW + number * FRAME + DELAY
        assert list(near.take(moment)) == list(far.take(moment))


def test_engines_of_a_wall_wait_each_for_themselves():
    here = wall("left", "right")
    left, right = picture(NOW, 7), picture(NOW + FRAME, 7)
    here.keep(1, right, NOW)
    here.keep(0, left, NOW)
    assert list(here.take(NOW + DELAY)) == [(0, left)]
    assert list(here.take(NOW + DELAY + FRAME)) == [(1, right)]


def test_a_picture_that_is_later_than_two_frames_is_dropped_and_counted():
    here = wall("left")
    here.keep(0, picture(NOW), NOW)
    assert list(here.take(NOW + DELAY + 2 * FRAME + MS)) == []
    assert here.vitals()["late"] == 1.0


@given(st.integers(-(10**10), 10**10).filter(lambda offset: abs(offset) > 20 * MS))
def test_a_clock_that_is_certainly_off_is_gone_by_so_that_its_pictures_still_come_in_time(offset):
    here, made = wall("left"), picture(NOW + offset)
    here.met(0, met(offset))
    here.keep(0, made, NOW)
    assert list(here.take(NOW + DELAY - 1)) == []
    assert list(here.take(NOW + DELAY)) == [(0, made)]


def test_a_clock_that_comes_apart_is_told_of_once_and_its_return_too(caplog):
    here = wall("left")
    with caplog.at_level(logging.INFO):
        for offset in (0, 40 * MS, 40 * MS, 0, 0):
            here.met(0, met(offset))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("The clock of left is 40.0 ms ahead of this machine's (within 1.0 ms)")
    assert said[1] == "The clock of left agrees with this machine's again."


def test_vitals_tell_of_the_clock_that_is_furthest_off():
    here = wall("left", "right")
    here.met(0, met(3 * MS))
    here.met(1, met(-40 * MS))
    seen = here.vitals()
    assert seen["clock_offset_ms"] == -40.0
    assert seen["clock_error_ms"] == 1.0
    assert math.isnan(seen["clock_drift_ppm"])  # nobody has looked for long enough


def test_vitals_have_names_of_their_own_before_anything_is_known():
    seen = wall("left").vitals()
    assert seen.keys() == CLUSTER_VITALS.keys()
    assert all(math.isnan(number) for name, number in seen.items() if name != "late")


def test_how_long_a_picture_was_on_its_way_is_told_by_the_clock_of_whoever_made_it():
    here = wall("left")
    here.met(0, met(1000 * MS))
    here.keep(0, picture(NOW + 1000 * MS), NOW + 15 * MS)
    assert here.vitals()["way_ms"] == 15.0
