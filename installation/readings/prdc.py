"""Precision, recall, density and coverage: how two clouds of pictures lie in one another, by nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEIGHBOURS = 5  # k of Naeem et al. 2020


@dataclass(frozen=True, slots=True)
class Prdc:
    """What a cloud of made pictures shares with a cloud of real ones; each is a mean, without a unit.

    ``precision``: made ones that lie among the real, 0 to 1. ``recall``: real ones that lie among the made, 0 to 1
    (Kynkäänniemi et al. 2019). ``density``: how many real neighbourhoods a made one lies in, over k; about 1 for equal
    clouds, and not bounded. ``coverage``: real ones with a made one in their neighbourhood, 0 to 1.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: np.ndarray, made: np.ndarray, k: int = NEIGHBOURS) -> Prdc:
    """The four of Naeem et al. 2020 (arXiv:2002.09797) on features: real is N x D, made is M x D.

    A neighbourhood is the open ball as far as the k-th nearest of the same cloud, the point itself not counted.
    O(N M) memory. Raises ``ValueError`` unless both clouds hold more than k points of one dimension.
    """
    if min(len(real), len(made)) <= k or real.shape[1:] != made.shape[1:]:
        raise ValueError(f"k = {k} neighbours need more than {k} points of one dimension: {real.shape}, {made.shape}.")
    across = distances(real, made)
    near_real = across < reach(real, k)[:, None]
    near_made = across < reach(made, k)[None, :]
    return Prdc(
        precision=float(near_real.any(axis=0).mean()),
        recall=float(near_made.any(axis=1).mean()),
        density=float(near_real.sum(axis=0).mean() / k),
        coverage=float(near_real.any(axis=1).mean()),
    )


def expected_coverage(real: int, made: int, k: int = NEIGHBOURS) -> float:
    """Coverage when both clouds come from one distribution: 1 - prod over j < k of (N-1-j) / (N+M-1-j); .969 for k = 5.

    A neighbourhood stays empty when the k nearest of the N + M - 1 others are all real.
    """
    ranks = np.arange(k)
    return float(1.0 - np.prod((real - 1.0 - ranks) / (real + made - 1.0 - ranks)))


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances of N x D and M x D points, N x M float64."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T
    apart: np.ndarray = np.sqrt(squares.clip(min=0.0))
    return apart


def reach(points: np.ndarray, k: int) -> np.ndarray:
    """How far the k-th nearest other point is from each of N x D points, N float64."""
    among = distances(points, points)
    np.fill_diagonal(among, 0.0)  # rounding leaves a trifle there, which could pass for a neighbour
    kth: np.ndarray = np.partition(among, k, axis=1)[:, k]
    return kth
