"""Walking from noise to image with any denoiser D(x, sigma): the ladder of noise levels and the steps on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from installation.records import Step
from installation.restorers import cold
from installation.restorers.protocol import start
from installation.restorers.samplers import by_ratio, descend

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image
    from installation.restorers.cold import Recovery
    from installation.restorers.protocol import Native, Restoring
    from installation.restorers.samplers import Denoiser, Keep

#: Cold diffusion, by the name of the knob: the paper's algorithms 2 and 1.
COLD: Mapping[str, Callable[[Recovery, Burnt, int], Iterator[Step]]] = MappingProxyType(
    {"cold": cold.improved, "cold-naive": cold.naive}
)
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
    denoise: Denoiser,
    burnt: Burnt,
    knobs: Restoring,
    rng: Generator,
    *,
    sigma_min: float = SIGMA_MIN,
    native: Native | None = None,
    keep: Keep = by_ratio,
) -> Iterator[Step]:
    """Restore step by step from exactly the burn's sigma, as ``knobs.sampler`` says, held to ``knobs.evidence``.

    The ladder starts at the burn's own sigma and is not a full ladder cut by "strength"; at or below ``sigma_min``
    the image itself is the only step. ``native`` recovers burnt images in cold diffusion, where it knows the medium;
    ``keep`` says what of the noise stays from step to step, where the model knows how wrong its guesses are.
    """
    if burnt.sigma <= sigma_min:
        yield Step(0, burnt.sigma, burnt.image / burnt.signal, burnt.image / burnt.signal)
    elif knobs.sampler in COLD:
        yield from COLD[knobs.sampler](recovery(denoise, burnt, knobs, rng, native), burnt, knobs.steps)
    else:

        def guess(x: Image, sigma: float) -> Image:
            return agreeing(denoise(x, sigma), burnt, knobs.evidence)

        sigmas = karras_sigmas(knobs.steps, sigma_min, burnt.sigma)
        yield from descend(knobs.sampler, guess, start(burnt, rng), sigmas, rng, churn=knobs.churn, keep=keep)


def recovery(
    denoise: Denoiser, burnt: Burnt, knobs: Restoring, rng: Generator, native: Native | None
) -> Callable[[Burnt], Image]:
    """R(x, T) of cold diffusion: a model trained on the medium, or one look through noise that covers the damage."""

    def guess(cooler: Burnt) -> Image:
        if native is not None and burnt.medium in native.media:
            return native.recover(cooler.image, burnt.medium, cooler.temperature)
        if cooler.sigma <= SIGMA_MIN:
            return cooler.image / cooler.signal
        return denoise(start(cooler, rng), cooler.sigma)

    return lambda cooler: agreeing(guess(cooler), burnt, knobs.evidence)


def agreeing(guess: Image, burnt: Burnt, strength: float) -> Image:
    """A guess, moved by a strength of 0 to 1 to agree with what the burn has kept (see ``Burnt.evidence``)."""
    if burnt.evidence is None or strength == 0.0:
        return guess
    return guess + strength * (burnt.evidence(guess) - guess)
