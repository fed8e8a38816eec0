"""A picture prepared for its readings."""

import math

import numpy as np
import pytest

from installation.images import load
from installation.readings import Look, luma, of_picture
from installation.readings.look import MOST_PIXELS, rings_of
from installation.readings.register import declared
from tests.conftest import ORIGIN

SIZES = [(8, 8), (9, 31), (64, 64), (256, 256), (333, 77), (512, 512), (1080, 1920), (1024, 1024)]


@pytest.fixture(scope="module")
def photo():
    return load(ORIGIN, 256, 256)


def noise(rng, *shape):
    return rng.integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_no_picture_is_read_with_more_pixels_than_a_quarter_of_full_hd(size, rng):
    small = Look(noise(rng, *size)).small
    assert small.shape[0] * small.shape[1] <= MOST_PIXELS


def test_full_hd_is_read_at_a_quarter_and_the_loops_own_size_whole(rng):
    assert Look(noise(rng, 1080, 1920)).small.shape == (270, 480, 3)
    assert Look(noise(rng, 256, 256)).small.shape == (256, 256, 3)


def test_halving_twice_is_the_mean_of_sixteen_within_a_level(rng):
    pixels = noise(rng, 1024, 1024)
    means = pixels.reshape(256, 4, 256, 4, 3).mean(axis=(1, 3))
    assert np.abs(Look(pixels).small - means).max() <= 1.0


def test_luma_is_the_weighted_sum_rounded(rng):
    pixels = noise(rng, 64, 64)
    exact = pixels @ np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(luma(pixels) - exact).max() <= 0.5 + 1e-4


def test_the_cosine_transform_keeps_the_energy(photo):
    look = Look(photo)
    assert np.square(look.waves).sum() == pytest.approx(np.square(look.grey).sum(), rel=1e-4)


def test_the_cosine_transform_is_that_of_its_definition(rng):
    look = Look(noise(rng, 9, 10))
    bases = []
    for length in look.grey.shape:
        at, mode = np.meshgrid(np.arange(length), np.arange(length))
        basis = np.cos(math.pi * (2 * at + 1) * mode / (2 * length)) * math.sqrt(2 / length)
        basis[0] /= math.sqrt(2)
        bases.append(basis)
    np.testing.assert_allclose(look.waves, bases[0] @ look.grey @ bases[1].T, atol=0.01)


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (30, 48), (270, 480)])
def test_every_mode_but_the_constant_one_is_in_a_ring(size):
    rings = rings_of(*size)
    assert rings.modes.sum() == size[0] * size[1] - 1
    assert sorted(rings.order) == list(range(1, size[0] * size[1]))
    assert (np.diff(rings.k) > 0).all()
    assert rings.k[-1] < math.pi * math.sqrt(2)


@pytest.mark.parametrize("size", SIZES)
def test_every_picture_can_be_read_whatever_its_size(size, rng):
    readings = of_picture(Look(noise(rng, *size)), Look(noise(rng, *size)))
    assert readings.keys() <= {each.key for each in declared("picture").values()}
    assert all(math.isfinite(number) for number in readings.values())


def test_readings_are_the_same_every_time(photo):
    first, second = (of_picture(Look(photo), Look(photo[::-1].copy())) for _ in range(2))
    assert first == second


def test_a_photograph_has_every_reading(photo):
    assert of_picture(Look(photo), Look(photo)).keys() == {each.key for each in declared("picture").values()}


def test_what_a_flat_field_has_not_is_left_out_and_the_rest_is_read():
    flat = Look(np.full((64, 64, 3), 90, np.uint8))
    readings = of_picture(flat, flat)
    assert {"spectral_entropy", "spectral_temperature_slope", "distance_frequency"}.isdisjoint(readings)
    assert readings["entropy"] == 0.0
    assert readings["noise_temperature"] >= 0.0


def test_readings_lie_where_their_meters_span(photo):
    readings = of_picture(Look(photo), Look(photo))
    for each in declared("picture").values():
        assert each.low <= readings[each.key] <= each.high, each.address
