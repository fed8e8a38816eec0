import dataclasses

import numpy as np
import pytest

from installation.stage.light import decode, luminance
from installation.stage.panel import Staging
from installation.stage.reel import MOST_SIDE, SOFTENING, Reel

KNOBS = Staging(dissolve=1.0, patience=2.0)


def knobs(**changes):
    return dataclasses.replace(KNOBS, **changes)


def picture(level, side=32):
    ramp = np.linspace(0, 60, side, dtype=np.uint8)[:, None, None]
    return np.broadcast_to(level + ramp, (side, side, 3)).astype(np.uint8)


def shown(level, side=32):
    """A reel that has arrived at a picture, at time 2."""
    reel = Reel(side, 0.0)
    reel.arrive(picture(level, side), 1.0, KNOBS)
    reel.picture(2.0, KNOBS)
    return reel


def test_before_anything_is_there_it_shows_moving_embers_and_not_black():
    reel = Reel(64, 0.0)
    first, later = reel.picture(0.0, KNOBS), reel.picture(1.0, KNOBS)
    assert reel.burning
    assert luminance(first) > 0.004
    assert np.abs(later - first).mean() > 1e-4


def test_the_embers_glow_even_when_burning_on_is_turned_off():
    reel = Reel(64, 0.0)
    first, later = reel.picture(0.0, knobs(burn_on=0.0)), reel.picture(1.0, knobs(burn_on=0.0))
    assert (first != later).any()


def test_a_new_frame_is_dissolved_into_from_what_is_seen():
    reel = shown(20)
    reel.arrive(picture(190), 2.0, KNOBS)
    np.testing.assert_allclose(reel.picture(2.0, KNOBS), decode(picture(20)), atol=1e-6)
    half = (decode(picture(20)) + decode(picture(190))) / 2
    np.testing.assert_allclose(reel.picture(2.5, KNOBS), half, atol=1e-6)
    np.testing.assert_array_equal(reel.picture(3.0, KNOBS), decode(picture(190)))


def test_a_frame_in_the_middle_of_a_dissolve_makes_no_jump():
    reel = shown(20)
    reel.arrive(picture(190), 2.0, KNOBS)
    seen = reel.picture(2.4, KNOBS)
    reel.arrive(picture(90), 2.4, KNOBS)
    np.testing.assert_allclose(reel.picture(2.4, KNOBS), seen, atol=1e-6)


def test_frames_that_arrive_fast_are_all_reached():
    reel = Reel(32, 0.0)
    for turn in range(20):
        reel.arrive(picture(turn), turn * 0.1, KNOBS)
    np.testing.assert_array_equal(reel.picture(19 * 0.1 + 0.11, KNOBS), decode(picture(19)))


def test_it_burns_on_when_its_patience_is_over_and_begins_with_the_picture():
    reel = shown(120)
    reel.picture(2.9, KNOBS)
    assert not reel.burning
    np.testing.assert_array_equal(reel.picture(3.1, KNOBS), decode(picture(120)))
    assert reel.burning
    assert np.abs(reel.picture(20.0, KNOBS) - decode(picture(120))).mean() > 0.005


def test_a_frame_that_comes_at_last_is_dissolved_into_from_the_fire():
    reel = shown(120)
    reel.picture(3.1, KNOBS)
    fire = reel.picture(40.0, KNOBS)
    reel.arrive(picture(60), 40.0, KNOBS)
    assert not reel.burning
    np.testing.assert_allclose(reel.picture(40.0, KNOBS), fire, atol=1e-6)
    np.testing.assert_array_equal(reel.picture(41.5, KNOBS), decode(picture(60)))


def test_without_burning_on_the_last_picture_stands():
    reel = shown(120)
    for now in (3.1, 20.0, 5000.0):
        np.testing.assert_array_equal(reel.picture(now, knobs(burn_on=0.0)), decode(picture(120)))


def test_hold_freezes_what_is_seen_and_letting_go_makes_no_jump():
    reel = shown(120)
    reel.picture(3.1, KNOBS)
    fire = reel.picture(20.0, KNOBS)
    np.testing.assert_array_equal(reel.picture(60.0, knobs(hold=True)), fire)
    np.testing.assert_allclose(reel.picture(60.0, KNOBS), fire, atol=1e-6)
    assert np.abs(reel.picture(62.0, KNOBS) - fire).mean() > 1e-4


def test_frames_may_change_their_size():
    reel = shown(120, side=32)
    reel.arrive(picture(50, side=48), 2.0, KNOBS)
    assert reel.picture(2.5, KNOBS).shape == (48, 48, 3)


def test_a_large_picture_goes_over_to_the_smaller_fire_without_a_jump():
    side = 2 * MOST_SIDE
    reel = shown(120, side)
    np.testing.assert_array_equal(reel.picture(3.1, KNOBS), decode(picture(120, side)))
    assert reel.picture(3.1 + SOFTENING / 2, KNOBS).shape == (side, side, 3)
    assert reel.picture(3.2 + SOFTENING, KNOBS).shape == (MOST_SIDE, MOST_SIDE, 3)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 5.0])
def test_a_first_picture_dissolves_in_as_long_as_the_knob_says(seconds):
    reel, wanted = Reel(32, 0.0), knobs(dissolve=seconds, patience=60.0)
    reel.arrive(picture(190), 1.0, wanted)
    almost, done = reel.picture(1.0 + 0.9 * seconds, wanted), reel.picture(1.0 + seconds, wanted)
    np.testing.assert_array_equal(done, decode(picture(190)))
    assert (almost != done).any() == (seconds > 0.0)


def test_by_flow_a_picture_moves_from_where_it_was_to_the_next_one():
    flowing, left, right = knobs(transition="flow"), np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)
    left[24:40, 16:32], right[24:40, 24:40] = 200, 200
    reel = Reel(64, 0.0)
    reel.arrive(left, 1.0, flowing)
    reel.picture(9.0, flowing)
    reel.arrive(right, 9.0, flowing)
    np.testing.assert_array_equal(reel.picture(9.0, flowing), decode(left))
    between = reel.picture(9.5, flowing)[32, :, 0]
    assert between[28] > 0.5
    assert max(between[17], between[38]) < 0.2  # a dissolve would show half of both
    np.testing.assert_array_equal(reel.picture(10.5, flowing), decode(right))


def test_it_knows_how_long_ago_the_newest_picture_came():
    reel = shown(120)
    assert reel.since(2.5) == 1.5
    assert reel.since(0.5) == 0.0
