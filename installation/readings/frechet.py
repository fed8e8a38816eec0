"""The Fréchet distance of two clouds of features, as if both were Gaussian."""

from __future__ import annotations

import numpy as np


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The squared Fréchet (2-Wasserstein) distance of the Gaussians fitted to N x D and M x D features; 0 or more.

    Means and covariances in float64, covariances divided by N - 1. Estimated from few points it reads too high, the
    more so the larger D is: compare only figures of equal N and D. Raises ``ValueError`` for fewer than two points.
    """
    if min(len(a), len(b)) < 2:  # noqa: PLR2004 - a covariance
        raise ValueError(f"A covariance needs two points at least, not {len(a)} and {len(b)}.")
    clouds = [cloud.astype(np.float64) for cloud in (a, b)]
    means = [cloud.mean(axis=0) for cloud in clouds]
    covariances = [np.atleast_2d(np.cov(cloud, rowvar=False)) for cloud in clouds]
    return of_gaussians(means[0], covariances[0], means[1], covariances[1])


def of_gaussians(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """|m_a - m_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), Dowson and Landau 1982; means D, covariances D x D.

    The square roots are taken of symmetric matrices, by eigenvalues, so that nothing complex can arise.
    """
    root = square_root(cov_a)
    shared = np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0.0)
    apart = float(((mean_a - mean_b) ** 2).sum())
    return max(apart + float(np.trace(cov_a) + np.trace(cov_b) - 2.0 * np.sqrt(shared).sum()), 0.0)


def square_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a covariance, D x D; eigenvalues below 0 are rounding and count as 0."""
    values, vectors = np.linalg.eigh(covariance)
    root: np.ndarray = (vectors * np.sqrt(values.clip(min=0.0))) @ vectors.T
    return root
