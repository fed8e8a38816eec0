"""A loop closes: its end runs into its beginning as if nothing were there."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.publishing import PublishError, Wishes, publish
from installation.publishing.closing import DISSOLVE, FAR, NEAR, QUIET, Seam, choose, closed, looped, pictures, quieter
from installation.publishing.reel import reel
from tests.publishing.outside import decoded, ffprobe, needs_ffmpeg
from tests.recording.rehearsal import frame, frames, rehearse

RATE = 10
SIDE = 32


def flat(value):
    return np.full((4, 4, 3), value, np.float32)


def wandering(count, seed=1):
    """Frames whose light wanders slowly, never far from one to the next."""
    steps = np.random.default_rng(seed).normal(0, 4, (count, 3)).cumsum(axis=0)
    for serial, colour in enumerate(steps, start=1):
        pixels = np.clip(120 + colour, 0, 255).astype(np.uint8)
        yield frame(serial, np.broadcast_to(pixels, (SIDE, SIDE, 3)).copy())


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return reel(rehearse(tmp_path_factory.mktemp("take"), wandering(400)), RATE)


@given(
    values=st.lists(st.floats(0.0, 1.0, width=32), min_size=2, max_size=40),
    part=st.floats(0.0, 0.5),
)
def test_the_last_picture_is_the_one_that_came_before_the_first(values, part):
    overlap = max(int(part * len(values)), 1)
    length = len(values) - overlap
    lights = list(closed(lambda: map(flat, values), length, min(overlap, length)))
    assert len(lights) == length
    if overlap <= length:
        np.testing.assert_allclose(lights[-1], flat(values[overlap - 1]), atol=1e-6)
        assert overlap == length or (lights[0] == flat(values[overlap])).all()


def test_what_is_not_near_the_seam_is_untouched_and_the_dissolve_goes_in_even_steps_of_light():
    values = [0.0] * 4 + [1.0] * 8
    lights = [float(light.mean()) for light in closed(lambda: map(flat, values), 8, 4)]
    np.testing.assert_allclose(lights, [1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0], atol=1e-6)


def test_from_last_to_first_nothing_jumps(seen):
    _, found = looped(seen, 5.0)
    lights = np.array(list(found))
    steps = np.abs(np.diff(lights, axis=0)).mean(axis=(1, 2, 3))
    assert np.abs(lights[0] - lights[-1]).mean() <= steps.max()
    assert np.abs(lights[0] - lights[-1]).max() <= np.abs(np.diff(lights, axis=0)).max()


def test_the_step_at_the_seam_is_one_the_take_had_itself(seen):
    seam, found = looped(seen, 5.0)
    lights = list(found)
    before, first = list(seen.lights(seam.begin - seam.overlap, seam.begin + 1))[-2:]
    np.testing.assert_allclose(lights[-1], before, atol=1e-6)
    np.testing.assert_allclose(lights[0], first, atol=1e-6)


def test_of_all_generations_far_enough_apart_the_two_most_alike_are_chosen(tmp_path):
    """Grey, each generation its own, but the 12th and the 30th are equal."""
    greys = np.random.default_rng(5).permutation(np.arange(40, 200, 3))[:50].astype(int)
    greys[29] = greys[11]
    generations = np.repeat(greys, 4)
    field = (np.full((SIDE, SIDE, 3), grey, np.uint8) for grey in (0, *generations))
    take = rehearse(tmp_path / "t", (frame(n, one) for n, one in enumerate(field, 1)))
    on_reel = reel(take, 20)
    ends = {mark.generation: on_reel.tick(mark) for mark in on_reel.marks if mark.phase == "generation"}
    seam = choose(on_reel, 3.6)
    assert seam.begin - ends[12] == seam.end - ends[30]
    assert 0 <= seam.begin - ends[12] <= QUIET * 20


@pytest.mark.parametrize("seconds", [3.0, 6.0, 10.0])
def test_a_loop_is_about_as_long_as_wished(seen, seconds):
    seam = choose(seen, seconds)
    assert NEAR * seconds * RATE <= seam.length <= FAR * seconds * RATE
    assert seam.overlap == min(round(DISSOLVE * RATE), seam.length // 2)
    assert seam.begin >= seam.overlap
    assert len(list(pictures(seen, seam))) == seam.length


@pytest.mark.parametrize("count", [1, 2, 5, 9, 30])
def test_a_short_take_closes_too(tmp_path, count):
    short = reel(rehearse(tmp_path / "t", wandering(count)), RATE)
    seam, found = looped(short, 60.0)
    assert 0 < seam.overlap <= seam.length
    assert seam.end <= short.ticks
    assert len(list(found)) == seam.length


def test_a_take_with_nothing_finished_closes_by_any_of_its_pictures(tmp_path):
    burning = [one for one in frames(60) if one.phase == "burn"]
    seam = choose(reel(rehearse(tmp_path / "t", iter(burning)), RATE), 1.0)
    assert seam.length >= NEAR * RATE


def test_a_take_too_short_for_a_dissolve_is_refused(tmp_path):
    with pytest.raises(PublishError, match="too short for a loop"):
        choose(reel(rehearse(tmp_path / "t", frames(1)), 1), 2.0)


def test_generations_that_cannot_be_read_are_passed_over(tmp_path):
    take = rehearse(tmp_path / "t", wandering(200))
    video = take.folder / "frames-0000.mkv"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    cut = reel(take, RATE)
    seam, found = looped(cut, 2.0)
    assert len(list(found)) == seam.length


def test_a_loop_begins_where_the_take_moves_least(seen):
    seam = Seam(60, 120, 15)
    found = quieter(seen, seam)
    assert found.length == seam.length
    lights = list(seen.lights(45, 60 + 6))
    steps = [np.abs(after - before).mean() for before, after in itertools.pairwise(lights[14:])]
    assert found.begin - seam.begin == int(np.argmin(steps))


def test_a_seam_counts_its_pictures():
    assert Seam(10, 25, 5).length == 15


@needs_ffmpeg
def test_a_published_loop_closes_in_any_player(tmp_path):
    take = rehearse(tmp_path / "t", wandering(200))
    (path,) = publish(take, tmp_path / "out", forms=["loop"], wishes=Wishes(height=64, rate=RATE, loop=4.0))
    shown = np.frombuffer(decoded(path, "rgb24"), np.uint8).reshape(-1, 64, 64, 3).astype(float)
    assert len(shown) == int(ffprobe(path)["streams"][0]["nb_read_frames"])
    steps = np.abs(np.diff(shown, axis=0)).mean(axis=(1, 2, 3))
    assert np.abs(shown[0] - shown[-1]).mean() <= steps.max() + 0.5  # half a code for the codec
