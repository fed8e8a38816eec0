"""Memory: what is left of the origin at a glance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian
from installation.images import to_pixels
from installation.randomness import generator
from installation.readings import likeness, recollection
from installation.readings.memory import half_life


@pytest.fixture
def origin(photograph):
    return recollection(to_pixels(photograph))


def flat(colour):
    return recollection(np.full((64, 64, 3), colour, np.uint8))


def test_a_picture_remembers_itself_wholly(origin):
    assert likeness(origin, origin) == pytest.approx(1.0)


def test_its_inverse_is_its_opposite(origin):
    assert likeness(-origin, origin) == pytest.approx(-1.0)


@given(red=st.integers(0, 255), green=st.integers(0, 255), blue=st.integers(0, 255))
def test_a_flat_picture_recalls_nothing_not_even_another_flat_one(origin, red, green, blue):
    colour = flat((red, green, blue))
    assert likeness(colour, origin) == pytest.approx(0.0, abs=1e-3)
    assert likeness(colour, flat((9, 99, 199))) == 0.0


def test_memory_of_the_origin_is_the_same_both_ways(origin, photograph):
    mirrored = recollection(to_pixels(photograph.flip(-1)))
    assert likeness(mirrored, origin) == pytest.approx(likeness(origin, mirrored))


@given(gain=st.floats(0.1, 3.0), offset=st.floats(-50.0, 50.0))
def test_brighter_or_with_more_contrast_it_is_still_the_same_memory(origin, gain, offset):
    assert likeness(gain * origin + offset, origin) == pytest.approx(1.0, abs=1e-5)


def test_the_hotter_the_burn_the_less_is_remembered(origin, photograph):
    burns = [Gaussian(temperature)(photograph, generator(2, 1)).image for temperature in (0.1, 0.5, 0.8, 0.99)]
    left = [likeness(recollection(to_pixels(burnt)), origin) for burnt in burns]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.95
    assert left[-1] < 0.1


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (48, 200), (333, 77)])
def test_a_recollection_has_the_same_shape_whatever_the_picture(size):
    pixels = generator(1, 1).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert recollection(pixels).shape == (32, 32, 3)


def test_texture_finer_than_a_glance_is_not_remembered():
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    pixels = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert recollection(pixels).std(axis=(0, 1)).max() == pytest.approx(0.0, abs=1e-3)


# ------------------------------------------------------------------ half-life


def fading(tau, count=64, every=1.0):
    ages = every * np.arange(count)
    return ages, np.exp(-ages / tau)


@given(tau=st.floats(1.0, 500.0))
def test_the_half_life_of_an_exponential_is_tau_ln_two(tau):
    assert half_life(*fading(tau)) == pytest.approx(tau * math.log(2.0), rel=2e-3)


def test_the_half_life_is_where_half_is_left():
    ages, left = fading(30.0)
    assert np.interp(-0.5, -left, ages) == pytest.approx(half_life(ages, left), rel=0.01)


@given(tau=st.floats(5.0, 50.0), seed=st.integers(0, 50))
def test_a_memory_that_flickers_has_nearly_the_same_half_life(tau, seed):
    ages, left = fading(tau)
    flickering = left + np.random.default_rng(seed).normal(0.0, 0.02, len(left))
    assert half_life(ages, flickering) == pytest.approx(tau * math.log(2.0), rel=0.15)


def test_the_unit_is_that_of_the_ages():
    assert half_life(*fading(20.0, every=2.0)) == pytest.approx(half_life(*fading(20.0)), rel=1e-2)


@pytest.mark.parametrize("left", [np.ones(64), np.linspace(1.0, 1.5, 64)])
def test_what_does_not_fade_has_no_half_life(left):
    assert math.isnan(half_life(np.arange(64.0), left))


def test_a_few_generations_are_too_few():
    assert math.isnan(half_life(*fading(3.0, count=7)))


def test_what_is_gone_at_once_has_a_half_life_of_no_generations():
    found = half_life(np.arange(64.0), np.r_[1.0, np.zeros(63)])
    assert math.isnan(found) or found < 1.0
