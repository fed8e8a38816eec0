"""Diversity: how many different pictures a window of pictures amounts to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from installation.readings.register import reading

if TYPE_CHECKING:
    from installation.readings.window import Window

#: CIE Lab units. A picture moved by a twenty-fifth of its width is that far from itself and counts as 61 % alike; noise
#: of 20 levels moves it by 1.3; two pictures of the archive are 43 apart at the median and at least 18.
BANDWIDTH = 8.0


@reading(
    "/reading/diversity",
    of="window",
    unit="pictures",
    low=1.0,
    high=64.0,
    doc="How many different pictures the last 64 amount to: 1 when all are the same, 64 when none is like another.",
    source="Vendi score, Friedman and Dieng 2023",
    cost=0.3,
)
def diversity(window: Window) -> float:
    """``vendi`` with the kernel exp(-d^2 / 2 h^2), d the root mean square Lab distance of 16 x 16 thumbs, h = 8."""
    return vendi(np.exp(-window.squares / (2.0 * BANDWIDTH**2)))


def vendi(kernel: np.ndarray) -> float:
    """exp(-sum l ln l) over the eigenvalues l of K / n; 1 to n for n x n similarities with ones on the diagonal.

    Singular values, which a positive semidefinite K has for eigenvalues: OpenCV finds them without a second thread,
    where LAPACK's threads would wait for torch's.
    """
    import cv2

    spectrum = cv2.SVDecomp(np.ascontiguousarray(kernel, np.float64) / len(kernel), flags=cv2.SVD_NO_UV)[0]
    shares = spectrum[spectrum > 0.0]
    return float(np.exp(-(shares * np.log(shares)).sum()))
