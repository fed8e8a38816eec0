"""The distance to the origin: zero for itself, known for its negative, and held against SSIM by its definition."""

import numpy as np
import pytest

from installation.burns.gaussian import Gaussian
from installation.images import load, to_pixels, to_tensor
from installation.randomness import generator
from installation.readings import Look
from installation.readings.distance import frequency_distance, sensitivity, ssim, structural_distance
from tests.conftest import ORIGIN


@pytest.fixture(scope="module")
def pixels():
    return load(ORIGIN, 96, 96)


def test_a_picture_is_at_no_distance_from_itself(pixels):
    assert structural_distance(Look(pixels), Look(pixels)) == pytest.approx(0.0, abs=1e-5)
    assert frequency_distance(Look(pixels), Look(pixels)) == 0.0


def test_ssim_is_the_same_both_ways(pixels):
    one, other = Look(pixels), Look(pixels[:, ::-1].copy())
    assert ssim(one, other) == pytest.approx(ssim(other, one), abs=1e-6)


def test_ssim_is_that_of_its_definition(pixels):
    """Equation 13 of Wang et al. 2004, window by window, in float64."""
    one, other = Look(pixels), Look(np.roll(pixels, 3, axis=1))
    side = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    weights = np.outer(side, side) / np.outer(side, side).sum()
    a, b = (
        np.lib.stride_tricks.sliding_window_view(np.pad(look.luma.astype(float), 5, mode="reflect"), (11, 11))
        for look in (one, other)
    )
    mean_a, mean_b = (a * weights).sum((2, 3)), (b * weights).sum((2, 3))
    var_a, var_b = (a * a * weights).sum((2, 3)) - mean_a**2, (b * b * weights).sum((2, 3)) - mean_b**2
    both = (a * b * weights).sum((2, 3)) - mean_a * mean_b
    c1, c2 = 2.55**2, 7.65**2
    exact = ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    assert ssim(one, other) == pytest.approx(exact.mean(), abs=2e-4)


def test_of_two_flat_fields_only_the_light_differs():
    dark, bright = (Look(np.full((32, 32, 3), level, np.uint8)) for level in (100, 150))
    c1 = 2.55**2
    assert ssim(dark, bright) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1), abs=1e-4)


def test_inverted_structure_is_further_than_none(pixels):
    negative, flat = Look(255 - pixels), Look(np.full_like(pixels, 128))
    assert structural_distance(negative, Look(pixels)) > structural_distance(flat, Look(pixels)) > 0.5


@pytest.mark.parametrize("distance", [structural_distance, frequency_distance])
def test_the_hotter_the_burn_the_further_away(pixels, distance):
    image = to_tensor(pixels)
    burns = [Look(to_pixels(Gaussian(t)(image, generator(2, 1)).image)) for t in (0.0, 0.1, 0.3, 0.6)]
    far = [distance(burnt, Look(pixels)) for burnt in burns]
    assert far == sorted(far)


def test_grey_of_the_origins_brightness_is_at_distance_one(pixels):
    origin = Look(pixels)
    grey = Look(np.full_like(pixels, round(float(origin.grey.mean()))))
    assert frequency_distance(grey, origin) == pytest.approx(1.0, abs=0.01)


def test_the_negative_about_its_brightness_is_at_distance_two():
    waves = np.cos(np.linspace(0, 9, 64))[:, None] * np.cos(np.linspace(0, 7, 64))
    levels = np.rint(60 * (waves - waves.mean())).astype(int)
    origin, negative = (Look(np.repeat((128 + s * levels)[..., None], 3, 2).astype(np.uint8)) for s in (1, -1))
    assert frequency_distance(negative, origin) == pytest.approx(2.0, abs=0.02)


def test_a_flat_origin_is_at_no_known_distance(pixels):
    assert np.isnan(frequency_distance(Look(pixels), Look(np.full_like(pixels, 9))))


def test_fine_waves_weigh_less():
    weight = sensitivity(64, 64)
    assert weight[0, 0] == 1.0
    assert weight[0, 16] == pytest.approx(0.5)  # 16 / 128 = 1/8 cycle per pixel
    assert (np.diff(weight[0]) < 0).all()
