"""Memory: what is left of the origin in a picture, as far as the eye's first glance goes, and how fast that fades."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from installation.readings.look import Look
from installation.readings.register import reading

if TYPE_CHECKING:
    from installation.readings.window import Window
    from installation.records import Pixels

FEWEST = 8  # points before a half-life is fitted
TRIALS = 300  # time constants tried; between them a parabola finds the best
SHORTEST, LONGEST = 0.002, 100.0  # times the span seen: what fades more slowly is not seen to fade


@reading(
    "/reading/memory",
    of="picture",
    low=-1.0,
    doc="Correlation with the origin at a glance (32 x 32, CIE Lab): 1 remembers all, 0 nothing.",
    source="Pearson 1895",
    cost=0.3,
    brief="memory {:+.2f}",
)
def memory(present: Look, origin: Look) -> float:
    """``likeness`` of the two glances."""
    return likeness(present.glance, origin.glance)


@reading(
    "/reading/memory/half-life",
    of="window",
    unit="generations",
    high=200.0,
    doc="Generations until half of the memory is gone: exp(-t / tau) fitted to it since the origin.",
    source="least squares",
    cost=0.3,
)
def memory_half_life(window: Window) -> float:
    """``half_life`` of the memory of every generation since the fire was lit, thinned to 256 points at most."""
    return half_life(*window.memories)


def recollection(pixels: Pixels) -> np.ndarray:
    """What a glance keeps of H x W x 3 uint8 sRGB pixels: 32 x 32 CIE Lab values, float32."""
    return Look(pixels).glance


def likeness(recalled: np.ndarray, origin: np.ndarray) -> float:
    """Pearson correlation of two recollections, -1 to 1: 1 remembers all, 0 nothing; a flat picture recalls 0."""
    a, b = (each - each.mean(axis=(0, 1), dtype=np.float64) for each in (recalled, origin))  # else a flat one rounds
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0.0 else 0.0


def half_life(ages: np.ndarray, memories: np.ndarray) -> float:
    """The half-life tau ln 2 for the exp(-t / tau) nearest to a series of memories by least squares, in units of t.

    NaN below 8 points, and where the series does not fall: something has to be forgotten first.
    """
    if len(ages) < FEWEST:
        return math.nan
    constants = np.geomspace(SHORTEST, LONGEST, TRIALS) * ages.max()
    errors = np.square(np.exp(-ages / constants[:, None]) - memories).sum(axis=1)
    best = int(errors.argmin())
    if not 0 < best < TRIALS - 1:
        return math.nan
    step = math.log(constants[1] / constants[0])
    return float(constants[best] * math.exp(step * _vertex(*errors[best - 1 : best + 2])) * math.log(2.0))


def _vertex(left: float, middle: float, right: float) -> float:
    """Where the parabola through three points has its bottom, in steps from the middle one."""
    bend = left - 2.0 * middle + right
    return 0.5 * (left - right) / bend if bend > 0.0 else 0.0
