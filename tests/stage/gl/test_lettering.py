import numpy as np
import pytest

from installation.images import load
from installation.stage.light import decode
from installation.stage.overlay import Overlay, composed, revision
from tests.conftest import ORIGIN

SIDE = 64
PHOTOGRAPH = load(ORIGIN, SIDE, SIDE)


def plate(colour=(255, 255, 255), alpha=1.0, size=(20, 10), at=(8.0, 8.0), opacity=1.0):
    """A flat overlay, (width, height)."""
    pixels = np.empty((size[1], size[0], 4), np.uint8)
    pixels[..., :3] = np.rint(np.array(colour) * alpha)
    pixels[..., 3] = round(255 * alpha)
    return Overlay(pixels, at, revision(), opacity)


def soft():
    """An overlay of every alpha, in a colour."""
    alpha = np.linspace(0, 1, 32)[None, :].repeat(16, axis=0)
    codes = np.rint(np.array([250, 180, 40]) * alpha[..., None])
    return Overlay(np.dstack([codes, 255 * alpha]).round().astype(np.uint8), (10, 30), revision())


@pytest.mark.parametrize(
    "overlays",
    [
        [plate()],
        [plate((0, 0, 0), 0.5)],
        [plate((250, 200, 100), 0.3), plate((20, 30, 40), 0.7, at=(14, 12))],
        [soft()],
        [plate((255, 255, 255), 0.8, opacity=0.4)],
        [plate(at=(-10, -4))],
        [plate(at=(60, 60))],
    ],
    ids=["opaque", "shade", "two", "soft", "faint", "cut off top left", "cut off bottom right"],
)
def test_it_looks_as_it_does_without_a_graphics_card(project, overlays):
    seen = project((SIDE, SIDE)).show(decode(PHOTOGRAPH), overlays=overlays)
    expected = composed(PHOTOGRAPH.copy(), overlays)
    assert np.abs(seen.astype(int) - expected).max() <= 2


def test_what_is_written_over_the_black_bars_is_seen(project):
    seen = project((128, 64), fit="contain").show(decode(PHOTOGRAPH), overlays=[plate((200, 100, 50), at=(2, 2))])
    np.testing.assert_array_equal(seen[2:12, 2:22], np.full((10, 20, 3), (200, 100, 50)))


def test_between_two_pixels_it_glides(project):
    window = project((SIDE, SIDE))
    black = np.zeros((8, 8, 3), np.float32)
    for share in (0.25, 0.5):
        edge = window.show(black, overlays=[plate((200, 200, 200), at=(8 + share, 8))])[12, 8]
        np.testing.assert_allclose(edge, 200 * (1 - share), atol=3)


def test_letters_take_the_brightness_of_the_wall_with_them(project):
    window = project((SIDE, SIDE))
    black = np.zeros((8, 8, 3), np.float32)
    for level in (0.0, 0.1, 0.5):
        seen = window.show(black, overlays=[plate()], level=level)
        assert decode(seen)[12, 12].mean() == pytest.approx(level, abs=0.02)


def test_behind_the_closed_curtain_nothing_can_be_read(project):
    assert project((SIDE, SIDE)).show(decode(PHOTOGRAPH), overlays=[plate()], opening=0.0).max() == 0


def test_equal_revisions_are_not_looked_at_again(project):
    window = project((SIDE, SIDE))
    overlay = plate()
    first = window.show(decode(PHOTOGRAPH), overlays=[overlay])
    held = len(window.painter)
    overlay.pixels[:] = 0
    np.testing.assert_array_equal(window.show(decode(PHOTOGRAPH), overlays=[overlay]), first)
    assert len(window.painter) == held


def test_a_moved_overlay_is_where_it_is_and_no_longer_where_it_was(project):
    window = project((SIDE, SIDE))
    overlay = plate((9, 9, 9))
    black = np.zeros((8, 8, 3), np.float32)
    window.show(black, overlays=[overlay])
    moved = Overlay(overlay.pixels, (30.0, 40.0), overlay.revision)
    seen = window.show(black, overlays=[moved])
    assert seen[8:18, 8:28].max() == 0
    assert seen[40:50, 30:50].min() == 9


def test_what_is_no_longer_written_is_gone_from_the_card(project):
    window = project((SIDE, SIDE))
    window.show(decode(PHOTOGRAPH), overlays=[plate()])
    held = len(window.painter)
    for _ in range(5):
        window.show(decode(PHOTOGRAPH), overlays=[plate()])
    assert len(window.painter) == held
    np.testing.assert_array_equal(window.show(decode(PHOTOGRAPH)), PHOTOGRAPH)
    assert len(window.painter) == held - 1  # the text itself; the sheet it was written on stays
