"""The sheet has the cells it says, where it says, and can be read."""

import shutil

import numpy as np
import pytest
from PIL import Image

from installation.publishing import PublishError
from installation.publishing.contact_sheet import CELL, COLUMNS, HEAD, WIDTH, arrange, contact_sheet, corner
from installation.publishing.lettering import GROUND
from installation.recording import takes
from tests.recording.rehearsal import frame, frames, noise, rehearse


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    """Sixty generations at the loop's own size."""
    field = np.arange(241)[:, None] * [1, 0, 0] + [10, 40, 80]
    pictures = (np.broadcast_to(colour, (CELL, CELL, 3)).astype(np.uint8) for colour in field)
    return rehearse(tmp_path_factory.mktemp("take"), (frame(n, one) for n, one in enumerate(pictures, 1)))


@pytest.fixture(scope="module")
def sheet(take, tmp_path_factory):
    return np.asarray(Image.open(contact_sheet(take, tmp_path_factory.mktemp("sheet") / "sheet.png")))


def cells(take, tall=CELL):
    """Every cell with its left and top corner."""
    top = HEAD
    for section in arrange(take):
        for place, cell in enumerate(section.cells):
            yield cell, *corner(top, place, tall)
        top += section.height(tall)


def test_every_cell_holds_exactly_its_picture(take, sheet):
    pictures = {one.serial: one.pixels for one in takes.frames(take)}
    for cell, left, top in cells(take):
        np.testing.assert_array_equal(sheet[top : top + CELL, left : left + CELL], pictures[cell.frame])


def test_sixty_generations_make_a_row_of_burning_and_every_second_one(take):
    burning, generations = arrange(take)
    assert (burning.heading, len(burning.cells)) == ("burning", COLUMNS)
    assert (generations.heading, len(generations.cells)) == ("every 2nd generation", 30)


def test_between_the_pictures_is_only_ground(take, sheet):
    for _, left, top in cells(take):
        assert (sheet[top : top + CELL, left - 2] == GROUND).all()
        assert (sheet[top - 2, left : left + CELL] == GROUND).all()


def test_under_every_picture_stands_something(take, sheet):
    for _, left, top in cells(take):
        words = sheet[top + CELL + 4 : top + CELL + 40, left : left + CELL]
        assert words.max() > 180
        assert (words == GROUND).all(axis=-1).mean() > 0.8


def test_captions_stay_within_their_cells(take, sheet):
    for _, left, top in cells(take):
        assert (sheet[top : top + CELL + 70, left - 8] == GROUND).all()


def test_the_margins_are_empty(sheet):
    for edge in (sheet[:100], sheet[-60:], sheet[:, :100], sheet[:, -100:]):
        assert (edge == GROUND).all()


def test_it_is_made_for_print(take, tmp_path):
    with Image.open(contact_sheet(take, tmp_path / "sheet.png")) as made:
        assert made.width == WIDTH
        assert made.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert made.info["Title"] == "Machine dementia"


@pytest.mark.parametrize("shape", [(64, 64), (64, 128), (512, 256)])
def test_pictures_of_any_size_keep_their_shape(tmp_path, shape):
    take = rehearse(tmp_path / "t", (frame(n, noise(n, *shape)) for n in range(1, 10)))
    made = np.asarray(Image.open(contact_sheet(take, tmp_path / "sheet.png")))
    tall = round(CELL * shape[0] / shape[1])
    for _, left, top in cells(take, tall):
        inside = made[top : top + tall, left : left + CELL]
        assert (inside == GROUND).all(axis=-1).mean() < 0.01
        assert (made[top + tall + 1, left : left + CELL] == GROUND).all()


def test_a_picture_that_was_lost_leaves_its_place_empty(tmp_path):
    take = rehearse(tmp_path / "t", frames(9))
    video = take.folder / "frames-0000.mkv"
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 2 // 3])
    made = np.asarray(Image.open(contact_sheet(take, tmp_path / "sheet.png")))
    *_, (_, left, top) = cells(take)
    assert (made[top : top + CELL, left : left + CELL] == GROUND).all()


def test_a_title_from_anywhere_can_be_set(tmp_path):
    rehearsed = rehearse(tmp_path / "t", frames(5))
    (rehearsed.folder / "take.json").write_text(
        (rehearsed.folder / "take.json").read_text().replace("Machine dementia", "Überdruß des Gedächtnisses — été")
    )
    assert contact_sheet(takes.load(rehearsed.folder), tmp_path / "sheet.png").exists()


def test_a_take_without_pictures_is_refused_with_a_sentence(take, tmp_path):
    shutil.copytree(take.folder, tmp_path / "t")
    (tmp_path / "t" / "frames-0000.mkv").unlink()
    with pytest.raises(PublishError, match="there is nothing to publish"):
        contact_sheet(takes.load(tmp_path / "t"), tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()
