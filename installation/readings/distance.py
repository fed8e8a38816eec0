"""The distance to the origin: by structure, and by frequency."""

from __future__ import annotations

import functools
import math

import numpy as np

from installation.readings.look import Look, window
from installation.readings.register import reading

C1, C2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2  # SSIM's constants, for levels from 0 to 255
CORNER = 1.0 / 8.0  # cycles per pixel: where the eye at a viewing distance of one wall's width sees half as well


@reading(
    "/reading/distance/structure",
    of="picture",
    doc="1 - SSIM to the origin: how little of its local structure stands where it stood.",
    source="Wang et al. 2004",
    cost=0.7,
)
def structural_distance(present: Look, origin: Look) -> float:
    """1 - ``ssim``, 0 to 2: beyond 1 the structure is inverted."""
    return 1.0 - ssim(present, origin)


@reading(
    "/reading/distance/frequency",
    of="picture",
    high=2.0,
    doc="Difference to the origin against its contrast, fine waves weighing less: 0 the same, 1 grey, 2 its negative.",
    source="contrast sensitivity after Mannos and Sakrison 1974, as a low-pass",
    cost=0.2,
)
def frequency_distance(present: Look, origin: Look) -> float:
    """||W (d - d0)|| / ||W d0|| over cosine transforms, brightness counted from the origin's mean. NaN: flat origin.

    W = 1 / (1 + (f / f0)^2) with f0 = 1/8 cycle per pixel of the quarter.
    """
    weight = sensitivity(*origin.waves.shape)
    apart, whole = present.waves - origin.waves, weight * origin.waves
    apart *= weight
    whole[0, 0] = 0.0
    contrast = float(np.linalg.norm(whole))
    return float(np.linalg.norm(apart)) / contrast if contrast > 0.0 else math.nan


def ssim(a: Look, b: Look) -> float:
    """Mean structural similarity of two lumas of equal size, -1 to 1: 11 x 11 Gaussian window, deviation 1.5."""
    import cv2

    (mean_a, square_a, spread_a), (mean_b, square_b, spread_b) = a.blurred, b.blurred
    means = mean_a * mean_b
    above = window(a.grey * b.grey)
    above -= means  # the covariance; in place from here on, which halves the time
    above *= 2.0
    above += C2
    below = spread_a + spread_b
    below += C2
    means *= 2.0
    means += C1
    above *= means
    np.add(square_a, square_b, out=means)
    means += C1
    below *= means
    above /= below
    return cv2.mean(above)[0]  # in float64


@functools.lru_cache(maxsize=4)
def sensitivity(height: int, width: int) -> np.ndarray:
    """W of every cosine mode, float32; mode n of N has n / 2N cycles per pixel."""
    cycles = np.hypot(np.arange(height)[:, None] / (2.0 * height), np.arange(width) / (2.0 * width))
    return (1.0 / (1.0 + (cycles / CORNER) ** 2)).astype(np.float32)
