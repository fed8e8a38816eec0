"""Collapse in closed form, held against the published numbers and against simulations with honest standard errors."""

import math
from itertools import islice, takewhile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.collapse import theory
from installation.randomness import generator
from installation.restorers.sampling import karras_sigmas

SIZES = st.integers(2, 400)
SIGMAS = 4.0  # standard errors that a simulation may be off: once in 16,000


def agrees(samples, exact, slack=0.0):
    error = samples.std(ddof=1) / math.sqrt(samples.size)
    assert abs(samples.mean() - exact) < SIGMAS * error + slack


def distances(means, variances):
    """Squared Wasserstein-2 from the standard normal."""
    return means**2 + (np.sqrt(variances) - 1.0) ** 2


# The likeliest fit.


def test_the_root_of_an_unbiased_variance_is_too_small_by_c4():
    assert [theory.c4(n) for n in (2, 5, 10)] == pytest.approx([0.797885, 0.939986, 0.972659], abs=1e-6)  # ASTM tables


@given(n=SIZES)
def test_diversity_turns_into_drift_and_nothing_is_lost(n):
    np.testing.assert_allclose(theory.mle_variance(n, 50) + theory.mle_drift(n, 50), 1.0, atol=1e-12)


@given(n=SIZES)
def test_every_curve_begins_at_the_truth(n):
    for curve in (theory.mle_drift, theory.mle_distance, theory.unbiased_drift, theory.unbiased_distance):
        assert curve(n, 3)[0] == 0.0
    for curve in (theory.mle_variance, theory.unbiased_deviation, theory.accumulated_variance):
        assert curve(n, 3)[0] == 1.0
    assert theory.unbiased_log_variance(n, 3)[0] == 0.0


def test_the_likeliest_fit_shrinks_drifts_and_leaves_as_it_should():
    n, g = 12, 30
    means, variances = theory.simulate_gaussian(n, g, 4000, generator(1, 1))
    for at in (1, 5, g):
        agrees(variances[:, at], theory.mle_variance(n, g)[at])
        agrees(means[:, at] ** 2, theory.mle_drift(n, g)[at])
        agrees(distances(means, variances)[:, at], theory.mle_distance(n, g)[at])


def test_in_the_end_the_distance_is_two():
    assert theory.mle_distance(10, 1000)[-1] == pytest.approx(2.0, abs=1e-9)


# The unbiased fit: test the logarithm and the median, not the mean, which a few wide runs hold up.


@given(n=SIZES)
def test_the_logarithm_of_the_variance_falls_by_a_digamma(n):
    half, step = (n - 1) / 2, 1e-5
    psi = (math.lgamma(half + step) - math.lgamma(half - step)) / (2 * step)
    assert theory.unbiased_log_variance(n, 1)[1] == pytest.approx(psi + math.log(2 / (n - 1)), abs=1e-4)


def test_unbiased_fits_die_in_about_as_many_generations_as_there_are_samples():
    assert theory.unbiased_log_variance(1000, 1000)[-1] == pytest.approx(-1.0, abs=0.01)


def test_unbiased_fits_die_although_their_mean_variance_does_not():
    n, g = 10, 60
    _, variances = theory.simulate_gaussian(n, g, 4000, generator(1, 2), fit="unbiased")
    agrees(np.log(variances[:, g]), theory.unbiased_log_variance(n, g)[g])
    assert np.median(variances[:, g]) < 0.01
    agrees(variances[:, 2], 1.0)  # early, while the mean can still be measured


def test_unbiased_fits_drift_and_leave_as_they_should():
    n, g = 20, 10
    means, variances = theory.simulate_gaussian(n, g, 4000, generator(1, 3), fit="unbiased")
    agrees(np.sqrt(variances[:, g]), theory.unbiased_deviation(n, g)[g])
    agrees(means[:, g] ** 2, theory.unbiased_drift(n, g)[g])
    agrees(distances(means, variances)[:, g], theory.unbiased_distance(n, g)[g])


def test_the_curse_of_recursion_at_first_three_halves_per_sample():
    np.testing.assert_allclose(theory.unbiased_distance(10_000, 20)[1:], 1.5 * np.arange(1, 21) / 10_000, rtol=0.01)


# Sampling bias, fresh data, accumulation.


def test_sampling_bias_is_a_power_of_itself():
    g, bias = 4, 0.8
    _, variances = theory.simulate_gaussian(50, g, 4000, generator(1, 4), fit="unbiased", bias=bias)
    agrees(variances[:, g], theory.biased_variance(bias, g)[g])  # MAD, section 3.1


def test_guidance_is_a_sampling_bias():
    assert [theory.guidance_bias(weight) for weight in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 2 / 3, 0.5])


@pytest.mark.parametrize(("n", "share", "kept"), [(100, 0.1, 0.9497), (50, 0.02, 0.662), (50, 0.0, 0.0)])
def test_a_little_fresh_data_stops_the_collapse(n, share, kept):
    assert theory.fresh_fixed_point(n, share)[1] == pytest.approx(kept, abs=5e-4)


@given(n=SIZES, share=st.floats(0.01, 1.0))
def test_fresh_data_lead_to_their_fixed_point_and_stay(n, share):
    drift, variance = theory.fresh_fixed_point(n, share)
    assert theory.fresh_drift(n, share, 2000)[-1] == pytest.approx(drift, abs=1e-9)
    assert drift + variance == 1.0


@pytest.mark.parametrize(("n", "share", "g"), [(100, 0.1, 60), (50, 0.02, 150)])
def test_simulated_fresh_data_hold_what_the_fixed_point_says(n, share, g):
    means, variances = theory.simulate_gaussian(n, g, 3000, generator(1, 5), share=share)
    agrees(means[:, g] ** 2, theory.fresh_drift(n, share, g)[g])
    agrees(variances[:, g], 1.0 - theory.fresh_drift(n, share, g)[g])


@given(n=SIZES)
def test_without_fresh_data_the_drift_is_the_likeliest_fits(n):
    np.testing.assert_allclose(theory.fresh_drift(n, 0.0, 20), theory.mle_drift(n, 20), atol=1e-9)


@pytest.mark.parametrize(("n", "kept"), [(4, 0.6366), (25, 0.9355), (100, 0.98363)])
def test_what_accumulates_never_collapses(n, kept):
    assert theory.accumulated_limit(n) == pytest.approx(kept, abs=5e-5)
    assert theory.accumulated_variance(n, 20_000)[-1] == pytest.approx(kept, abs=1e-4)


def test_accumulation_loses_pi_squared_sixths_per_sample():
    assert theory.accumulated_limit(5000) == pytest.approx(1.0 - math.pi**2 / 6 / 5000, abs=1e-7)  # Gerstgrasser 2024


def test_simulated_accumulation_keeps_what_the_product_says():
    means, variances = theory.simulate_accumulation(4, 40, 4000, generator(1, 6))
    agrees(variances[:, 40], theory.accumulated_variance(4, 40)[40])
    agrees(means[:, 40] ** 2, 1.0 - theory.accumulated_variance(4, 40)[40])


# Wright-Fisher.


def test_half_and_half_differ_every_other_time():
    assert theory.heterozygosity(np.array([7, 7])) == 0.5
    assert theory.heterozygosity(np.array([7, 0])) == 0.0


def test_heterozygosity_decays_by_one_nth():
    counts, g = np.array([20, 10, 6, 3, 1]), 15
    ends = np.array([last(theory.wright_fisher(counts, g, generator(2, run))) for run in range(1500)])
    expected = theory.expected_heterozygosity(theory.heterozygosity(counts), int(counts.sum()), g)[g]
    agrees(np.array([theory.heterozygosity(each) for each in ends]), expected)


def last(generations):
    *_, end = generations
    return end


def test_the_first_copy_loses_what_the_formula_says():
    counts = np.array([1] * 50 + [2] * 20 + [10] * 5)
    left = np.array([(last(theory.wright_fisher(counts, 1, generator(3, run))) > 0).sum() for run in range(1500)])
    agrees(left, theory.support_after_one(counts, int(counts.sum())))


def test_a_lineage_survives_as_published():
    alive = theory.lineage_survival(10)
    assert alive[[1, 2, 3, 5, 10]] == pytest.approx([0.632, 0.468, 0.374, 0.268, 0.158], abs=7e-4)
    assert theory.lineage_survival(1000)[-1] == pytest.approx(2 / 1000, rel=0.02)


@given(copies=st.integers(1, 30))
def test_a_kind_is_lost_at_once_with_the_exponential_of_its_copies(copies):
    assert theory.expected_support(np.array([copies]), 1)[1] == pytest.approx(1.0 - math.exp(-copies))


def test_common_kinds_outlive_rare_ones_by_about_the_formula():
    exact = theory.expected_support(np.array([20]), 50)[50]
    assert theory.survival(20, 50) == pytest.approx(exact, abs=0.03)
    assert theory.survival(1, 50) < theory.survival(20, 50) < 1.0


def test_support_falls_as_expected_where_there_are_many_copies():
    counts, g = np.repeat([1, 2, 5, 40], [300, 100, 60, 20]), 6
    left = np.array([(last(theory.wright_fisher(counts, g, generator(4, run))) > 0).sum() for run in range(300)])
    agrees(left, theory.expected_support(counts, g)[g])


@given(counts=st.lists(st.integers(0, 9), min_size=2, max_size=9).filter(any), share=st.floats(0, 1))
def test_copying_never_changes_how_many_there_are_and_what_is_lost_without_fresh_ones_stays_lost(counts, share):
    first = np.array(counts)
    for kept in theory.wright_fisher(first, 4, generator(5, 1), share=share):
        assert kept.sum() == first.sum()
        assert not kept[first == 0].any()


def test_one_of_two_is_all_there_is_after_the_diffusion_time():
    n = 60
    times = np.array([fixation(n, generator(6, run)) for run in range(400)])
    agrees(times, theory.fixation_time(0.5, n), slack=0.03 * n)  # the diffusion limit is good to about 1 / n


def fixation(n, rng):
    mixed = takewhile(lambda counts: counts.min() > 0, theory.wright_fisher(np.array([n // 2, n // 2]), 5000, rng))
    return sum(1 for _ in mixed)


# The gallery.


def test_after_ten_generations_sixteen_in_a_hundred_pictures_are_left():
    number = 256
    hanging = (next(islice(theory.gallery(number, generator(7, run)), 10, None)) for run in range(60))
    agrees(np.array([len(set(each.tolist())) / number for each in hanging]), theory.lineage_survival(10)[10], 0.001)


def test_after_twice_its_number_of_generations_one_picture_is_left():
    number = 24
    times = np.array([coalescence(theory.gallery(number, generator(8, run))) for run in range(400)])
    agrees(times, 2.0 * number * (1.0 - 1.0 / number), slack=0.05 * number)


def coalescence(generations):
    return sum(1 for _ in takewhile(lambda hanging: len(set(hanging.tolist())) > 1, generations))


@pytest.fixture(scope="module")
def pictures():
    return generator(9, 1).standard_normal((8, 12))


def test_at_great_noise_the_ideal_guess_is_the_mean_picture(pictures):
    guess = theory.ideal_denoiser(pictures[:2], pictures, 1e6)
    np.testing.assert_allclose(guess, np.tile(pictures.mean(axis=0), (2, 1)), atol=1e-9)


def test_without_noise_the_ideal_guess_is_the_picture_itself(pictures):
    np.testing.assert_allclose(theory.ideal_denoiser(pictures, pictures, 0.01), pictures, atol=1e-12)


def test_an_ideal_diffusion_model_only_returns_what_hangs_in_its_gallery_each_as_likely_as_the_next(pictures):
    number = 2000
    painted = theory.ideal_samples(pictures, np.array(karras_sigmas(60, 0.002, 80.0)), generator(9, 2), number)
    apart = np.linalg.norm(painted[:, None] - pictures[None], axis=2)
    assert apart.min(axis=1).max() < 1e-6
    counts = np.bincount(apart.argmin(axis=1), minlength=len(pictures))
    share = 1 / len(pictures)
    assert abs(counts - number * share).max() < SIGMAS * math.sqrt(number * share * (1 - share))
