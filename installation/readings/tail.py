"""Tail mass: how much of what is shown is still as unusual as real pictures can be. Collapse cuts the tails first."""

from __future__ import annotations

import contextlib
import math
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
    """The share of thumbs outside the ``Ball``; NaN until it is gathered, or where there is no archive."""
    return float(window.ball.outside(window.thumbs).mean()) if window.ball else math.nan


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


class Gathering:
    """The ball of a folder of pictures, the archive for one, gathered a picture at a time: nobody waits for it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened yet."""
        self._waiting = sorted(folder.glob("*"), reverse=True)
        self._points: list[np.ndarray] = []
        self._ball: Ball | None = None

    def ball(self) -> Ball | None:
        """One picture further, damaged ones passed over. The ball once all are in, None before and below 10."""
        if self._waiting:
            self._points += [Look(pixels).thumb for pixels in _opened(self._waiting.pop())]
        elif len(self._points) >= FEWEST:
            self._ball = fit(np.stack(self._points))
            self._points = []
        return self._ball


def _opened(path: Path) -> Iterator[Pixels]:
    with contextlib.suppress(images.ImageError):
        yield images.load(path, SIDE, SIDE)


def _whiten(points: np.ndarray) -> Ball:
    mean = points.mean(axis=0, dtype=np.float64)
    centred = points - mean
    squares, turned = np.linalg.eigh(centred @ centred.T)  # of N x N: ten times faster than those of D x D
    kept = min(DIMENSIONS, len(points) // 2, int((squares > 1e-9 * squares[-1]).sum()))
    largest = squares[::-1][:kept]
    components = turned[:, ::-1][:, :kept].T @ centred / np.sqrt(largest)[:, None]
    return Ball(mean, components / np.sqrt(largest / (len(points) - 1))[:, None], np.inf)
