import numpy as np
import pytest

from installation.stage.light import decode
from installation.stage.wall import Wall

FLIP = 1 / 60
PICTURE = decode(np.random.default_rng(3).integers(0, 256, (32, 32, 3), dtype=np.uint8))


def after(seconds, *, brightness=1.0, closed=False, wall=None, begin=0.0):
    """The wall and its pixels after so many seconds of one wish."""
    wall = wall or Wall(begin)
    for flip in range(round(seconds / FLIP) + 1):
        pixels = wall.next(PICTURE, brightness, begin + flip * FLIP, closed=closed)
    return wall, pixels


def test_the_first_picture_is_there_at_once():
    wall, pixels = after(0.0)
    np.testing.assert_allclose(decode(pixels), PICTURE, atol=1e-3)
    assert wall.light == pytest.approx(float(PICTURE.mean(axis=(0, 1)) @ [0.2126, 0.7152, 0.0722]), rel=1e-3)


def test_half_the_brightness_is_half_the_light():
    wall, _ = after(0.0)
    full = wall.light
    after(3.0, brightness=0.5, wall=wall, begin=FLIP)
    assert wall.light == pytest.approx(full / 2, rel=1e-3)


def test_no_brightness_is_black():
    assert after(2.0, brightness=0.0)[1].max() == 0


def test_black_falls_within_its_glide_and_goes_back_to_the_picture():
    wall, _ = after(0.0)
    _, black = after(0.35, closed=True, wall=wall, begin=FLIP)
    assert black.max() == 0
    assert wall.light == 0.0
    _, pixels = after(3.0, wall=wall, begin=1.0)
    np.testing.assert_allclose(decode(pixels), PICTURE, atol=1e-3)


def test_before_the_first_flip_there_is_no_light():
    assert Wall(0.0).light == 0.0
