import numpy as np
import pytest

from installation.stage.flashes import FASTEST
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


def test_what_is_written_takes_up_a_brightness_no_faster_than_light_may_change():
    wall, _ = after(0.0)
    levels = []
    for flip in range(1, 200):
        wall.lit(PICTURE, 0.0 if flip % 20 < 10 else 1.0, flip * FLIP, closed=False)
        levels.append(wall.level)
    assert np.abs(np.diff(levels)).max() <= FASTEST * FLIP + 1e-9
    after(3.0, brightness=0.25, wall=wall, begin=200 * FLIP)
    assert wall.level == 0.25


def test_the_curtain_is_said_and_not_yet_drawn():
    wall, _ = after(0.0)
    lit = wall.lit(PICTURE, 1.0, 0.1, closed=True)
    np.testing.assert_allclose(lit, PICTURE, atol=1e-6)
    assert wall.opening < 1.0


def test_a_picture_that_may_use_half_the_limit_takes_twice_as_long():
    black, white = np.zeros_like(PICTURE), np.ones_like(PICTURE)
    whole, half = Wall(0.0), Wall(0.0)
    for wall, share in ((whole, 1.0), (half, 0.5)):
        wall.lit(black, 1.0, 0.0, closed=False)
        wall.lit(white, 1.0, 1.0, closed=False, share=share)
    assert half.light == pytest.approx(whole.light / 2, rel=1e-5)
