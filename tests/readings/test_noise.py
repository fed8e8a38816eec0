"""The noise temperature, against noise that was put there."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian
from installation.images import load, to_pixels, to_tensor
from installation.randomness import generator
from installation.readings import Look
from installation.readings.noise import median_of_whole, noise_level, noise_temperature
from tests.conftest import ORIGIN


@pytest.fixture(scope="module")
def photo():
    """In the middle of the range, so that noise is not cut off at black and white. 0 to 1."""
    return 0.25 + 0.5 * load(ORIGIN, 512, 512).astype(np.float64) / 255.0


def with_noise(picture, deviation, seed=1):
    noise = np.random.default_rng(seed).normal(0.0, deviation, picture.shape)
    return Look(np.clip(np.rint(255.0 * (picture + noise)), 0, 255).astype(np.uint8))


@pytest.mark.parametrize(("deviation", "reads"), [(0.1, 0.103), (0.05, 0.051), (0.02, 0.022)])
def test_noise_on_a_photograph_reads_a_little_more_than_it_is(photo, deviation, reads):
    """SCIENCE C: N(0, .1) on a photograph reads .103, .02 reads .026: texture is a floor. 0 to 1, so half a level."""
    assert noise_level(with_noise(photo, deviation)) / 2.0 == pytest.approx(reads, rel=0.06)


@pytest.mark.parametrize("size", [64, 256, 1024])
@pytest.mark.parametrize("deviation", [0.002, 0.01, 0.1])
def test_white_noise_is_read_as_it_is_at_every_size(size, deviation):
    flat = np.full((size, size, 3), 0.5)
    rounding = 1 / 255 / math.sqrt(12)
    expected = math.hypot(deviation, rounding)
    assert noise_level(with_noise(flat, deviation)) / 2.0 == pytest.approx(expected, rel=0.12)


def test_each_channel_is_as_noisy_as_the_other_so_one_is_read():
    """The mean of the channels' independent noise would be quieter: .75 of it in luma."""
    flat = np.full((256, 256, 3), 0.5)
    assert noise_level(with_noise(flat, 0.1)) / 2.0 == pytest.approx(0.1, rel=0.03)


def test_a_smooth_picture_is_cold():
    ramp = np.linspace(0, 1, 256)[None, :, None] * np.ones((256, 1, 3))
    assert noise_temperature(with_noise(ramp, 0.0), Look(np.zeros((8, 8, 3), np.uint8))) < 0.01


@pytest.mark.parametrize("temperature", [0.1, 0.2, 0.3])
def test_a_burnt_picture_reads_about_the_temperature_it_was_burnt_at(photo, temperature):
    calm = to_tensor((photo * 255).astype(np.uint8))
    burnt = Look(to_pixels(Gaussian(temperature)(calm, generator(1, 1)).image))
    dimmed = math.sin(
        math.pi * temperature / 2
    )  # variance preserving: sigma in the picture is the sine, not the tangent
    assert noise_temperature(burnt, burnt) == pytest.approx(2 / math.pi * math.atan(dimmed), abs=0.015)
    assert noise_temperature(burnt, burnt) == pytest.approx(temperature, abs=0.05)


def test_the_hotter_the_burn_the_hotter_the_reading(photo):
    calm = to_tensor((photo * 255).astype(np.uint8))
    looks = [Look(to_pixels(Gaussian(t)(calm, generator(1, 1)).image)) for t in (0.0, 0.05, 0.1, 0.3, 0.6)]
    read = [noise_temperature(look, look) for look in looks]
    assert read == sorted(read)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200))
def test_the_median_of_rounded_numbers_lies_in_the_level_of_the_plain_median(levels):
    found = median_of_whole(np.array(levels))
    ordered = sorted(levels)
    assert ordered[(len(ordered) - 1) // 2] - 0.5 <= found <= ordered[len(ordered) // 2] + 0.5


def test_the_median_is_found_within_a_level():
    exact = np.abs(np.random.default_rng(3).normal(0.0, 2.0, 100_000))
    assert median_of_whole(np.rint(exact).astype(int)) == pytest.approx(float(np.median(exact)), abs=0.02)
