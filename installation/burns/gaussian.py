"""Burning with white noise: the forward process of denoising diffusion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.registry import BurnError, medium, require_burnable
from installation.burns.temperature import angle, to_sigma
from installation.knobs import knob
from installation.randomness import white
from installation.records import Burnt

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Image


@medium("gaussian")
@dataclass(frozen=True, slots=True)
class Gaussian:
    """White noise, variance preserving: x_T = cos(phi) x + sin(phi) eps, phi = pi T / 2 (Ho et al. 2020).

    While a fire grows, *held* noise is one veil that thickens (the path DDIM takes back); *markov* adds fresh grain to
    what has already burnt, so that it seethes: the forward process itself. Every single picture has the same law.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the image is burnt into white noise.")
    walk: str = knob("held", choices=("held", "markov"), doc="One noise that grows (held), or ever fresh (markov).")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        phi = angle(self.temperature)
        burnt = white(rng, image).mul_(math.sin(phi)).add_(image, alpha=math.cos(phi))
        return Burnt(burnt, self.temperature, to_sigma(self.temperature), math.cos(phi), math.sin(phi), image)


def walk(image: Image, temperatures: Iterable[float], rng: Generator) -> Iterator[Burnt]:
    """The image at rising temperatures, each burnt from the one before: the Markov chain q(x_t | x_t-1) of Ho et al."""
    burnt = Burnt(image, 0.0, 0.0, source=image)
    for temperature in temperatures:
        require_burnable(image, temperature)
        burnt = reheat(burnt, temperature, rng)
        yield burnt


def reheat(burnt: Burnt, temperature: float, rng: Generator) -> Burnt:
    """Burn further without going back to the clean image: x_2 = (a2/a1) x_1 + sqrt(s2^2 - (a2/a1)^2 s1^2) z.

    The composition of two steps has the law of one. Raises ``BurnError`` when asked to cool: noise cannot be
    taken out without a restorer.
    """
    if temperature < burnt.temperature:
        raise BurnError(f"Burning cannot cool an image from {burnt.temperature:g} to {temperature:g}; restore it.")
    signal, noise = math.cos(angle(temperature)), math.sin(angle(temperature))
    kept = signal / burnt.signal if burnt.signal > 0.0 else 0.0
    added = math.sqrt(max(noise**2 - (kept * burnt.noise) ** 2, 0.0))
    image = white(rng, burnt.image).mul_(added).add_(burnt.image, alpha=kept)
    return Burnt(image, temperature, to_sigma(temperature), signal, noise, burnt.source)
