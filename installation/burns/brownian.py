"""Burning by Brownian motion: every pixel is a particle that wanders off with its colour.

Einstein 1905: a crowd of wanderers spreads as heat does, so on average this medium is the heat equation. But nothing is
averaged here; every particle still knows its way, and whoever has the same random numbers can send it home.

Positions are whole numbers of ``GRAIN``-ths of a pixel on a ring twice as long as the image is: the second half is the
first seen in a mirror, which is what a reflecting wall does (method of images). Steps on a ring of whole numbers can be
undone without rounding, so the echo is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.evidence import DOUBTFUL, inverse
from installation.burns.heat import blur_width, covering_sigma, diffuse
from installation.burns.registry import medium
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
EARSHOT = 1.0  # pixels: how far around a hole its colour is looked for; twelve particles are near on average


@medium("brownian")
@dataclass(frozen=True, slots=True)
class Brownian:
    """A particle per pixel: X = sqrt(2 D t) xi with reflecting walls, sqrt(2 D t) being the width of the heat medium.

    *gather*: every pixel looks up the colour where its particle went; the picture has no holes. *splat*: particles
    carry their light along; none is lost, some places stay black and some shine. Both have the heat equation as their
    mean. The grain of splat, louder than any blur, need not be covered by noise: where nobody is and where many
    are is known, and ``source`` is the picture without it.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the particles have wandered.")
    deal: str = knob("gather", choices=("gather", "splat"), doc="No holes (gather), or no light lost (splat).")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        width = blur_width(self.temperature, max(image.shape[-2:]))
        swarm = wander(at_home(image), width, rng)
        if self.deal == "splat":
            burnt, people = splat(image, swarm), crowd(image, swarm)
            colours = burnt - (people - 1.0)
            source = without_holes(colours, people)
        else:
            burnt = colours = gather(image, swarm)
            people, source = burnt.new_ones(()).expand(burnt.shape), None
        return Burnt(
            burnt,
            self.temperature,
            covering_sigma(width),
            source=source,
            evidence=lambda guess: agreeing(guess, colours, people, width),
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


def without_holes(colours: Image, people: Image) -> Image:
    """What splat shows without its grain: the mean colour of the people of each place, in a hole that of those around.

    ``colours`` is the sum over the ``people`` of each place. B x C x H x W to the same.
    """
    import torch

    around = diffuse(colours, EARSHOT) / diffuse(people, EARSHOT).clamp_min(DOUBTFUL)
    return torch.where(people > 0.0, colours / people.clamp_min(1.0), around)


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
