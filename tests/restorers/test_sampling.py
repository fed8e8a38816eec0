"""Walking from noise to image, held against published ladders and an exactly solvable case."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian
from installation.burns.heat import Heat
from installation.burns.temperature import from_sigma
from installation.randomness import generator
from installation.records import Burnt
from installation.restorers import Restoring
from installation.restorers.protocol import start
from installation.restorers.samplers import ancestral_split
from installation.restorers.sampling import SIGMA_MIN, karras_sigmas, walk
from tests.support import wiener

# Eq. 5 at the settings of EDM (Karras et al. 2022): 18 steps from 80 to 0.002 with rho = 7.
EDM = [80.0, 57.586, 40.786, 28.375, 19.353, 12.910, 8.4009, 5.3152, 3.2568, 1.9233, 1.0882, 0.5853, 0.2964, 0.1395]
LADDERS = st.tuples(st.integers(1, 60), st.floats(1e-3, 1.0), st.floats(1.01, 1e4))


def test_the_ladder_is_that_of_edm():
    assert karras_sigmas(18, 0.002, 80.0)[:14] == pytest.approx(EDM, rel=3e-4)


@given(ladder=LADDERS)
def test_a_ladder_begins_where_it_is_told_falls_strictly_and_ends_in_silence(ladder):
    steps, lowest, ratio = ladder
    sigmas = karras_sigmas(steps, lowest, lowest * ratio)
    assert (len(sigmas), sigmas[0], sigmas[-1]) == (steps + 1, lowest * ratio, 0.0)
    assert all(above > below for above, below in pairwise(sigmas))


@given(ladder=LADDERS)
def test_the_last_noisy_rung_is_the_quietest_level(ladder):
    steps, lowest, ratio = ladder
    assert karras_sigmas(steps + 1, lowest, lowest * ratio)[-2] == pytest.approx(lowest)


def test_quiet_levels_get_more_steps():
    sigmas = karras_sigmas(20, 0.02, 80.0)
    gaps = [above - below for above, below in pairwise(sigmas)]
    assert gaps[:-1] == sorted(gaps[:-1], reverse=True)


@pytest.mark.parametrize(("steps", "lowest", "highest"), [(0, 0.1, 1.0), (3, 0.0, 1.0), (3, 1.0, 1.0), (3, 2.0, 1.0)])
def test_a_ladder_that_leads_nowhere_is_refused(steps, lowest, highest):
    with pytest.raises(ValueError, match="A ladder needs a step"):
        karras_sigmas(steps, lowest, highest)


@given(above=st.floats(0.01, 80.0), share=st.floats(0.0, 1.0), eta=st.floats(0.0, 1.0))
def test_going_down_and_up_again_arrives_at_the_next_rung(above, share, eta):
    down, up = ancestral_split(above, share * above, eta)
    assert math.hypot(down, up) == pytest.approx(share * above, abs=1e-9)


def test_without_churn_nothing_is_added_and_with_full_churn_it_is_the_ancestral_sampler():
    assert ancestral_split(2.0, 1.0, 0.0) == (1.0, 0.0)
    assert ancestral_split(2.0, 1.0, 1.0) == pytest.approx((0.5, math.sqrt(3) / 2))  # s^2 / s_from, by hand


# ------------------------------------------------------------------ where a walk starts


@given(temperature=st.floats(0.02, 1.0))
def test_a_walk_starts_with_exactly_the_noise_it_says(temperature):
    image = torch.zeros(1, 3, 64, 64)
    burnt = Gaussian(temperature)(image, generator(1, 1))
    assert float(start(burnt, generator(1, 2)).std()) == pytest.approx(burnt.sigma, rel=0.03)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.9, 0.99])
def test_the_noise_of_the_burn_is_kept_and_none_is_added(photograph, temperature):
    burnt = Gaussian(temperature)(photograph, generator(1, 1))
    begun = start(burnt, generator(1, 2))
    torch.testing.assert_close(begun, burnt.image / burnt.signal)
    noise = (burnt.image - burnt.signal * photograph) / burnt.noise
    torch.testing.assert_close(begun, photograph + burnt.sigma * noise, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("temperature", [0.2, 0.6, 1.0])
def test_a_medium_without_noise_gets_all_of_it_at_the_start(photograph, temperature):
    burnt = Heat(temperature)(photograph, generator(1, 1))
    added = start(burnt, generator(1, 2)) - burnt.image
    assert float(added.std()) == pytest.approx(burnt.sigma, rel=0.03)


def test_half_the_noise_of_a_burn_is_made_whole(rng):
    image = torch.zeros(1, 3, 128, 128)
    begun = start(Burnt(image, 0.5, sigma=1.0, signal=1.0, noise=0.6), rng)
    assert float(begun.var()) == pytest.approx(1.0 - 0.36, rel=0.03)


def test_burnt_out_is_pure_noise_at_the_hottest_level(photograph):
    begun = start(Gaussian(1.0)(photograph, generator(1, 1)), generator(1, 2))
    assert float(begun.std()) == pytest.approx(80.0, rel=0.03)


# ------------------------------------------------------------------ the walk


def gaussian_world(sigma, side=128):
    """A burnt sample of independent pixels with variance 1/4, whose exact denoiser is the Wiener filter."""
    image = torch.from_numpy(generator(8, 0).normal(0.0, 0.5, (1, 3, side, side))).float()
    return Gaussian(from_sigma(sigma))(image, generator(8, 1))


def restored(burnt, steps, churn=0.0, sigma_min=0.0292):
    *_, last = walk(wiener, burnt, Restoring(steps=steps, churn=churn), generator(8, 2), sigma_min=sigma_min)
    return float(last.denoised.std())


# Measured by the design with the exact denoiser on N(0, 1/4) from sigma 14.61, Stable Diffusion's range.
@pytest.mark.parametrize(("steps", "spread"), [(1, 0.017), (4, 0.301), (8, 0.393), (16, 0.446), (30, 0.472)])
def test_the_ode_loses_the_contrast_it_must_lose_at_few_steps(steps, spread):
    assert restored(gaussian_world(14.6146), steps) == pytest.approx(spread, abs=0.0005 + 0.008 * spread)


@pytest.mark.parametrize(("steps", "spread"), [(1, 0.017), (4, 0.260), (8, 0.332), (16, 0.404), (30, 0.444)])
def test_the_ancestral_walk_loses_more(steps, spread):
    burnt = gaussian_world(14.6146, side=256)
    assert restored(burnt, steps, churn=1.0) == pytest.approx(spread, abs=0.0005 + 0.008 * spread)


def test_the_ode_follows_its_closed_form_pixel_by_pixel():
    burnt, factor = gaussian_world(5.0, side=16), 1.0
    for above, below in pairwise(karras_sigmas(6, SIGMA_MIN, burnt.sigma)):
        gain = 0.25 / (0.25 + above**2)
        factor *= gain + below / above * (1 - gain)
    *_, last = walk(wiener, burnt, Restoring(steps=6), generator(8, 2))
    torch.testing.assert_close(last.denoised, factor * burnt.image / burnt.signal, atol=1e-5, rtol=1e-4)


@given(steps=st.integers(1, 12), temperature=st.floats(0.05, 1.0), churn=st.floats(0.0, 1.0))
def test_every_step_is_shown_once_in_order_from_the_burn_downwards(steps, temperature, churn):
    burnt = Gaussian(temperature)(torch.zeros(1, 3, 4, 4), generator(1, 1))
    shown = list(walk(wiener, burnt, Restoring(steps=steps, churn=churn), generator(1, 2)))
    assert [step.index for step in shown] == list(range(steps))
    assert shown[0].sigma == burnt.sigma
    assert all(above.sigma > below.sigma for above, below in pairwise(shown))


def test_a_walk_is_determined_by_its_random_numbers():
    burnt = gaussian_world(2.0, side=8)
    ends = [[s.denoised for s in walk(wiener, burnt, Restoring(steps=5, churn=0.7), generator(*at))][-1] for at in SAME]
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


SAME = [(3, 1), (3, 1), (3, 2)]


def test_temperature_zero_passes_the_image_through_in_one_step(photograph, rng):
    (only,) = walk(wiener, Gaussian(0.0)(photograph, rng), Restoring(steps=9), rng)
    assert torch.equal(only.denoised, photograph)
    assert torch.equal(only.x, photograph)


def test_noise_too_faint_to_see_is_left_alone_but_not_the_lost_brightness(photograph):
    (only,) = walk(wiener, Gaussian(0.01)(photograph, generator(1, 1)), Restoring(), generator(1, 2))
    assert float((only.denoised - photograph).std()) == pytest.approx(math.tan(math.pi * 0.005), rel=0.05)


def test_a_walk_can_be_left_between_any_two_steps():
    asked = []

    def denoise(x, sigma):
        asked.append(sigma)
        return wiener(x, sigma)

    walking = walk(denoise, gaussian_world(3.0, side=8), Restoring(steps=8), generator(1, 1))
    next(walking)
    del walking
    assert len(asked) == 1


def test_the_ladder_covers_the_burn_and_not_a_share_of_a_longer_one():
    sigmas = [step.sigma for step in walk(wiener, gaussian_world(0.4, side=8), Restoring(steps=4), generator(1, 1))]
    np.testing.assert_allclose(sigmas, karras_sigmas(4, SIGMA_MIN, 0.4)[:-1], rtol=1e-6)
