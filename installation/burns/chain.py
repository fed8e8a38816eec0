"""Burns that follow each other: each burns what the last one left, with its own temperature and its own dice."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from installation.burns.registry import MEDIA, Medium
from installation.burns.temperature import HOTTEST_SIGMA, angle
from installation.randomness import followers
from installation.records import Burnt

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Image


@dataclass(frozen=True, slots=True)
class Chain:
    """Two media or more as one: the first burns the image, the next what that has left, and so on."""

    links: tuple[Medium, ...]

    @property
    def temperature(self) -> float:
        """What all of them together come to, ``together`` of their temperatures."""
        return together(*(link.temperature for link in self.links))

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        """Burn as a medium does; the first link draws the random numbers it would draw alone."""
        burnt = Burnt(image, 0.0, 0.0)
        for link, dice in zip(self.links, followers(rng, len(self.links)), strict=True):
            burnt = followed(burnt, link(burnt.image, dice))
        return burnt

    def at(self, temperature: float) -> Chain:
        """The chain cut short where together it comes to this temperature; beyond its own the last link burns hotter.

        What came last is undone first: before the second fire there was the first alone.
        """
        if temperature == self.temperature:
            return self
        links: list[Medium] = []
        for link in self.links:
            room = beyond(together(*(before.temperature for before in links)), temperature)
            last = len(links) == len(self.links) - 1
            links.append(at(link, room if last else min(room, link.temperature)))
        return Chain(tuple(links))


def together(*temperatures: float) -> float:
    """One temperature for burns that follow each other: cos(phi) = cos(phi_1) cos(phi_2) ..., phi = pi T / 2.

    For white noise, whose signal is cos(phi), that is exact. It is 0 only if all are, and 1 as soon as one is.
    """
    return functools.reduce(_both, temperatures, 0.0)


def _both(one: float, other: float) -> float:
    if 0.0 in {one, other}:  # nothing to be composed, nor anything to be rounded
        return max(one, other)
    first, second = angle(one), angle(other)  # their sine too: the arc cosine alone would round cool fires away
    noise = math.hypot(math.sin(first), math.cos(first) * math.sin(second))
    return min(2.0 / math.pi * math.atan2(noise, math.cos(first) * math.cos(second)), 1.0)


def beyond(first: float, whole: float) -> float:
    """The temperature of a second burn that together with the first comes to ``whole``; 0 where the first is enough."""
    if first >= whole:
        return 0.0
    if first == 0.0:
        return whole
    kept = math.cos(angle(whole)) / math.cos(angle(first))
    noise = math.sqrt(max(math.sin(angle(whole)) ** 2 - math.sin(angle(first)) ** 2, 0.0)) / math.cos(angle(first))
    return min(2.0 / math.pi * math.atan2(noise, kept), 1.0)


def followed(first: Burnt, second: Burnt) -> Burnt:
    """One account of a burn and of another that was given what the first had left.

    White noise on white noise is white noise: signals multiply and noises add in squares, exactly as in one burn. Any
    other second medium also burns the noise of the first, which is not white any more: it counts as picture, and what
    must be covered is added in squares (as two blurs do). Where white noise comes last it covers what the first has
    destroyed if it is the louder; else there is as much missing as the first alone would miss.
    """
    temperature = together(first.temperature, second.temperature)
    if 0.0 in {first.sigma, second.sigma}:
        return replace(second if first.sigma == 0.0 else first, temperature=temperature)
    unit = max(first.signal, first.noise / first.sigma)  # the hottest burn has no signal, but noise scaled to sigma
    wanted = math.hypot(first.sigma, _grain(first))
    if second.source is first.image:
        signal, noise = first.signal * second.signal, math.hypot(second.signal * first.noise, second.noise)
        heard = noise / signal if signal > noise / HOTTEST_SIGMA else HOTTEST_SIGMA
        sigma = min(max(wanted, second.sigma / unit, heard), HOTTEST_SIGMA)
        return Burnt(second.image, temperature, sigma, signal, noise, _clean(first))
    sigma = min(math.hypot(wanted, second.sigma / unit), HOTTEST_SIGMA)
    clean = _clean(second)
    source = None if clean is None else clean / unit
    return Burnt(second.image, temperature, sigma, unit * second.signal, second.noise, source)


def _grain(burnt: Burnt) -> float:
    """How far, in root mean square, a picture shown is from the one a restorer would rather start from: splat's grain.

    Once it is burnt further nobody can tell it from the picture, and it has to be covered.
    """
    if burnt.source is None or burnt.noise > 0.0:
        return 0.0
    return float((burnt.image / burnt.signal - burnt.source).square().mean().sqrt())


def _clean(burnt: Burnt) -> Image | None:
    """What a burn has left but for its white noise, where that is known."""
    return burnt.image if burnt.source is None and burnt.noise == 0.0 else burnt.source


def at(medium: Medium, temperature: float) -> Medium:
    """The same medium, or chain, at another temperature."""
    if isinstance(medium, Chain):
        return medium.at(temperature)
    return replace(medium, temperature=temperature)  # type: ignore[type-var] # a panel


def name_of(medium: Medium) -> str:
    """The name a medium is filed under; a chain's has all of them, like ``heat+gaussian``."""
    if isinstance(medium, Chain):
        return "+".join(map(name_of, medium.links))
    return next(name for name, filed in MEDIA.items() if isinstance(medium, filed))
