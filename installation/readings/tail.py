"""Tail mass: how much of what is shown is still as unusual as real pictures can be. Collapse cuts the tails first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from installation import images
from installation.readings.look import Look
from installation.readings.register import reading

if TYPE_CHECKING:
    from installation.readings.window import Window
    from installation.records import Pixels

DIMENSIONS = 32
SHARE = 0.95  # of real pictures inside
FOLDS = 5
FEWEST = 2 * FOLDS  # real pictures
SIDE = 64  # pixels: what a thumb is made from


@reading(
    "/reading/tail-mass",
    of="window",
    doc="Share of the last 64 pictures outside what 95 % of real ones keep to: 0.05 is real, 0 has lost its tails.",
    source="Mahalanobis 1936, in 32 principal components of the archive's thumbs",
    cost=0.1,
)
def tail_mass(window: Window) -> float:
    """The share of pictures outside the ``Ball``; NaN where there is no archive to compare with."""
    return window.outside


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball in whitened principal components: ``axes`` (d x D) are the components over their deviations."""

    mean: np.ndarray
    axes: np.ndarray
    radius: float

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Mahalanobis distances of N x D points to the mean, within the components."""
        within: np.ndarray = np.sqrt(np.square((points - self.mean) @ self.axes.T).sum(axis=1))
        return within

    def outside(self, points: np.ndarray) -> np.ndarray:
        """Which of N x D points lie outside: N booleans."""
        beyond: np.ndarray = self.distance(points) > self.radius
        return beyond


def fit(points: np.ndarray) -> Ball:
    """The ball that 95 % of the distribution of N x D real points lie in, N at least 10.

    Principal components lean towards the points they were made from, which therefore lie further out along them than
    fresh ones do. So the radius comes from points held out, a fifth at a time, and holds for pictures never seen.
    """
    if len(points) < FEWEST:
        raise ValueError(f"At least {FEWEST} real pictures are needed, not {len(points)}.")
    fold = np.arange(len(points)) % FOLDS
    held_out = [_whiten(points[fold != each]).distance(points[fold == each]) for each in range(FOLDS)]
    ball = _whiten(points)
    return Ball(ball.mean, ball.axes, float(np.quantile(np.concatenate(held_out), SHARE)))


def ball_of(folder: Path) -> Ball | None:
    """The ball of the pictures in a folder, the archive's for one; damaged ones are passed over. None below 10."""
    points = [Look(pixels).thumb for path in sorted(folder.glob("*")) for pixels in _opened(path)]
    return fit(np.stack(points)) if len(points) >= FEWEST else None


def _opened(path: Path) -> Iterator[Pixels]:
    with contextlib.suppress(images.ImageError):
        yield images.load(path, SIDE, SIDE)


def _whiten(points: np.ndarray) -> Ball:
    mean = points.mean(axis=0, dtype=np.float64)
    _, spread, components = np.linalg.svd(points - mean, full_matrices=False)
    kept = min(DIMENSIONS, len(points) // 2, int((spread > 1e-9 * spread[0]).sum()))
    deviations = spread[:kept] / np.sqrt(len(points) - 1)
    return Ball(mean, components[:kept] / deviations[:, None], np.inf)
