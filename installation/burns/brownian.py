"""Burning by Brownian motion: every pixel is a particle that wanders off with its colour.

Einstein 1905: a crowd of wanderers spreads as heat does, so on average this medium is the heat equation. But nothing is
averaged here; every particle still knows its way, and whoever has the same random numbers can send it home.

Positions are whole numbers of ``GRAIN``-ths of a pixel on a ring twice as long as the image is: the second half is the
first seen in a mirror, which is what a reflecting wall does (method of images). Steps on a ring of whole numbers can be
undone without rounding, so the echo is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.evidence import inverse
from installation.burns.heat import blur_width, covering_sigma, diffuse
from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.knobs import knob
from installation.randomness import white
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image

    #: B x 2 x H x W int64: row and column of the particle of every pixel, on its ring.
    Swarm = torch.Tensor

GRAIN = 2**16  # positions per pixel: finer than float32 is at a thousand pixels
SHOT_NOISE = 1.0  # of a mid-grey crowd, one particle per pixel on average: Poisson's 1 on a light of 0.5, in -1 to 1


@medium("brownian")
@dataclass(frozen=True, slots=True)
class Brownian:
    """A particle per pixel: X = sqrt(2 D t) xi with reflecting walls, sqrt(2 D t) being the width of the heat medium.

    *gather*: every pixel looks up the colour where its particle went; the picture has no holes. *splat*: particles
    carry their light along; none is lost, some places stay black and some shine. Both have the heat equation as their
    mean. What splat scatters about that mean is louder than what is blurred, and ``sigma`` covers it too.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the particles have wandered.")
    deal: str = knob("gather", choices=("gather", "splat"), doc="No holes (gather), or no light lost (splat).")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        import torch

        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        width = blur_width(self.temperature, max(image.shape[-2:]))
        swarm = wander(at_home(image), width, rng)
        if self.deal == "splat":
            sigma = min(math.hypot(covering_sigma(width), SHOT_NOISE), HOTTEST_SIGMA)
            burnt, people = splat(image, swarm), crowd(image, swarm)
        else:
            sigma = covering_sigma(width)
            burnt, people = gather(image, swarm), torch.ones_like(image)
        return Burnt(
            burnt,
            self.temperature,
            sigma,
            evidence=lambda guess: agreeing(guess, burnt - (people - 1.0), people, width),
        )


def at_home(image: Image) -> Swarm:
    """A particle in the middle of every pixel of a B x C x H x W image."""
    import torch

    rows, columns = (torch.arange(n, device=image.device) * GRAIN + GRAIN // 2 for n in image.shape[-2:])
    home = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
    return home.expand(len(image), *home.shape)


def wander(swarm: Swarm, width: float, rng: Generator) -> Swarm:
    """Every particle takes one normal step of standard deviation ``width`` pixels along each axis."""
    return (swarm + _steps(swarm, width, rng)) % _ring(swarm)


def echo(swarm: Swarm, width: float, rng: Generator) -> Swarm:
    """Undo ``wander``, given the random numbers it was given: Loschmidt's demon turns every step round, exactly.

    Several steps are undone in any order. With any other random numbers the particles only wander further.
    """
    return (swarm - _steps(swarm, width, rng)) % _ring(swarm)


def fold(swarm: Swarm) -> Swarm:
    """Where the particles are seen, in ``GRAIN``-ths of a pixel, with what is behind the mirror folded back."""
    import torch

    return torch.minimum(swarm, _ring(swarm) - 1 - swarm)


def gather(image: Image, swarm: Swarm) -> Image:
    """Every pixel takes the colour of the place where its particle is. B x C x H x W to the same."""
    return image.flatten(2).gather(2, _places(image, swarm)).reshape(image.shape)


def splat(image: Image, swarm: Swarm) -> Image:
    """Every particle brings its light, 0 to 2 above black (-1), to the place where it is. B x C x H x W to the same.

    The sum over the image is kept; a place without a particle is black, one with several can be brighter than white.
    With all particles at home the image comes back bit for bit.
    """
    import torch

    places = _places(image, swarm)
    light = torch.zeros_like(image).flatten(2).scatter_add(2, places, image.flatten(2))
    return light.reshape(image.shape) + (crowd(image, swarm) - 1.0)


def crowd(image: Image, swarm: Swarm) -> Image:
    """How many particles are in each place, 0 where there is a hole; once for every colour, B x C x H x W."""
    import torch

    nobody, places = torch.zeros_like(image).flatten(2), _places(image, swarm)
    return nobody.scatter_add(2, places, torch.ones_like(nobody)).reshape(image.shape)


def agreeing(guess: Image, colours: Image, people: Image, width: float) -> Image:
    """The guess corrected so that around every place it has the colours that the particles there have brought.

    ``colours`` is the sum over the ``people`` of each place. What they brought beyond what was to be expected (the
    heat equation: Einstein) is averaged over as far as they wander; where nobody came, in a hole, the guess stays. That
    is normalised convolution, with the crowd as certainty (Knutsson & Westin 1993). All of B x C x H x W.
    """
    surprise = colours - people * diffuse(guess, width)
    return guess + diffuse(surprise, width) * inverse(diffuse(people, width))


def _places(image: Image, swarm: Swarm) -> torch.Tensor:
    """The number of the pixel each particle is in, once for every colour: B x C x HW."""
    rows, columns = (fold(swarm) // GRAIN).flatten(2).unbind(1)
    return (rows * image.shape[-1] + columns).unsqueeze(1).expand(-1, image.shape[1], -1)


def _steps(swarm: Swarm, width: float, rng: Generator) -> Swarm:
    import torch

    return (white(rng, swarm.double()) * (width * GRAIN)).round().to(torch.int64)


def _ring(swarm: Swarm) -> torch.Tensor:
    """The length of both rings, there and back in the mirror, as 2 x 1 x 1."""
    return swarm.new_tensor(swarm.shape[-2:]).reshape(2, 1, 1) * (2 * GRAIN)
