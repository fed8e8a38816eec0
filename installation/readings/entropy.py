"""Shannon entropy of a picture's brightness: how surprising the next pixel is, if one knows all the others' levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from installation.records import Pixels

REC_709 = np.array([0.2126, 0.7152, 0.0722])


def luma(pixels: Pixels) -> np.ndarray:
    """Rec. 709 luma of H x W x 3 uint8 sRGB pixels, rounded to H x W uint8."""
    weighted: np.ndarray = np.rint(pixels @ REC_709).astype(np.uint8)
    return weighted


def shannon_entropy(levels: np.ndarray) -> float:
    """H = -sum p log2 p over the 256 levels of an uint8 array, in bits per pixel, 0 to 8.

    The plug-in estimator; it reads (K - 1) / (2 N ln 2) bits too low for K levels in use among N pixels (Miller 1955),
    0.003 bits at 256 x 256. It is blind to space: shuffled pixels read the same.
    """
    counts = np.bincount(levels.reshape(-1), minlength=256)
    shares = counts[counts > 0] / levels.size
    return max(float(-(shares * np.log2(shares)).sum()), 0.0)
