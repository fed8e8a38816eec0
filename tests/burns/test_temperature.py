"""One temperature for everything: T is the angle between signal and noise."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian
from installation.burns.temperature import HOTTEST_SIGMA, angle, from_sigma, to_sigma
from installation.randomness import generator

# SCIENCE: T = (2 / pi) atan(sigma) at the noise levels of EDM and Stable Diffusion.
TABLE = [(0.0292, 0.0186), (0.1, 0.0635), (0.3, 0.186), (0.5, 0.295), (1, 0.5), (2, 0.705), (5, 0.874), (14.61, 0.9565)]


@pytest.mark.parametrize(("sigma", "temperature"), [*TABLE, (80, 0.992)])
def test_noise_levels_have_their_temperatures(sigma, temperature):
    assert from_sigma(sigma) == pytest.approx(temperature, abs=0.0006)


@given(sigma=st.floats(1e-9, HOTTEST_SIGMA))
def test_noise_level_and_temperature_are_two_words_for_one_thing(sigma):
    assert to_sigma(from_sigma(sigma)) == pytest.approx(sigma, rel=1e-9)


@given(temperature=st.floats(0.0, 1.0))
def test_the_noise_level_stays_within_what_a_float32_picture_bears(temperature):
    assert 0.0 <= to_sigma(temperature) <= HOTTEST_SIGMA


def test_untouched_has_no_noise_and_burnt_out_has_the_most():
    assert (to_sigma(0.0), to_sigma(1.0)) == (0.0, HOTTEST_SIGMA)


def test_half_way_signal_and_noise_are_equal():
    assert angle(0.5) == math.pi / 4
    assert to_sigma(0.5) == pytest.approx(1.0)


# ------------------------------------------------------------------ the schedules of the papers on this scale


def of_alphabar(alphabar):
    """The temperature of a step of a variance-preserving schedule: abar = cos^2 phi."""
    return 2.0 / math.pi * math.acos(math.sqrt(alphabar))


def cosine(step, steps=1000):
    """Nichol & Dhariwal 2021, eq. 17, with beta clipped at .999 as in their code (improved-diffusion)."""

    def level(time):
        return math.cos((time + 0.008) / 1.008 * math.pi / 2.0) ** 2

    betas = [min(1.0 - level((i + 1) / steps) / level(i / steps), 0.999) for i in range(step)]
    return float(np.prod(1.0 - np.array(betas)))


def test_the_cosine_schedule_is_half_way_at_half_temperature():
    assert cosine(500) == pytest.approx(0.4938436, abs=1e-7)
    assert of_alphabar(cosine(500)) == pytest.approx(0.504, abs=1e-3)


@pytest.mark.parametrize("step", [100, 500, 900])
def test_the_cosine_schedule_is_this_scale_but_for_its_offset(step):
    """cos^2(pi T / 2) with T = (t + .008) / 1.008: the reason why this scale looks even."""
    assert of_alphabar(cosine(step)) == pytest.approx((step / 1000 + 0.008) / 1.008, abs=1e-3)


def test_stable_diffusion_s_hottest_step_is_not_the_hottest_of_all():
    """scaled_linear from .00085 to .012: abar_1000 = .00466, sigma 14.6146 (Lin et al. 2023: its SNR is not zero)."""
    alphabar = float(np.prod(1.0 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2))
    assert alphabar == pytest.approx(0.00466, abs=1e-5)
    assert math.sqrt((1.0 - alphabar) / alphabar) == pytest.approx(14.6146, abs=1e-4)
    assert of_alphabar(alphabar) == pytest.approx(from_sigma(14.6146), abs=1e-6)
    assert of_alphabar(alphabar) == pytest.approx(0.9565, abs=1e-4)


# ------------------------------------------------------------------ one burn in the words of every family of models


def burnt_and_noise(temperature):
    """A burn of random numbers in float64, and its noise."""
    x0 = torch.from_numpy(generator(1, 0).uniform(-1.0, 1.0, (2, 3, 8, 8)))
    burnt = Gaussian(temperature)(x0, generator(2, 1))
    return x0, burnt, (burnt.image - burnt.signal * x0) / burnt.noise


@given(temperature=st.floats(0.05, 0.95))
def test_velocity_gives_back_image_and_noise(temperature):
    """v = cos(phi) eps - sin(phi) x0; x0 = cos(phi) x - sin(phi) v; eps = sin(phi) x + cos(phi) v (Salimans & Ho)."""
    x0, burnt, eps = burnt_and_noise(temperature)
    v = burnt.signal * eps - burnt.noise * x0
    torch.testing.assert_close(burnt.signal * burnt.image - burnt.noise * v, x0, atol=1e-12, rtol=0.0)
    torch.testing.assert_close(burnt.noise * burnt.image + burnt.signal * v, eps, atol=1e-10, rtol=0.0)


@given(temperature=st.floats(0.05, 0.95))
def test_flow_matching_is_the_same_burn_scaled(temperature):
    """x_s = (1 - s) x0 + s eps with s = tan(phi) / (1 + tan(phi)), the input divided by cos(phi) + sin(phi)."""
    x0, burnt, eps = burnt_and_noise(temperature)
    s = to_sigma(temperature) / (1.0 + to_sigma(temperature))
    flow = burnt.image / (burnt.signal + burnt.noise)
    torch.testing.assert_close(flow, (1.0 - s) * x0 + s * eps, atol=1e-12, rtol=0.0)


@given(cooler=st.floats(0.05, 0.9), hotter=st.floats(0.05, 0.9))
def test_a_step_of_ddim_with_the_true_image_is_the_burn_at_the_cooler_temperature(cooler, hotter):
    """x_s = sqrt(abar_s) x0 + sqrt(1 - abar_s) eps (Song et al. 2021, eq. 12 with sigma = 0)."""
    cooler, hotter = sorted((cooler, hotter))
    x0, _, eps = burnt_and_noise(hotter)
    at_cooler = Gaussian(cooler)(x0, generator(2, 1))
    torch.testing.assert_close(at_cooler.signal * x0 + at_cooler.noise * eps, at_cooler.image, atol=1e-10, rtol=0.0)


@pytest.mark.parametrize("step", [2, 259, 1000])
def test_the_posterior_of_ddpm_leads_back_along_the_forward_chain(step):
    """q(x_t-1 | x_t, x0) averaged over q(x_t | x0) is q(x_t-1 | x0): mean and variance (Ho et al. 2020, eq. 6, 7)."""
    betas = np.linspace(1e-4, 0.02, 1000)
    alphabars = np.cumprod(1.0 - betas)
    beta, alphabar, before = betas[step - 1], alphabars[step - 1], alphabars[step - 2]
    from_x0 = math.sqrt(before) * beta / (1.0 - alphabar)
    from_xt = math.sqrt(1.0 - beta) * (1.0 - before) / (1.0 - alphabar)
    posterior = (1.0 - before) / (1.0 - alphabar) * beta
    assert from_x0 + from_xt * math.sqrt(alphabar) == pytest.approx(math.sqrt(before), rel=1e-9)
    assert posterior + from_xt**2 * (1.0 - alphabar) == pytest.approx(1.0 - before, rel=1e-9)
