"""Two clouds of points compared: are the made ones like the real ones, and do they reach all of them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Manifold:
    """Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020).

    Shares from 0 to 1; density may go beyond 1 where the made points crowd among real ones.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def compare(real: np.ndarray, made: np.ndarray, neighbours: int = NEIGHBOURS) -> Manifold:
    """Compare N and M points of the same dimension, N x D and M x D, by balls reaching to the k-th neighbour.

    Raises ``ValueError`` unless both have more than k points. Memory and time are N x M.
    """
    if min(len(real), len(made)) <= neighbours:
        raise ValueError(f"More than {neighbours} points are needed on both sides, not {len(real)} and {len(made)}.")
    between = distances(real, made)
    reach, made_reach = radii(real, neighbours), radii(made, neighbours)
    within = between < reach[:, None]
    return Manifold(
        precision=float(within.any(axis=0).mean()),
        recall=float((between < made_reach[None, :]).any(axis=1).mean()),
        density=float(within.sum(axis=0).mean()) / neighbours,
        coverage=float((between.min(axis=1) < reach).mean()),
    )


def expected_coverage(real: int, made: int, neighbours: int = NEIGHBOURS) -> float:
    """Coverage of two samples of one distribution: 1 - prod_j (N - 1 - j) / (N + M - 1 - j), j = 0 .. k - 1.

    The chance that not all of a real point's k nearest are real (Naeem et al. 2020, lemma 2).
    """
    steps = np.arange(neighbours)
    return float(1.0 - np.prod((real - 1 - steps) / (real + made - 1 - steps)))


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances of every row of ``a`` to every row of ``b``."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * a @ b.T
    apart: np.ndarray = np.sqrt(np.maximum(squares, 0.0))
    return apart


def radii(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Distance of every point to its k-th neighbour, itself not counted."""
    apart = distances(points, points)
    np.fill_diagonal(apart, 0.0)
    return np.partition(apart, neighbours, axis=1)[:, neighbours]
