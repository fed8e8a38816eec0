"""Sheets: legible on any ground, premultiplied, within the margins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.overlays.lines import single
from installation.stage.overlays.sheet import EMBER, FAINT, INK, SAFE, alignment, band, clear, placed, plate
from tests.stage.overlays.drawing import luminance, over

PLACES = ("top-left", "top", "top-right", "left", "centre", "right", "bottom-left", "bottom", "bottom-right")


@pytest.mark.parametrize(("ink", "contrast"), [(INK, 7.0), (FAINT, 3.0), (EMBER, 3.0)])
@pytest.mark.parametrize("ground", [0, 64, 128, 200, 255])
def test_ink_stands_out_from_any_ground_under_a_plate(ink, contrast, ground):
    under = luminance(over(plate(200, 40, 30.0).done().pixels, ground)).max(where=inside(), initial=0.0)
    assert (luminance(np.array(ink)) + 0.05) / (under + 0.05) >= contrast  # WCAG 2.2: 1.4.6 for text, 1.4.11 for marks


def inside():
    """Where a plate of 200 x 40 for letters of 30 pixels has them: a line is a third higher than its letters."""
    where = np.zeros((40 + 2 * 54, 200 + 2 * 54), bool)
    where[54 + 10 : -54 - 8, 54:-54] = True
    return where


@pytest.mark.parametrize("size", [8.0, 30.0, 90.0])
def test_a_plate_ends_softly(size):
    alpha = plate(300, 60, size).done().pixels[..., 3].astype(int)
    rim = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert rim.max() <= 8
    assert np.abs(np.diff(alpha, axis=0)).max() < 183 / 3


def test_a_band_reaches_from_edge_to_edge_and_is_soft_above_and_below():
    drawing = band(640, 20, 15.0)
    alpha = drawing.pixels[..., 3]
    assert drawing.pixels.shape[1] == 640
    assert (alpha == alpha[:, :1]).all()
    assert alpha[0, 0] <= 8
    assert alpha[drawing.pad + 10, 0] >= 180


def test_no_colour_is_brighter_than_its_alpha():
    sheet = plate(200, 60, 20.0)
    sheet.write(single("burnt", "prose", 40.0), (0, 0), EMBER)
    sheet.line([(0, 0), (77.7, 33.3)], 3)
    sheet.dot((50, 20), 6)
    sheet.picture(np.full((8, 8, 3), 255, np.uint8), (150, 10), (30, 30))
    pixels = sheet.done().pixels
    assert (pixels[..., :3] <= pixels[..., 3:]).all()


def test_ink_beyond_the_sheet_is_cut_off():
    sheet = clear(20, 10)
    for at in ((-5, -5), (15, 8), (90, 90), (-90, -90)):
        sheet.ink(np.full((9, 9), 255, np.uint8), at)
    covered = sheet.done().pixels[..., 3] > 0
    assert covered[:4, :4].all()
    assert covered[8:, 15:].all()
    assert covered.sum() == 16 + 10


def test_a_line_runs_through_its_points_to_a_sixteenth_of_a_pixel():
    sheet = clear(40, 40)
    sheet.line([(0, 10.5), (39, 10.5)], 1)
    ink = sheet.done().pixels[:, 20, 3].astype(float)
    assert (ink * np.arange(40)).sum() / ink.sum() == pytest.approx(10.5, abs=1 / 16)


@given(
    st.sampled_from(PLACES),
    st.integers(1, 500),
    st.integers(1, 300),
    st.sampled_from([(1280, 720), (1920, 1080), (640, 360)]),
)
def test_contents_keep_to_the_safe_margins(where, width, height, canvas):
    x, y = placed(where, (width, height), canvas)
    assert SAFE * canvas[0] - 1 <= x <= canvas[0] * (1 - SAFE) - width + 1
    assert SAFE * canvas[1] - 1 <= y <= canvas[1] * (1 - SAFE) - height + 1


@pytest.mark.parametrize(("where", "away"), [("top", 7), ("left", 7), ("bottom-right", -7)])
def test_a_shift_leads_away_from_the_edge(where, away):
    canvas = (640, 360)
    assert placed(where, (10, 10), canvas, 7.0)[1] - placed(where, (10, 10), canvas)[1] == away


def test_text_is_aligned_to_the_nearer_side():
    assert [alignment(where) for where in ("top-left", "right", "bottom", "centre")] == [
        "left",
        "right",
        "centre",
        "centre",
    ]
