"""Walking from noise to image with any denoiser D(x, sigma): the ladder of noise levels and the steps on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from installation.randomness import white
from installation.records import Step
from installation.restorers.protocol import start

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image
    from installation.restorers.protocol import Restoring

Denoiser = Callable[["Image", float], "Image"]
SIGMA_MIN = 0.02  # below this noise an 8-bit picture in -1 to 1 (one level is 0.008) looks clean


def karras_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> list[float]:
    """Noise levels from loud to silent, spaced so that quiet levels get more steps.

    Returns ``steps + 1`` numbers, strictly falling, the last one 0. Raises ``ValueError`` unless
    0 < sigma_min < sigma_max and steps >= 1. Eq. 5 of Karras et al. 2022, arXiv:2206.00364.
    """
    if steps < 1 or not 0.0 < sigma_min < sigma_max:
        raise ValueError(f"A ladder needs a step and 0 < sigma_min < sigma_max, not {steps}, {sigma_min}, {sigma_max}.")
    ramp = np.linspace(0.0, 1.0, steps)
    levels = (sigma_max ** (1 / rho) + ramp * (sigma_min ** (1 / rho) - sigma_max ** (1 / rho))) ** rho
    return [float(sigma_max), *map(float, levels[1:]), 0.0]


def last_rung(steps: int, sigma: float) -> float:
    """The quietest noise at which to ask for a guess: Karras' ladder of one step more, without its lowest rung.

    A whole ladder spends its last step at sigma 0.02, where nothing is left to remove: two steps would give what one
    step gives. With few steps each one must count.
    """
    if steps == 1 or sigma <= SIGMA_MIN:
        return SIGMA_MIN
    return karras_sigmas(steps + 1, SIGMA_MIN, sigma)[steps - 1]


def walk(
    denoise: Denoiser, burnt: Burnt, knobs: Restoring, rng: Generator, sigma_min: float = SIGMA_MIN
) -> Iterator[Step]:
    """Restore step by step from exactly the burn's sigma; ``knobs.churn`` mixes the ODE with ancestral noise.

    The ladder starts at the burn's own sigma and is not a full ladder cut by "strength"; at or below ``sigma_min``
    the image itself is the only step.
    """
    if burnt.sigma <= sigma_min:
        yield Step(0, burnt.sigma, burnt.image / burnt.signal, burnt.image / burnt.signal)
        return
    x = start(burnt, rng)
    for index, (sigma, below) in enumerate(pairwise(karras_sigmas(knobs.steps, sigma_min, burnt.sigma))):
        denoised = denoise(x, sigma)
        yield Step(index, sigma, x, denoised)
        down, up = ancestral_split(sigma, below, knobs.churn)
        x = denoised + (down / sigma) * (x - denoised)
        if up > 0.0:
            x = x + up * white(rng, x)


def ancestral_split(sigma: float, below: float, eta: float) -> tuple[float, float]:
    """How far an Euler step goes down, and how much fresh noise brings it up to ``below``: down^2 + up^2 = below^2.

    up = eta sqrt(below^2 (sigma^2 - below^2) / sigma^2), the eta of Song et al. 2021, eq. 16; 0 is the ODE.
    """
    up = min(below, eta * math.sqrt(below**2 * (sigma**2 - below**2)) / sigma)
    return math.sqrt(below**2 - up**2), up
