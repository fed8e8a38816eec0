"""The samplers, held against diffusers' schedulers and against numbers measured with an exact denoiser."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    EDMDPMSolverMultistepScheduler,
    EDMEulerScheduler,
    EulerAncestralDiscreteScheduler,
    HeunDiscreteScheduler,
)
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian
from installation.burns.temperature import from_sigma
from installation.randomness import generator, white
from installation.restorers import Restoring
from installation.restorers.samplers import NAMES, ancestral_split, descend, dpmpp_2m, euler, heun, lcm
from installation.restorers.sampling import karras_sigmas, walk
from tests.support import wiener

#: diffusers reads a tensor as NumPy did before its version 2, which only warns.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

VARIANCE = 0.25  # of the pixels N(0, 1/4) whose exact denoiser ``wiener`` is
QUIET, LOUD = 0.0291675, 14.614647  # Stable Diffusion's schedule: beta from 0.00085 to 0.012, scaled linear
STABLE: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def curved(x, sigma):
    """A denoiser that is not linear: the exact one of pixels that are black or white, +-0.5."""
    return 0.5 * torch.tanh(0.5 * x / sigma**2)


def noisy(sigma, side=8, dtype=torch.float64):
    return sigma * torch.from_numpy(generator(5, 0).standard_normal((1, 3, side, side))).to(dtype)


def last(steps):
    *_, end = steps
    return end.denoised


# ------------------------------------------------------------------ the published way


def through(scheduler, steps, x, denoise, to_output):
    """What a scheduler of diffusers makes of a denoiser; ``to_output`` turns D into what it wants of a network."""
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        sigma = float(scheduler.sigmas[scheduler.step_index or 0])
        x = scheduler.step(to_output(denoise(x, sigma), x, sigma), t, x).prev_sample
    return x


def preconditioned(denoised, x, sigma, data=0.5):
    """EDM's network output F, of which D = c_skip x + c_out F (Karras et al. 2022, table 1)."""
    loud = math.hypot(sigma, data)
    return (denoised - (data / loud) ** 2 * x) * loud / (sigma * data)


def epsilon(denoised, x, sigma):
    return (x - denoised) / sigma


LADDERS = pytest.mark.parametrize(("steps", "sigma"), [(1, 0.5), (2, 3.0), (5, 0.3), (8, 14.6), (12, 80.0)])


@LADDERS
def test_euler_is_that_of_diffusers(steps, sigma):
    theirs = EDMEulerScheduler(sigma_min=0.02, sigma_max=sigma, sigma_data=0.5, rho=7.0)
    expected = through(theirs, steps, noisy(sigma), curved, preconditioned)
    ours = last(euler(curved, noisy(sigma), karras_sigmas(steps, 0.02, sigma), generator(1, 1)))
    torch.testing.assert_close(ours, expected, atol=2e-5, rtol=1e-4)


@LADDERS
def test_dpmpp_2m_is_that_of_diffusers(steps, sigma):
    theirs = EDMDPMSolverMultistepScheduler(
        sigma_min=0.02, sigma_max=sigma, sigma_data=0.5, rho=7.0, euler_at_final=False, final_sigmas_type="zero"
    )
    expected = through(theirs, steps, noisy(sigma), curved, preconditioned)
    ours = last(dpmpp_2m(curved, noisy(sigma), karras_sigmas(steps, 0.02, sigma)))
    torch.testing.assert_close(ours, expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("steps", [2, 5, 12])
def test_heun_is_that_of_diffusers(steps):
    theirs = HeunDiscreteScheduler(**STABLE, use_karras_sigmas=True)
    expected = through(theirs, steps, noisy(LOUD), curved, epsilon)
    ours = last(heun(curved, noisy(LOUD), [float(sigma) for sigma in np.append(theirs.sigmas[0:-1:2].numpy(), 0.0)]))
    torch.testing.assert_close(ours, expected, atol=2e-5, rtol=1e-4)


def test_full_churn_is_the_ancestral_step_of_diffusers_but_for_the_dice():
    theirs, x = EulerAncestralDiscreteScheduler(**STABLE), noisy(LOUD)
    theirs.set_timesteps(7)
    sigmas = [float(sigma) for sigma in theirs.sigmas]
    stepped = theirs.step(epsilon(curved(x, LOUD), x, LOUD), theirs.timesteps[0], x, torch.Generator().manual_seed(3))
    _, up = ancestral_split(sigmas[0], sigmas[1], 1.0)
    still = stepped.prev_sample - up * torch.randn(x.shape, generator=torch.Generator().manual_seed(3), dtype=x.dtype)
    _, second = (
        step.x for step, _ in zip(euler(curved, x, sigmas, generator(1, 1), churn=1.0), range(2), strict=False)
    )
    torch.testing.assert_close(second - up * white(generator(1, 1), x), still, atol=1e-4, rtol=1e-4)


# ------------------------------------------------------------------ the exactly solvable case

# Measured by the design with the exact denoiser on N(0, 1/4) from sigma 14.61; the standard deviation should be 0.5.
TABLE = {
    "euler": {1: 0.017, 4: 0.301, 8: 0.393, 16: 0.446, 30: 0.472},
    "ancestral": {1: 0.017, 4: 0.260, 8: 0.332, 16: 0.404, 30: 0.444},
    "dpmpp-2m": {1: 0.017, 4: 0.468, 8: 0.532, 16: 0.510, 30: 0.503},
    "heun": {1: 0.017, 4: 0.925, 8: 0.560, 16: 0.510, 30: 0.503},
    "lcm": {1: 0.499, 4: 0.500, 8: 0.500, 16: 0.501, 30: 0.501},
}
CELLS = [(way, steps, spread) for way, row in TABLE.items() for steps, spread in row.items()]


def consistent(x, sigma):
    """The exact consistency function of N(0, 1/4): where the ODE leads from here (Song et al. 2023)."""
    return x * math.sqrt(VARIANCE / (VARIANCE + sigma**2))


@pytest.mark.parametrize(("way", "steps", "spread"), CELLS)
def test_the_exact_denoiser_keeps_as_much_contrast_as_was_measured(way, steps, spread):
    image = torch.from_numpy(generator(8, 0).normal(0.0, 0.5, (1, 3, 256, 256))).float()
    burnt = Gaussian(from_sigma(LOUD))(image, generator(8, 1))
    denoise = consistent if way == "lcm" else wiener
    churn, name = (1.0, "euler") if way == "ancestral" else (0.0, way)
    knobs = Restoring(steps=steps, sampler=name, churn=churn)
    walked = last(walk(denoise, burnt, knobs, generator(8, 2), sigma_min=QUIET))
    assert float(walked.std()) == pytest.approx(spread, abs=0.0005 + 0.008 * spread)


def alphas_cumprod():
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    return np.cumprod(1.0 - betas)


def test_ddim_in_50_steps_leaves_what_the_design_measured():
    """Evenly spaced timesteps, as Song et al. 2021 walk; the ladder is not Karras' and a denoiser does not mind."""
    levels = alphas_cumprod()[::-20]
    sigmas = [*np.sqrt((1.0 - levels) / levels), 0.0]
    x = torch.full((1, 3, 1, 1), math.hypot(0.5, sigmas[0]), dtype=torch.float64)
    assert float(last(euler(wiener, x, sigmas, generator(0, 0)))[0, 0]) == pytest.approx(0.470, abs=0.002)


def test_ddpm_in_1000_steps_leaves_what_the_design_measured():
    """The variance of a linear denoiser's ancestral walk follows from step to step, without any dice."""
    levels = alphas_cumprod()[::-1]
    sigmas = [*np.sqrt((1.0 - levels) / levels), 0.0]
    variance = VARIANCE + sigmas[0] ** 2
    for sigma, below in pairwise(sigmas):
        down, up = ancestral_split(sigma, below, 1.0)
        gain = VARIANCE / (VARIANCE + sigma**2)
        variance = (gain + down / sigma * (1.0 - gain)) ** 2 * variance + up**2
    assert math.sqrt(variance) == pytest.approx(0.4945, abs=0.002)


# ------------------------------------------------------------------ what all of them promise

SETTINGS = {"name": st.sampled_from(NAMES), "steps": st.integers(1, 12), "sigma": st.floats(0.1, 80.0)}


@given(**SETTINGS)
def test_every_sampler_shows_every_rung_once_and_ends_with_its_last_guess(name, steps, sigma):
    sigmas = karras_sigmas(steps, 0.02, sigma)
    shown = list(descend(name, wiener, noisy(sigma), sigmas, generator(1, 1), churn=0.5))
    assert [step.sigma for step in shown] == sigmas[:-1]
    assert [step.index for step in shown] == list(range(steps))
    assert torch.equal(shown[-1].denoised, wiener(shown[-1].x, shown[-1].sigma))


@given(**SETTINGS)
def test_a_denoiser_that_knows_the_picture_is_believed_at_once(name, steps, sigma):
    picture = noisy(0.5)
    walked = descend(
        name, lambda *_: picture, noisy(sigma), karras_sigmas(steps, 0.02, sigma), generator(1, 1), churn=0.3
    )
    assert torch.equal(last(walked), picture)


@pytest.mark.parametrize(("name", "looks"), [("euler", 6), ("dpmpp-2m", 6), ("heun", 11), ("lcm", 6)])
def test_only_heun_looks_twice(name, looks):
    asked = []

    def denoise(x, sigma):
        asked.append(sigma)
        return wiener(x, sigma)

    last(descend(name, denoise, noisy(5.0), karras_sigmas(6, 0.02, 5.0), generator(1, 1), churn=0.0))
    assert len(asked) == looks


@pytest.mark.parametrize("name", ["dpmpp-2m", "heun"])
def test_the_second_order_is_nearer_to_the_end_of_the_ode_than_euler(name):
    x, sigmas = noisy(5.0), karras_sigmas(16, 0.02, 5.0)
    ends = {way: last(descend(way, wiener, x, sigmas, generator(1, 1), churn=0.0)) for way in ("euler", name)}
    errors = {way: float((end - consistent(x, 5.0)).abs().mean()) for way, end in ends.items()}
    assert errors[name] < errors["euler"] / 2


def test_consistency_burns_every_guess_afresh():
    first, second = lcm(wiener, noisy(5.0), [5.0, 1.0, 0.0], generator(1, 1))
    torch.testing.assert_close(second.x, first.denoised + white(generator(1, 1), first.x))


def test_a_sampler_that_does_not_exist_is_refused_with_its_neighbour():
    with pytest.raises(ValueError, match="Did you mean euler"):
        descend("eular", wiener, noisy(1.0), [1.0, 0.0], generator(1, 1), churn=0.0)
