"""Cold diffusion: restoring without noise, by burning the guess again with the very same fire.

Bansal et al. 2022 (arXiv:2208.09392). D(x, T) is the medium, R(x, T) a guess of the clean image behind what it burnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from installation.records import Step

if TYPE_CHECKING:
    from installation.records import Burnt, Image

    #: R(x, T): what a burnt image, with its temperature and sigma, was before.
    Recovery = Callable[["Burnt"], "Image"]


def improved(recover: Recovery, burnt: Burnt, steps: int) -> Iterator[Step]:
    """Algorithm 2: x' = x - D(R(x, T), T) + D(R(x, T), T'), in equal steps of temperature down to 0.

    What R gets wrong the same way twice cancels: where D is linear in T, x + T e, the picture comes back exactly,
    whatever R says. The last ``denoised`` is x at T = 0. Raises ``ValueError`` where D is not known.
    """
    again = fire(burnt)
    for index, (hot, cool) in enumerate(pairwise(cooling(burnt.temperature, steps))):
        guess = recover(burnt)
        cooler = again(guess, cool)
        image = burnt.image - again(guess, hot).image + cooler.image
        yield Step(index, burnt.sigma, burnt.image, guess if cool else image, noisy=False)
        burnt = replace(cooler, image=image, source=None)


def naive(recover: Recovery, burnt: Burnt, steps: int) -> Iterator[Step]:
    """Algorithm 1: x' = D(R(x, T), T'): all trust in R, whose errors add up; every step sees only a guess."""
    again = fire(burnt)
    for index, (_, cool) in enumerate(pairwise(cooling(burnt.temperature, steps))):
        guess = recover(burnt)
        yield Step(index, burnt.sigma, burnt.image, guess, noisy=False)
        burnt = again(guess, cool)


def cooling(temperature: float, steps: int) -> list[float]:
    """``steps + 1`` temperatures, from the first to 0 in equal steps."""
    return [temperature * (1.0 - step / steps) for step in range(steps + 1)]


def fire(burnt: Burnt) -> Callable[[Image, float], Burnt]:
    """D of a burnt image. Raises ``ValueError`` when it does not know how it was burnt."""
    if burnt.again is None:
        raise ValueError("Cold diffusion burns its guesses again: burn the image with burns.burn, not with the medium.")
    return burnt.again
