"""The noise temperature: how hot a picture looks, from its finest diagonal details alone."""

from __future__ import annotations

import math

import numpy as np

from installation.readings.look import Look
from installation.readings.register import reading

NORMAL_MEDIAN = 0.6745  # of |N(0, 1)|
MOST_BLOCKS = 128 * 128  # of 2 x 2 pixels; that many give the median within 1 %
GREEN = 1  # the burn's noise is drawn for each channel alone; a mean of three would be quieter


@reading(
    "/reading/noise-temperature",
    of="picture",
    doc="The temperature at which Gaussian burning would leave as much noise as there is in the finest details.",
    source="Donoho 1995, median |HH| / 0.6745",
    cost=0.2,
)
def noise_temperature(present: Look, origin: Look) -> float:  # noqa: ARG001 - every reading of a picture has both
    """T = (2 / pi) atan(sigma), the map of every burn, with sigma estimated by ``noise_level``, 0 to 1.

    Texture counts as noise: sharp photographs read a few hundredths. A picture that is shown while it burns reads
    (2 / pi) atan(sin phi), 0.27 at T = 0.3: the burn dims it as well, which the finest details do not show. Hotter than
    that, black and white cut the noise off and it reads cooler still.
    """
    return 2.0 / math.pi * math.atan(noise_level(present))


def noise_level(look: Look) -> float:
    """The deviation of white noise in units of an image from -1 to 1: median |HH| / 0.6745 of the finest Haar details.

    Taken from the green channel at full size, where the noise is, on a grid of at most 16,384 blocks of 2 x 2.
    """
    height, width = look.pixels.shape[:2]
    step = 2
    while (height // step) * (width // step) > MOST_BLOCKS:
        step *= 2
    green = look.pixels[: height // step * step, : width // step * step, GREEN]
    a, b, c, d = (green[down::step, across::step].astype(np.int16) for down in (0, 1) for across in (0, 1))
    twice = np.abs(a - b - c + d)  # HH = (a - b - c + d) / 2
    return median_of_whole(twice) / 2.0 / NORMAL_MEDIAN / 127.5


def median_of_whole(numbers: np.ndarray) -> float:
    """Median of whole numbers that were rounded from others: interpolated within the level where it lies."""
    counts = np.bincount(numbers.reshape(-1))
    below = np.cumsum(counts)
    half = numbers.size / 2.0
    level = int(np.searchsorted(below, half))
    share = (half - (below[level] - counts[level])) / counts[level]
    return float(
        share / 2.0 if level == 0 else level - 0.5 + share
    )  # 0 holds only what was rounded down from below 1/2
