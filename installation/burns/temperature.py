"""One temperature for everything: T from 0 (untouched) to 1 (nothing left) as the signal/noise angle phi = pi T / 2.

Variance preserving: ``x_T = cos(phi) x + sin(phi) eps``; variance exploding: ``sigma = tan(phi)``; log-SNR
``2 ln cot(phi)`` for data of unit variance.
"""

import math

HOTTEST_SIGMA = 80.0  # T = 0.992; EDM's largest noise level (Karras et al. 2022): beyond it a float32 picture is gone


def angle(temperature: float) -> float:
    """The angle phi in radians, 0 to pi / 2. Raises ``ValueError`` outside 0 to 1."""
    if not 0.0 <= temperature <= 1.0:
        raise ValueError(f"A temperature lies between 0 and 1, not {temperature}.")
    return math.pi * temperature / 2.0


def to_sigma(temperature: float) -> float:
    """The variance-exploding noise level, 0 to 80 (clipped: T = 1 would be infinite)."""
    return min(math.tan(angle(temperature)), HOTTEST_SIGMA)


def from_sigma(sigma: float) -> float:
    """The temperature of a noise level: T = (2 / pi) atan(sigma)."""
    return 2.0 / math.pi * math.atan(sigma)
