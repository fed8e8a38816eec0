"""Warp and blend without a graphics card, by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.light import curve, inverse
from installation.stage.outputs import Blend, Output, mesh, whole
from installation.stage.placement import Box
from installation.stage.warp import Throw, Warp

KEYSTONED = ((0.05, 0.1), (0.9, 0.02), (1.0, 0.95), (0.02, 0.9))


def plain(level, width=320, height=180):
    return np.full((height, width, 4), level, np.uint8)


def noise(width, height):
    return np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)


def thrown(outputs, canvas, window=(640, 180)):
    seen = np.zeros((window[1], window[0], 4), np.uint8)
    Warp((canvas.shape[1], canvas.shape[0])).draw(canvas, outputs, seen)
    return seen[..., :3]


def side_by_side(**changes):
    """Two projectors of 320 pixels, 64 of which fall on the same strip: together 576."""
    left = Output("left", Box(0, 0, 320, 180), source=(0, 0, 320 / 576, 1), blend=Blend(right=0.2), **changes)
    right = Output("right", Box(320, 0, 320, 180), source=(256 / 576, 0, 1, 1), blend=Blend(left=0.2), **changes)
    return left, right


def test_one_output_over_the_whole_window_leaves_every_pixel_alone():
    picture = noise(160, 90)
    np.testing.assert_array_equal(thrown([whole(160, 90)], picture, (160, 90)), picture[..., :3])


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_output_shows_the_very_pixels_turned_clockwise(rotation):
    picture = noise(90, 160) if rotation != 180 else noise(160, 90)
    seen = thrown([Output("turned", Box(0, 0, 160, 90), rotation=rotation)], picture, (160, 90))
    np.testing.assert_array_equal(seen, np.rot90(picture[..., :3], -rotation // 90))


def test_each_output_shows_its_own_part_in_its_own_place():
    picture = plain(0, 100, 50)
    picture[:, :50], picture[:, 50:] = 40, 200
    halves = [
        Output("right half", Box(0, 0, 50, 50), source=(0.5, 0, 1, 1)),
        Output("left half", Box(50, 0, 50, 50), source=(0, 0, 0.5, 1)),
    ]
    seen = thrown(halves, picture, (100, 50))
    assert (seen[:, :50] == 200).all()
    assert (seen[:, 50:] == 40).all()


@pytest.mark.parametrize("level", [30, 128, 255])
def test_overlapping_projectors_make_even_linear_light_to_one_part_in_255(level):
    seen = curve(thrown(side_by_side(), plain(level)) / 255.0)
    wall = np.zeros((180, 576, 3))
    wall[:, :320] += seen[:, :320]
    wall[:, 256:] += seen[:, 320:]
    columns = wall.mean(axis=(0, 2))  # over the dither
    np.testing.assert_allclose(columns, curve(np.array(level / 255)), atol=1 / 255)


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("at", [(0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95), (0.5, 0.3)])
def test_a_point_of_the_canvas_lands_where_the_mesh_says_within_half_a_pixel(at, rotation):
    picture, bent = plain(0, 640, 360), Output("bent", Box(0, 0, 320, 180), corners=KEYSTONED, rotation=rotation)
    x, y = round(at[0] * 640), round(at[1] * 360)
    picture[y - 4 : y + 4, x - 4 : x + 4] = 255
    seen = curve(thrown([bent], picture, (320, 180))[..., 1] / 255.0)
    middle = [(seen.sum(axis=axis) * (np.arange(size) + 0.5)).sum() / seen.sum() for axis, size in ((0, 320), (1, 180))]
    surface = mesh(bent, 641)
    nearest = np.abs(surface.canvas - (x / 640, y / 360)).sum(axis=-1).argmin()
    assert np.abs(surface.vertices.reshape(-1, 2)[nearest] - middle).max() < 0.5


@given(gain=st.floats(0.2, 1.0), gamma=st.floats(0.5, 2.0), level=st.integers(0, 255))
def test_gain_is_of_light_and_gamma_of_codes(gain, gamma, level):
    tinted = Output("tinted", Box(0, 0, 32, 32), gain=(gain, 1.0, 1.0), gamma=(1.0, gamma, 1.0))
    red, green, blue = thrown([tinted], plain(level, 32, 32), (32, 32))[5, 5].tolist()
    assert red == pytest.approx(inverse(curve(np.array(level / 255)) * gain) * 255, abs=0.51)
    assert green == pytest.approx((level / 255) ** gamma * 255, abs=0.51)
    assert blue == level


def test_colours_keep_their_names_in_the_windows_own_order_of_bytes():
    tinted = Output("tinted", Box(0, 0, 32, 32), gain=(0.0, 1.0, 1.0))
    seen = plain(0, 32, 32)
    Throw(tinted, (32, 32), (2, 1, 0)).draw(plain(200, 32, 32), seen)
    assert seen[4, 4, :3].tolist() == [200, 200, 0]


def test_black_is_lifted_where_only_one_projector_throws():
    seen = thrown(side_by_side(black=0.02), plain(0))
    lifted = np.rint(inverse(np.array(0.02)) * 255)
    assert (seen[:, :250] == lifted).all()
    assert (seen[:, 270:370] == 0).all()
    assert (seen[:, 390:] == lifted).all()


def test_an_output_that_reaches_outside_the_window_is_cut_off_there():
    seen = thrown([Output("off", Box(-20, 150, 100, 100))], plain(90, 100, 100), (200, 180))
    assert (seen[150:, :80] == 90).all()
    assert seen.sum() == 90 * 3 * 30 * 80


def test_a_second_frame_takes_the_first_ones_place_and_nothing_is_made_anew():
    throw, window = Throw(side_by_side()[0], (320, 180)), plain(0)
    throw.draw(plain(255), window)
    first = window.copy()
    throw.draw(plain(10), window)
    assert window[..., :3].max() == 10
    throw.draw(plain(255), window)
    np.testing.assert_array_equal(window, first)
    assert throw.look(plain(3)) is throw.look(plain(4))
