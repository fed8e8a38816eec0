"""White noise: the forward process of denoising diffusion, held against its published laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian, reheat
from installation.randomness import generator
from installation.records import Burnt

MANY = 256  # pixels a side: a variance is then known to 4 / 256 / sqrt(3) at two standard errors and more


def gray(level):
    return torch.full((1, 3, MANY, MANY), level)


def spread(burnt, level):
    """Mean and variance of what was added to a flat picture of this level."""
    rest = burnt.image.double() - burnt.signal * level
    return float(rest.mean()), float(rest.var())


@pytest.mark.parametrize("temperature", [0.1, 0.3, 0.5, 0.7, 0.95, 1.0])
def test_signal_and_noise_are_cosine_and_sine(rng, temperature):
    burnt = Gaussian(temperature)(gray(0.5), rng)
    phi = math.pi * temperature / 2
    assert (burnt.signal, burnt.noise) == pytest.approx((math.cos(phi), math.sin(phi)))
    mean, variance = spread(burnt, 0.5)
    assert mean == pytest.approx(0.0, abs=0.012)
    assert variance == pytest.approx(burnt.noise**2, rel=0.02)


@pytest.mark.parametrize("temperature", [0.2, 0.5, 0.8])
def test_variance_is_a_squared_of_the_image_plus_s_squared(rng, temperature):
    image = torch.from_numpy(rng.normal(0.1, 0.5, (1, 3, MANY, MANY))).float()
    burnt = Gaussian(temperature)(image, rng)
    expected = burnt.signal**2 * float(image.var()) + burnt.noise**2
    assert float(burnt.image.var()) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.9])
def test_unit_variance_is_preserved(rng, temperature):
    image = torch.from_numpy(rng.standard_normal((1, 3, MANY, MANY))).float()
    assert float(Gaussian(temperature)(image, rng).image.var()) == pytest.approx(1.0, rel=0.02)


@given(temperature=st.floats(0.001, 0.99))
def test_the_signal_to_noise_ratio_is_that_of_sigma(temperature):
    burnt = Gaussian(temperature)(torch.zeros(1, 3, 2, 2), generator(1, 1))
    assert (burnt.signal / burnt.noise) ** 2 == pytest.approx(burnt.sigma**-2)


def test_the_same_fire_grows_the_noise_is_one_picture_at_every_temperature(photograph):
    cool, hot = (Gaussian(temperature)(photograph, generator(3, 1)) for temperature in (0.2, 0.7))
    one, other = ((each.image - each.signal * photograph) / each.noise for each in (cool, hot))
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


# Ho et al. 2020: beta from 1e-4 to 0.02 in 1000 steps. abar as published; SNR falls to 1 at step 259.
LINEAR = np.cumprod(1.0 - np.linspace(1e-4, 0.02, 1000))


@pytest.mark.parametrize(("step", "abar"), [(500, 0.0785872), (1000, 4.0358298e-5)])
def test_the_schedule_of_ddpm_lies_on_our_scale(rng, step, abar):
    assert LINEAR[step - 1] == pytest.approx(abar, rel=1e-6)
    temperature = 2.0 / math.pi * math.acos(math.sqrt(abar))
    assert Gaussian(temperature)(gray(0.0), rng).signal ** 2 == pytest.approx(abar, rel=1e-6)


def test_the_schedule_of_ddpm_passes_half_temperature_at_step_259():
    assert np.abs(LINEAR - 0.5).argmin() + 1 == 259


TEMPERATURES = st.floats(0.0, 0.999)


@given(first=TEMPERATURES, second=TEMPERATURES)
def test_reheating_arrives_at_the_signal_and_noise_of_one_step(first, second):
    first, second = sorted((first, second))
    image = torch.zeros(1, 3, 2, 2)
    reheated = reheat(Gaussian(first)(image, generator(1, 1)), second, generator(1, 2))
    direct = Gaussian(second)(image, generator(1, 3))
    assert (reheated.signal, reheated.noise) == pytest.approx((direct.signal, direct.noise))
    assert (reheated.sigma, reheated.temperature) == pytest.approx((direct.sigma, second))


@pytest.mark.parametrize("stops", [(0.2, 0.5), (0.1, 0.3, 0.6, 0.9), (0.0, 0.4), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)])
def test_reheating_in_steps_has_the_law_of_one_step(stops):
    burnt = Gaussian(stops[0])(gray(0.5), generator(4, 0))
    for serial, temperature in enumerate(stops[1:], start=1):
        burnt = reheat(burnt, temperature, generator(4, serial))
    mean, variance = spread(burnt, 0.5)
    assert mean == pytest.approx(0.0, abs=0.012)
    assert variance == pytest.approx(math.sin(math.pi * stops[-1] / 2) ** 2, rel=0.02)


def test_reheating_keeps_what_has_already_burnt(rng):
    burnt = Gaussian(0.4)(gray(0.0), rng)
    hotter = reheat(burnt, 0.5, rng)
    both = np.corrcoef(burnt.image.flatten(), hotter.image.flatten())[0, 1]
    assert both == pytest.approx(math.cos(math.pi / 4) / math.cos(math.pi * 0.2) * burnt.noise / hotter.noise, abs=0.01)


def test_burning_cannot_cool(rng):
    with pytest.raises(ValueError, match=r"cannot cool an image from 0\.5 to 0\.4; restore it"):
        reheat(Burnt(gray(0.0), 0.5, 1.0, 0.7, 0.7), 0.4, rng)
