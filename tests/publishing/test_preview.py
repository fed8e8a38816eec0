"""A take at a glance: eight pictures from its beginning to its end, however it ended."""

import numpy as np
import pytest
from PIL import Image

from installation.publishing.preview import CELLS, SIDE, preview, strip
from installation.recording import segment, takes
from tests.recording.rehearsal import frame, frames, rehearse


def flat(grey, height=64, width=64):
    return np.full((height, width, 3), grey, np.uint8)


def cells(picture):
    """The grey in the middle of every cell."""
    pixels = np.asarray(picture.convert("L"), int)
    return [pixels[SIDE // 2, cell * SIDE + SIDE // 2] for cell in range(CELLS)]


def test_it_leafs_from_the_first_picture_to_the_last(tmp_path):
    take = rehearse(tmp_path / "a", (frame(n + 1, flat(4 * n)) for n in range(50)))
    assert preview(take, tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.size == (CELLS * SIDE, SIDE)
        shown = cells(picture)
    assert shown[0] < 8
    assert shown[-1] > 188
    assert shown == sorted(shown)


def test_fewer_pictures_are_spread_over_all_cells():
    assert cells(strip([flat(10), flat(200)])) == [10] * 4 + [200] * 4


@pytest.mark.parametrize("shape", [(90, 160), (160, 90), (3, 3)])
def test_of_any_shape_the_middle_is_shown(shape):
    assert strip([flat(77, *shape)]).size == (CELLS * SIDE, SIDE)


def test_a_take_without_a_readable_picture_has_none(tmp_path):
    take = rehearse(tmp_path / "a", frames(3))
    (take.folder / segment.NAME.format(0)).write_bytes(b"")
    assert not preview(take, tmp_path / "a.jpg")
    assert not (tmp_path / "a.jpg").exists()


def test_a_damaged_segment_leaves_what_the_others_show(tmp_path):
    whole, damaged = (rehearse(tmp_path / name, frames(3)) for name in "ab")
    with (whole.folder / takes.FRAMES).open("a") as lines:
        lines.write((damaged.folder / takes.FRAMES).read_text().replace('"segment":0', '"segment":1'))
    (whole.folder / segment.NAME.format(1)).write_bytes(b"torn")
    assert preview(whole, tmp_path / "a.jpg")
