"""Tail mass: how much of what is shown is still as unusual as real pictures can be. Collapse cuts the tails first."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import math
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from installation import images
from installation.machine.files import share, write_atomically
from installation.readings.look import THUMB, Look
from installation.readings.register import reading

if TYPE_CHECKING:
    from installation.readings.window import Window
    from installation.records import Pixels

FILE = "tail.npz"  # among the assets: the ball of the shipped archive
DIMENSIONS = 32
SHARE = 0.95  # of real pictures inside
FOLDS = 5
FEWEST = 2 * FOLDS  # real pictures
SIDE = 64  # pixels: what a thumb is made from

log = logging.getLogger(__name__)


@reading(
    "/reading/tail-mass",
    of="window",
    doc="Share of the last 64 pictures outside what 95 % of real ones keep to: 0.05 is real, 0 has lost its tails.",
    source="Mahalanobis 1936, in 32 principal components of the archive's thumbs",
    cost=0.1,
)
def tail_mass(window: Window) -> float:
    """The share of thumbs outside the ``Ball``; NaN where there is none."""
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


def gathered(folder: Path) -> Ball:
    """The ``fit`` of a folder's pictures, damaged ones passed over; half a second for 150.

    The shipped table is ``save(gathered(share("assets") / "archive"), share("assets") / FILE)``: to be made anew, and
    a test says so, when the archive changes. Raises ``ValueError`` for fewer than 10 pictures.
    """
    return fit(np.array([Look(pixels).thumb for path in sorted(folder.glob("*")) for pixels in _opened(path)]))


def save(ball: Ball, path: Path) -> None:
    """Write a ball as NumPy's npz, in float32, whole or not at all. Raises ``StorageError``."""
    table = io.BytesIO()
    np.savez_compressed(table, mean=np.float32(ball.mean), axes=np.float32(ball.axes), radius=ball.radius)
    write_atomically(path, table.getvalue())


def load(path: Path) -> Ball | None:
    """A ball from its file. One that cannot be used is named in the log, and there is no ball: the show goes on."""
    with contextlib.suppress(OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile, zlib.error):
        with np.load(io.BytesIO(path.read_bytes())) as table:  # NumPy refuses pickles
            ball = Ball(table["mean"], table["axes"], float(table["radius"]))
        if math.isfinite(ball.radius) and np.isfinite(ball.distance(np.zeros((1, THUMB * THUMB * 3)))).all():
            return ball
    log.error("No tail mass is read: %s is missing or damaged. Install the program anew.", path)
    return None


@functools.cache
def shipped() -> Ball | None:
    """The ball of the shipped archive, for pictures of any size; read once."""
    return load(share("assets") / FILE)


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
