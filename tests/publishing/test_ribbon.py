"""The strip of generations shows the first picture, the last, and even steps between, pixel for pixel."""

import numpy as np
import pytest
from PIL import Image

from installation.publishing import PublishError
from installation.publishing.lettering import GROUND
from installation.publishing.ribbon import GAP, MARGIN, MOST, TALLEST, ribbon
from installation.recording import takes
from tests.recording.rehearsal import frame, frames, noise, rehearse


def silent(_):
    pass


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (21, 6), (200, MOST)])
def test_first_and_last_generation_are_its_ends(tmp_path, count, shown):
    take = rehearse(tmp_path / "t", frames(count))
    ends = [one.pixels for one in takes.frames(take) if one.phase == "generation"]
    strip = np.asarray(Image.open(ribbon(take, tmp_path / "strip.png", silent)))
    assert strip.shape[1] == 2 * MARGIN + shown * (64 + GAP) - GAP
    np.testing.assert_array_equal(strip[MARGIN : MARGIN + 64, MARGIN : MARGIN + 64], ends[0])
    np.testing.assert_array_equal(strip[MARGIN : MARGIN + 64, -MARGIN - 64 : -MARGIN], ends[-1])


def test_below_every_picture_stands_its_generation(tmp_path):
    take = rehearse(tmp_path / "t", frames(21))
    strip = np.asarray(Image.open(ribbon(take, tmp_path / "strip.png", silent)))
    for place in range(6):
        left = MARGIN + place * (64 + GAP)
        words = strip[MARGIN + 64 + 8 : MARGIN + 64 + 40, left : left + 64]
        assert words.max() > 100
        assert (words == GROUND).all(axis=-1).mean() > 0.7


def test_large_pictures_are_made_smaller(tmp_path):
    take = rehearse(tmp_path / "t", (frame(n, noise(n, 1024, 512)) for n in (1, 5)))
    with Image.open(ribbon(take, tmp_path / "strip.png", silent)) as strip:
        assert strip.size == (2 * MARGIN + 2 * 256 + GAP, 2 * MARGIN + TALLEST + 40)


def test_a_picture_that_was_lost_leaves_its_place_empty(tmp_path):
    take = rehearse(tmp_path / "t", frames(21))
    video = take.folder / "frames-0000.mkv"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    heard: list[float] = []
    strip = np.asarray(Image.open(ribbon(take, tmp_path / "strip.png", heard.append)))
    assert (strip[MARGIN : MARGIN + 64, -MARGIN - 64 : -MARGIN] == GROUND).all()
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_take_without_a_finished_generation_has_none(tmp_path):
    take = rehearse(tmp_path / "t", (one for one in frames(9) if one.phase == "burn"))
    with pytest.raises(PublishError, match="no finished generation"):
        ribbon(take, tmp_path / "strip.png", silent)
