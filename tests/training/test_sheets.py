"""Sheets: every picture in its place, labels where there is room, and never too heavy to travel."""

import io

import numpy as np
import pytest
from PIL import Image

from installation.training.sheets import GAP, GROUND, MARGIN, STUB, Row, draw, encode


def plain(level, side=32):
    return np.full((side, side, 3), level, np.uint8)


def noise(side=512):
    return np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)


def test_pictures_stand_side_by_side_in_their_order():
    sheet = np.asarray(draw("Title", "", [Row([plain(10), plain(200)])], cell=32))
    across = [pixel for pixel in sheet[-MARGIN - 16, :, 0].tolist() if pixel != GROUND[0]]
    assert across == [10] * 32 + [200] * 32


def test_rows_follow_each_other_downward():
    sheet = np.asarray(draw("Title", "", [Row([plain(90)]), Row([plain(210)])], cell=32))
    down = sheet[:, MARGIN + 16, 0]
    assert down[-MARGIN - 16] == 210
    assert down[-MARGIN - 16 - 32 - GAP] == 90


def test_a_label_takes_a_stub_at_the_left():
    bare, labelled = (draw("T", "", [Row([plain(9)] * 4, label)], cell=64) for label in ("", "origin"))
    assert labelled.width == bare.width + STUB


def test_captions_and_space_make_a_row_taller():
    bare, spoken, apart = (
        draw("T", "", [row], cell=64).height
        for row in (Row([plain(9)]), Row([plain(9)], captions=["cat"]), Row([plain(9)], apart=True))
    )
    assert apart > bare
    assert spoken > apart


def test_a_picture_of_another_size_is_scaled_to_its_cell():
    assert draw("T", "", [Row([plain(9, 256)])], cell=64).width == 2 * MARGIN + 64


def test_a_long_note_is_broken_into_lines():
    one, many = (draw("T", "word " * count, [Row([plain(9)] * 3)], cell=64).height for count in (2, 60))
    assert many > one


def test_a_long_caption_stays_within_its_cell():
    sheet = np.asarray(draw("T", "", [Row([plain(14)], captions=["an endless caption of many words"])], cell=64))
    lit = np.flatnonzero((sheet[-MARGIN - 20 :] > 100).any(axis=(0, 2)))
    assert lit.min() >= MARGIN
    assert lit.max() < MARGIN + 64


def test_an_encoded_sheet_is_a_picture_of_the_same_size():
    sheet = draw("T", "note", [Row([plain(9)])], cell=64)
    with Image.open(io.BytesIO(encode(sheet))) as read:
        assert (read.format, read.size) == ("WEBP", sheet.size)


@pytest.mark.parametrize("largest", [300_000, 60_000])
def test_a_heavy_sheet_is_made_lighter_until_it_may_travel(largest):
    assert len(encode(Image.fromarray(noise()), largest)) <= largest
