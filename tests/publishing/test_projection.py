"""The film shows what the wall showed, at the time it showed it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.publishing.projection import LAST_LOOK, LONGEST_PAUSE, Shot, fitted, projected, schedule, shots
from installation.recording.takes import Mark
from installation.stage.flashes import FASTEST
from tests.recording.rehearsal import frame, frames, noise

RATE = 30
gaps = st.lists(st.integers(-(10**9), 20 * 10**9), min_size=1, max_size=30)


def marks(stamps):
    return [Mark(n, 0, n, 0, n, "generation", 0.0, stamp) for n, stamp in enumerate(stamps, 1)]


def flat(light, began, until):
    return Shot(np.full((8, 8, 3), light, np.float32), began, until)


def lights(*flats):
    return [float(picture.mean()) for picture in projected(flats, RATE)]


def test_frames_are_seen_at_their_true_times():
    times = schedule(marks([7 * 10**9, 7_500_000_000, 9 * 10**9]))
    assert times == {1: (0.0, 0.5), 2: (0.5, 2.0), 3: (2.0, 2.0 + LAST_LOOK)}


@given(steps=gaps)
def test_times_join_and_never_run_backwards_or_stand_longer_than_a_pause(steps):
    spans = list(schedule(marks(itertools.accumulate(steps))).values())
    assert all(0.0 <= until - began <= LONGEST_PAUSE + 1e-6 for began, until in spans)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))


def test_a_night_of_sleep_is_cut_to_a_pause():
    assert schedule(marks([0, 10 * 3600 * 10**9]))[1] == (0.0, LONGEST_PAUSE)


def test_there_is_a_picture_for_every_tick():
    assert len(lights(flat(0.2, 0.0, 0.5), flat(0.2, 0.5, 3.21))) == 97  # ticks 0 to 96 lie before 3.21 s


def test_a_still_picture_stays_exactly_itself():
    still = Shot(np.random.default_rng(1).random((16, 16, 3), np.float32), 0.0, 1.0)
    for picture in projected([still], RATE):
        np.testing.assert_array_equal(picture, still.light)


def test_a_dissolve_is_halfway_in_light_when_half_its_time_is_over():
    seen = lights(flat(0.2, 0.0, 0.2), flat(0.24, 0.2, 0.4))  # they come every 0.2 s, so a dissolve takes 0.2 s
    assert seen[9] == pytest.approx(0.22, abs=1e-5)


@pytest.mark.parametrize("frames_a_second", [RATE, 2 * RATE])
def test_a_film_no_faster_than_its_frames_follows_them(frames_a_second):
    gap = 1.0 / frames_a_second
    seen = lights(*(flat(0.2 + 0.001 * n, n * gap, (n + 1) * gap) for n in range(60)))
    assert np.diff(seen[2:]).min() > 0.0009
    assert seen[-1] == pytest.approx(0.259, abs=0.0021)


def test_what_is_dissolved_to_is_reached():
    seen = lights(flat(0.2, 0.0, 0.5), flat(0.25, 0.5, 1.5))
    assert seen[-1] == pytest.approx(0.25)


@given(levels=st.lists(st.floats(0.0, 1.0, width=32), min_size=2, max_size=12))
def test_no_film_flashes(levels):
    seen = lights(*(flat(level, 0.1 * place, 0.1 * (place + 1)) for place, level in enumerate(levels)))
    assert np.abs(np.diff(seen)).max(initial=0.0) <= FASTEST / RATE + 1e-5


def test_a_missing_frame_leaves_its_time_to_the_one_before():
    times = {1: (0.0, 1.0), 2: (1.0, 2.0), 3: (2.0, 4.0)}
    kept = [one for one in frames(3) if one.serial != 2]
    assert [(shot.began, shot.until) for shot in shots(kept, times)] == [(0.0, 2.0), (2.0, 4.0)]


def test_where_the_end_is_lost_the_last_picture_left_is_looked_at():
    (shot,) = shots([frame(1)], {1: (0.0, 0.05), 2: (0.05, 2.05)})
    assert (shot.began, shot.until) == (0.0, LAST_LOOK)


def test_all_shots_have_the_size_of_the_first():
    given = [frame(1, noise(1, 64, 96)), frame(2, noise(2, 128, 64))]
    shapes = {shot.light.shape for shot in shots(given, {1: (0.0, 1.0), 2: (1.0, 2.0)})}
    assert shapes == {(64, 96, 3)}


def test_a_picture_of_another_shape_lies_whole_on_black():
    tall = fitted(np.full((64, 32, 3), 200, np.uint8), 64, 64)
    assert (tall[:, :15] == 0).all()
    assert (tall[:, 17:47] == 200).all()
    assert (tall[:, 49:] == 0).all()
