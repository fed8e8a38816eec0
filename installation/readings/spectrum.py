"""The spectrum of a picture: how its power is spread over scales, read as entropy and as temperature."""

from __future__ import annotations

import math

import numpy as np

from installation.readings.look import Look, Rings
from installation.readings.register import reading

GREYS = 255.0  # levels from black to white
ROUNDING = 1.0 / 12.0  # levels squared: the power that rounding to 8 bits leaves in every mode
OCTAVES = 6  # from the finest scale down
FEWEST = 3  # octaves that a slope is laid through


@reading(
    "/reading/spectral-entropy",
    of="picture",
    doc="How evenly the power is spread over scales, per mode: 1 is white noise, near 0 a single wave.",
    source="Shannon 1948, on the radial power spectrum",
    cost=0.7,
)
def spectral_entropy(present: Look, origin: Look) -> float:  # noqa: ARG001 - every reading of a picture has both
    """-sum p ln p / ln K over K rings, p the mean power per mode of a ring as a share of their sum. NaN when flat."""
    power = present.power[1]
    total = float(power.sum())
    if total <= 0.0:
        return math.nan
    shares = power[power > 0.0] / total
    return max(float(-(shares * np.log(shares)).sum()) / math.log(len(power)), 0.0)


@reading(
    "/reading/spectral-temperature/coarse",
    of="picture",
    unit="grey^2",
    high=0.1,
    doc="Temperature k^2 P(k) of the waves 8 to 64 pixels long: equipartition would make all scales equally warm.",
    source="equipartition of the energy |grad u|^2 / 2",
    cost=0.05,
)
def coarse_temperature(present: Look, origin: Look) -> float:  # noqa: ARG001
    """Mean over the third to fifth octave from the finest, black to white being 1."""
    return float(spectral_temperature(*present.power)[1][1:4].mean()) / GREYS**2


@reading(
    "/reading/spectral-temperature/fine",
    of="picture",
    unit="grey^2",
    high=0.1,
    doc="The same of the waves 2 to 4 pixels long: blur freezes them, noise heats them.",
    source="equipartition of the energy |grad u|^2 / 2",
    cost=0.05,
)
def fine_temperature(present: Look, origin: Look) -> float:  # noqa: ARG001
    """The finest octave, black to white being 1."""
    return float(spectral_temperature(*present.power)[1][-1]) / GREYS**2


@reading(
    "/reading/spectral-temperature/slope",
    of="picture",
    low=-2.0,
    high=2.0,
    doc="d ln(k^2 P) / d ln k: 0 is equally warm at all scales, 2 white noise, photographs a little below 0.",
    source="equipartition; photographs: Field 1987",
    cost=0.05,
)
def temperature_slope(present: Look, origin: Look) -> float:  # noqa: ARG001
    """Straight line through the octaves of ``spectral_temperature`` that have power. NaN below three of them."""
    k, theta = spectral_temperature(*present.power)
    warm = theta > 0.0
    if warm.sum() < FEWEST:
        return math.nan
    k, theta = k[warm], theta[warm]
    across = np.log(k) - np.log(k).mean()
    return float((across * np.log(theta)).sum() / (across * across).sum())


@reading(
    "/reading/gaussian-entropy",
    of="picture",
    unit="nat/px",
    high=6.0,
    doc="Entropy that the spectrum alone leaves open: of Gaussian noise with the same power at every scale.",
    source="Shannon 1948, S = 1/2 sum ln(2 pi e P)",
    cost=0.05,
)
def gaussian_entropy(present: Look, origin: Look) -> float:  # noqa: ARG001
    """S / N = mean over modes of ln(2 pi e P(k)) / 2, P in grey levels squared, in nats per pixel.

    P is the mean power of a mode's ring: the logarithm of a single mode's power would read 0.577 / 2 too low. Power
    below what rounding to 8 bits leaves (1/12) counts as that, so a flat field reads 0.176 and not minus infinity.
    """
    rings, power = present.power
    each = np.log(2.0 * math.pi * math.e * np.maximum(power, ROUNDING)) / 2.0
    return float((each * rings.modes).sum() / rings.modes.sum())


def spectral_temperature(rings: Rings, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve Theta(k) = k^2 P(k) in six octaves, coarse to fine: k in radians per pixel, Theta.

    The temperature at which equipartition would give mode k the energy it has, if a picture's energy is the integral
    of |grad u|^2 / 2: the Gaussian free field is flat, white noise rises as k^2, natural photographs fall a little.
    """
    octave = np.ceil(np.log2(math.pi / rings.k)).astype(int)  # 1: the finest, pi / 2 to pi; corners beyond are 0
    inside = (octave >= 1) & (octave <= OCTAVES)
    place, modes = OCTAVES - octave[inside], rings.modes[inside]
    total = np.bincount(place, modes, OCTAVES)
    total[total == 0.0] = np.nan  # a tiny picture has no coarse octaves
    theta = np.bincount(place, modes * rings.k[inside] ** 2 * power[inside], OCTAVES)
    k = np.bincount(place, modes * np.log(rings.k[inside]), OCTAVES)
    with np.errstate(invalid="ignore"):  # a small picture has no modes in the coarsest octaves: NaN there
        return np.exp(k / total), theta / total
