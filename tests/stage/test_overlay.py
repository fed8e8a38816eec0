"""Laying overlays without a card: as exact arithmetic would, wherever they are, and nothing else is touched."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installation.stage.overlay import Overlay, composed, revision

PLACES = st.tuples(st.floats(-40, 40), st.floats(-40, 40))


def drawing(seed, height=9, width=13):
    """Any premultiplied drawing: no colour is brighter than its alpha."""
    rng = np.random.default_rng(seed)
    alpha = rng.integers(0, 256, (height, width, 1))
    colour = rng.uniform(0, 1, (height, width, 3)) * alpha
    return np.concatenate([colour, alpha], axis=-1).astype(np.uint8)


def ground(seed, height=24, width=31, channels=3):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype(np.uint8)


def exactly(pixels, overlay):
    """The same in floating point: the drawing on an endless transparent sheet, moved, then laid over."""
    height, width = pixels.shape[:2]
    left, top = (int(np.floor(place)) for place in overlay.at)
    across, down = overlay.at[0] - left, overlay.at[1] - top
    sheet = np.zeros((height + 200, width + 200, 4))
    drawn = overlay.pixels.astype(float)
    for rows, columns, share in (
        (0, 0, (1 - across) * (1 - down)),
        (0, 1, across * (1 - down)),
        (1, 0, (1 - across) * down),
        (1, 1, across * down),
    ):
        y, x = top + 100 + rows, left + 100 + columns
        sheet[y : y + drawn.shape[0], x : x + drawn.shape[1]] += drawn * share
    seen = sheet[100 : 100 + height, 100 : 100 + width] * overlay.opacity
    return pixels * (1 - seen[..., 3:] / 255) + seen[..., :3]


@example(seed=0, at=(1.5, 0.5), opacity=0.875)  # 2.005 before exact arithmetic is rounded to codes
@given(seed=st.integers(0, 999), at=PLACES, opacity=st.floats(0, 1))
def test_it_is_laid_as_exact_arithmetic_would_to_two_codes(seed, at, opacity):
    overlay = Overlay(drawing(seed), at, revision(), opacity)
    under = ground(seed + 1)
    seen = np.rint(exactly(under, overlay))  # five roundings, half a code each: up to 2.5
    np.testing.assert_allclose(composed(under.copy(), [overlay]), seen, atol=2.0)


@given(st.integers(0, 999), st.integers(-20, 40), st.integers(-20, 40))
def test_on_whole_pixels_it_is_exact_to_one_code(seed, x, y):
    overlay = Overlay(drawing(seed), (x, y), revision())
    under = ground(seed + 1)
    np.testing.assert_allclose(composed(under.copy(), [overlay]), exactly(under, overlay), atol=1.0)


def test_nothing_laid_changes_nothing_and_gives_back_the_very_picture():
    under = ground(1)
    before = under.copy()
    clear = Overlay(np.zeros((9, 13, 4), np.uint8), (3, 3), revision())
    unseen = Overlay(drawing(1), (3, 3), revision(), 0.0)
    assert composed(under, [clear, unseen]) is under
    np.testing.assert_array_equal(under, before)


def test_the_channel_to_spare_is_left_alone_and_colours_keep_their_order():
    under = ground(1, channels=4)
    overlay = Overlay(drawing(2), (5, 6), revision())
    blue_first = composed(under.copy(), [overlay], (2, 1, 0))
    np.testing.assert_array_equal(blue_first[..., 3], under[..., 3])
    turned = composed(under[..., [2, 1, 0]].copy(), [overlay])
    np.testing.assert_array_equal(blue_first[..., [2, 1, 0]], turned)


def test_the_first_lies_hindmost():
    solid = [np.full((4, 4, 4), value, np.uint8) for value in (10, 200)]
    for layer in solid:
        layer[..., 3] = 255
    overlays = [Overlay(layer, (0, 0), revision()) for layer in solid]
    np.testing.assert_array_equal(composed(np.zeros((4, 4, 3), np.uint8), overlays), np.full((4, 4, 3), 200))


def test_a_strip_of_a_picture_can_be_written_on():
    whole = ground(3)
    composed(whole[4:20, 5:25], [Overlay(np.full((99, 99, 4), 255, np.uint8), (-10, -10), revision())])
    assert whole[4:20, 5:25].min() == 255
    assert whole[:4].min() < 255


def test_every_revision_is_another():
    assert len({revision() for _ in range(100)}) == 100


@pytest.mark.parametrize("at", [(1e9, 0), (0, -1e9), (-13, 0), (31, 24)])
def test_what_lies_outside_is_not_seen(at):
    under = ground(1)
    np.testing.assert_array_equal(composed(under.copy(), [Overlay(drawing(1), at, revision())]), under)
