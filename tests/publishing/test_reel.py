"""A reel shows the same pictures whether all of it is seen or a part."""

import itertools

import numpy as np
import pytest

from installation.publishing.projection import LAST_LOOK
from installation.publishing.reel import reel
from installation.publishing.whole import PublishError
from tests.recording.rehearsal import frame, frames, rehearse

RATE = 20  # a second: as many as there are frames


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    field = (np.full((16, 16, 3), 100 + n, np.uint8) for n in range(20))
    return reel(rehearse(tmp_path_factory.mktemp("t"), (frame(n, one) for n, one in enumerate(field, 1))), RATE)


def test_it_is_as_long_as_its_frames_and_a_last_look(seen):
    assert seen.seconds == pytest.approx(19 * 0.05 + LAST_LOOK)
    assert seen.ticks == len(list(seen.lights())) in {59, 60}


def test_a_frame_is_first_seen_at_its_tick(seen):
    for mark in seen.marks:
        assert 0.0 <= seen.tick(mark) / RATE - seen.times[mark.frame][0] < 1 / RATE


def test_a_part_has_the_pictures_of_its_time(seen):
    part = [float(light.mean()) for light in seen.lights(5, 12)]
    all_of_it = [float(light.mean()) for light in itertools.islice(seen.lights(), 5, 12)]
    assert len(part) == 7
    np.testing.assert_allclose(part, all_of_it, atol=0.008)  # a frame's difference: its first dissolve lacks a past


def test_a_part_beyond_the_end_is_empty(seen):
    assert list(seen.lights(1000, 1010)) == []


def test_a_take_without_marks_has_no_reel(tmp_path):
    take = rehearse(tmp_path / "t", frames(3))
    (take.folder / "frames.jsonl").write_bytes(b"")
    with pytest.raises(PublishError, match="there is nothing to publish"):
        reel(take, RATE)
