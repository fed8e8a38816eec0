"""Why loops die: the endless loop of burning and restoring with exact denoisers, against its theory."""

import math

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.burns.temperature import from_sigma
from installation.randomness import generator
from installation.restorers import Restoring
from installation.restorers.sampling import walk
from tests.support import wiener

VARIANCE = 0.25  # of the pixels N(0, 1/4), of which ``wiener`` is the exact denoiser
SIDE = 96


def flow(x, sigma):
    """The exact end of the ODE from x: what a perfectly trained consistency model answers (Song et al. 2023)."""
    return x * math.sqrt(VARIANCE / (VARIANCE + sigma**2))


def looped(denoise, generations, sigma, seed=lambda generation: generation, **knobs):
    """Every picture of a loop of Gaussian burning and restoring, the first included."""
    picture = torch.from_numpy(generator(1, 0).normal(0.0, 0.5, (1, 3, SIDE, SIDE))).float()
    yield picture
    for generation in range(1, generations + 1):
        serial = seed(generation)
        burnt = Gaussian(from_sigma(sigma))(picture, generator(2, serial))
        *_, step = walk(denoise, burnt, Restoring(**knobs), generator(3, serial))
        picture = step.denoised
        yield picture


def final(pictures):
    *_, end = pictures
    return end


@pytest.mark.parametrize("sigma", [0.3, 0.6, 1.0, 1.5])
def test_restoring_in_one_step_contracts_to_the_variance_that_theory_says(sigma):
    """x' = g (x + s z), g = v / (v + s^2), has the fixed point g^2 s^2 / (1 - g^2); .0417 for v = .25, s = 1."""
    g = VARIANCE / (VARIANCE + sigma**2)
    expected = g**2 * sigma**2 / (1.0 - g**2)
    measured = float(final(looped(wiener, 24, sigma, steps=1)).var())
    assert measured == pytest.approx(expected, rel=0.03)


def test_the_fixed_point_of_the_design_is_that_number():
    g = VARIANCE / (VARIANCE + 1.0)
    assert g**2 / (1.0 - g**2) == pytest.approx(0.0417, abs=5e-5)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 1.5])
def test_consistency_keeps_the_variance_for_ever(sigma):
    assert float(final(looped(flow, 16, sigma, steps=1)).var()) == pytest.approx(VARIANCE, rel=0.03)


@pytest.mark.parametrize("sampler", ["dpmpp-2m", "heun"])
def test_the_ode_in_many_steps_keeps_it_too(sampler):
    assert float(final(looped(wiener, 8, 1.0, steps=24, sampler=sampler)).var()) == pytest.approx(VARIANCE, rel=0.05)


def change(pictures):
    """The root mean square of the last change."""
    *_, before, after = pictures
    return float((after - before).square().mean().sqrt())


@pytest.mark.parametrize("denoise", [wiener, flow])
def test_the_same_noise_every_time_leads_to_a_picture_that_never_changes_again(denoise):
    assert change(looped(denoise, 40, 1.0, seed=lambda _: 7, steps=1)) < 1e-6


@pytest.mark.parametrize("denoise", [wiener, flow])
def test_new_noise_every_time_goes_on_for_ever(denoise):
    assert change(looped(denoise, 12, 1.0, steps=1)) > 0.1


def test_hotter_loops_change_more_from_one_generation_to_the_next():
    changes = [change(looped(flow, 5, sigma, steps=1)) for sigma in (0.1, 0.3, 1.0)]
    assert changes == sorted(changes)


def test_a_hotter_loop_forgets_its_origin_sooner():
    """With the exact flow each generation keeps v / (v + s^2) to the half of the correlation with the one before."""
    origin, *_, present = looped(flow, 4, 0.5, steps=1)
    both = torch.stack([origin.flatten(), present.flatten()])
    kept = math.sqrt(VARIANCE / (VARIANCE + 0.5**2)) ** 4
    assert float(torch.corrcoef(both)[0, 1]) == pytest.approx(kept, abs=0.02)
