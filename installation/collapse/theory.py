"""Collapse that can be solved: a Gaussian that is fitted to its own samples, and words or pictures copied at random.

Functions of ``generations`` give a curve: float64, shape generations + 1, its place is the generation; draw it beside
a live one. The true Gaussian has mean 0 and variance 1; ``n`` samples are drawn in every generation. Simulators take
their random numbers as an argument and give one row per run.

Gaussian: Shumailov et al. 2024 (Nature 631:755), Alemohammad et al. 2023 (arXiv:2307.01850, "MAD"), Gerstgrasser et al.
2024 (arXiv:2404.01413). Copies: Wright 1931, Fisher 1930, Kimura & Ohta 1969.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from installation.randomness import Generator

    Curve = np.ndarray[tuple[int], np.dtype[np.float64]]
    Table = np.ndarray[tuple[int, int], np.dtype[np.float64]]
    Counts = np.ndarray[tuple[int], np.dtype[np.int64]]

#: How a variance is fitted: divided by n (the likeliest), or by n - 1 (right on average).
Fit = Literal["mle", "unbiased"]
EULER = 0.5772156649015329  # the Euler-Mascheroni constant


# A Gaussian, fitted to its own samples for ever.


def c4(n: int) -> float:
    """What the root of an unbiased variance of ``n`` samples comes to on average, for a true deviation of 1; n >= 2.

    sqrt(2 / (n - 1)) Gamma(n / 2) / Gamma((n - 1) / 2), Helmert 1876.
    """
    return math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def mle_variance(n: int, generations: int) -> Curve:
    """E s^2 where every generation is the likeliest fit (divide by n): (1 - 1/n)^g."""
    return (1.0 - 1.0 / n) ** _steps(generations)


def mle_drift(n: int, generations: int) -> Curve:
    """E mu^2 of the same: 1 - (1 - 1/n)^g. With the variance it makes 1: diversity turns into drift."""
    return 1.0 - mle_variance(n, generations)


def mle_distance(n: int, generations: int) -> Curve:
    """E W2^2 from the truth (squared Wasserstein-2): 2 (1 - rho^g), rho = c4(n) sqrt(1 - 1/n); 2 in the end."""
    return 2.0 * (1.0 - (c4(n) * math.sqrt(1.0 - 1.0 / n)) ** _steps(generations))


def unbiased_log_variance(n: int, generations: int) -> Curve:
    """E ln s^2 with unbiased fits (divide by n - 1): g [psi((n-1)/2) + ln(2/(n-1))], about -g/n.

    E s^2 stays 1 for ever, but only because ever fewer runs become ever wider: nearly all of them die, as this says.
    """
    return _steps(generations) * (_digamma_of_half(n - 1) + math.log(2.0 / (n - 1)))


def unbiased_deviation(n: int, generations: int) -> Curve:
    """E s with unbiased fits: c4(n)^g."""
    return c4(n) ** _steps(generations)


def unbiased_drift(n: int, generations: int) -> Curve:
    """E mu^2 with unbiased fits: g / n, a random walk."""
    return _steps(generations) / n


def unbiased_distance(n: int, generations: int) -> Curve:
    """E W2^2 with unbiased fits: g/n + 2 (1 - c4^g), at first 3/2 g/n (Shumailov et al. 2023, arXiv:2305.17493)."""
    return unbiased_drift(n, generations) + 2.0 * (1.0 - unbiased_deviation(n, generations))


def biased_variance(bias: float, generations: int) -> Curve:
    """E s^2 with unbiased fits, where samples are drawn from ``bias`` times the variance (MAD, 3.1): bias^g."""
    return bias ** _steps(generations)


def guidance_bias(weight: float) -> float:
    """The sampling bias of classifier-free guidance: 1 / (1 + weight), weight 0 being none (MAD, 3.1)."""
    return 1.0 / (1.0 + weight)


def fresh_drift(n: int, share: float, generations: int) -> Curve:
    """E mu^2 where a ``share`` p of every n samples is real: A' = (q^2 - q/n) A + 1/n, q = 1 - p. E s^2 = 1 - A."""
    factor, limit = _renewal(n, share), fresh_fixed_point(n, share)[0]
    return limit * (1.0 - factor ** _steps(generations))


def fresh_fixed_point(n: int, share: float) -> tuple[float, float]:
    """Drift and variance that a share of fresh data holds for ever: A* = (1/n) / (1 - q^2 + q/n), V* = 1 - A*.

    Without any, the variance is 0 in the end; two per cent of 50 samples keep 0.66 of it.
    """
    drift = 1.0 / n / (1.0 - _renewal(n, share))
    return drift, 1.0 - drift


def accumulated_variance(n: int, generations: int) -> Curve:
    """E s^2 where nothing is thrown away: prod over i = 1 to g of 1 - 1 / (n i^2)."""
    losses = 1.0 - 1.0 / (n * np.arange(1, generations + 1, dtype=np.float64) ** 2)
    return np.concatenate(([1.0], np.cumprod(losses)))


def accumulated_limit(n: int) -> float:
    """What accumulation keeps for ever: sin(pi / sqrt n) / (pi / sqrt n) (Euler's product), about 1 - pi^2 / (6 n)."""
    return float(np.sinc(1.0 / math.sqrt(n)))


def simulate_gaussian(
    n: int, generations: int, runs: int, rng: Generator, *, fit: Fit = "mle", share: float = 0.0, bias: float = 1.0
) -> tuple[Table, Table]:
    """Means and variances of many runs, each runs x (generations + 1), by sufficient statistics: exact and quick.

    ``share`` of every n samples (rounded) is drawn from the truth, the rest from ``bias`` times the fitted variance.
    """
    means, variances = np.zeros((runs, generations + 1)), np.ones((runs, generations + 1))
    real = round(share * n)
    for g in range(generations):
        own = _sampled(means[:, g], bias * variances[:, g], n - real, rng)
        truth = _sampled(np.zeros(runs), np.ones(runs), real, rng)
        means[:, g + 1], scatter = _pooled(own, n - real, truth, real)
        variances[:, g + 1] = scatter / (n if fit == "mle" else n - 1)
    return means, variances


def simulate_accumulation(n: int, generations: int, runs: int, rng: Generator) -> tuple[Table, Table]:
    """The same where every generation is fitted to all samples since the first."""
    means, variances = np.zeros((runs, generations + 1)), np.ones((runs, generations + 1))
    mean, scatter = np.zeros(runs), np.zeros(runs)
    for g in range(generations):
        batch = _sampled(means[:, g], variances[:, g], n, rng)
        mean, scatter = _pooled((mean, scatter), g * n, batch, n)
        means[:, g + 1], variances[:, g + 1] = mean, scatter / ((g + 1) * n)
    return means, variances


# Copies of words or pictures, drawn at random from the last generation: discrete Wright-Fisher.


def heterozygosity(counts: Counts) -> float:
    """H = 1 - sum p^2: the chance that two draws differ (Simpson 1949)."""
    shares = counts / counts.sum()
    return float(1.0 - (shares**2).sum())


def expected_heterozygosity(start: float, n: int, generations: int) -> Curve:
    """E H = H_0 (1 - 1/n)^g."""
    return start * mle_variance(n, generations)


def support_after_one(counts: Counts, n: int) -> float:
    """How many kinds are left on average after one generation of n draws: sum of 1 - (1 - p)^n. Exact."""
    return float((1.0 - (1.0 - counts / counts.sum()) ** n).sum())


def lineage_survival(generations: int) -> Curve:
    """The chance that one copy still has offspring: s' = 1 - exp(-s), s_0 = 1, in the end 2 / g.

    A branching process with Poisson offspring (Galton & Watson 1874), the limit of many draws:
    1, .632, .469, .374, .312, .268 and .158 after ten.
    """
    alive = [1.0]
    for _ in range(generations):
        alive.append(-math.expm1(-alive[-1]))
    return np.array(alive)


def expected_support(counts: Counts, generations: int) -> Curve:
    """How many kinds are left on average where chance alone decides: sum of 1 - (1 - s_g)^k over the counts k.

    As many draws as there are copies, and many. A kind of k copies is lost at once with chance e^-k.
    """
    dead = 1.0 - lineage_survival(generations)
    kinds, how_many = np.unique(counts[counts > 0], return_counts=True)
    left: Curve = ((1.0 - dead[:, None] ** kinds[None, :]) * how_many).sum(axis=1)
    return left


def survival(copies: int, generations: int) -> float:
    """About the chance that a kind with so many copies outlives g > 2 generations: 1 - (1 - 2/g)^copies."""
    return float(1.0 - (1.0 - 2.0 / generations) ** copies)


def fixation_time(share: float, n: int) -> float:
    """Generations until one of two kinds is all there is: -2 n [p ln p + (1-p) ln(1-p)], diffusion limit, 0 < p < 1."""
    return -2.0 * n * (share * math.log(share) + (1.0 - share) * math.log1p(-share))


def wright_fisher(counts: Counts, generations: int, rng: Generator, *, share: float = 0.0) -> Iterator[Counts]:
    """Counts of every kind, generation by generation, the given ones first; the number of copies n never changes.

    ``share`` of the n draws (rounded) is made from the first generation, the rest from the last.
    """
    n = int(counts.sum())
    real, present = round(share * n), counts
    yield present
    for _ in range(generations):
        fresh = rng.multinomial(real, counts / n)
        present = rng.multinomial(n - real, present / n) + fresh
        yield present


# The same with pictures: an ideal diffusion model of a gallery only ever returns what hangs in it.


def ideal_denoiser(noisy: Table, gallery: Table, sigma: float) -> Table:
    """The best possible guess where only the pictures of a gallery exist: sum of softmax(-|x-y|^2 / 2 sigma^2) y.

    ``noisy`` is B x D, ``gallery`` N x D, pixels in any unit, ``sigma`` in the same. Karras et al. 2022, appendix B.3.
    """
    squares = ((noisy[:, None, :] - gallery[None, :, :]) ** 2).sum(axis=2) / (-2.0 * sigma**2)
    weights = np.exp(squares - squares.max(axis=1, keepdims=True))
    guess: Table = weights @ gallery / weights.sum(axis=1, keepdims=True)
    return guess


def ideal_samples(gallery: Table, sigmas: Curve, rng: Generator, number: int) -> Table:
    """Pictures out of noise by the probability-flow ODE (Euler), down a ladder of falling ``sigmas`` that ends at 0.

    With a loud beginning and a fine ladder these are pictures of the gallery, each as likely as the next.
    """
    x: Table = sigmas[0] * rng.standard_normal((number, gallery.shape[1]))
    for sigma, lower in pairwise(sigmas):
        guess = ideal_denoiser(x, gallery, float(sigma))
        x = guess + lower / sigma * (x - guess)
    return x


def gallery(number: int, rng: Generator) -> Iterator[Counts]:
    """Which of so many pictures hang in the gallery, generation by generation, where it is retrained on its output.

    To retrain an ideal denoiser is to replace its gallery, and to sample it is to draw from the gallery: this is
    Wright-Fisher, exact and free. ``number`` places, each the index of a picture; endless. One picture is left after
    about 2 x number generations.
    """
    hanging: Counts = np.arange(number)
    while True:
        yield hanging
        hanging = hanging[rng.integers(0, number, number)]


def _steps(generations: int) -> Curve:
    return np.arange(generations + 1, dtype=np.float64)


def _digamma_of_half(twice: int) -> float:
    """psi(twice / 2), exactly: psi(1) = -gamma, psi(1/2) = -gamma - 2 ln 2, psi(x + 1) = psi(x) + 1/x."""
    first = 1.0 if twice % 2 == 0 else 0.5
    start = -EULER - (0.0 if first == 1.0 else 2.0 * math.log(2.0))
    return start + math.fsum(1.0 / (first + i) for i in range(round(twice / 2 - first)))


def _renewal(n: int, share: float) -> float:
    kept = 1.0 - share
    return kept**2 - kept / n


def _sampled(mean: Curve, variance: Curve, n: int, rng: Generator) -> tuple[Curve, Curve]:
    """The mean of n samples and the sum of their squared distances to it, for every run."""
    if n == 0:
        return np.zeros_like(mean), np.zeros_like(mean)
    scatter = rng.chisquare(n - 1, mean.size) if n > 1 else np.zeros(mean.size)
    return mean + np.sqrt(variance / n) * rng.standard_normal(mean.size), variance * scatter


def _pooled(one: tuple[Curve, Curve], n: int, other: tuple[Curve, Curve], m: int) -> tuple[Curve, Curve]:
    """Mean and scatter of two batches of n and m samples together (Chan, Golub & LeVeque 1979)."""
    apart = other[0] - one[0]
    return one[0] + apart * m / (n + m), one[1] + other[1] + apart**2 * n * m / (n + m)
