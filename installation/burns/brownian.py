"""Burning by Brownian motion: every pixel is a particle that wanders off with its colour.

Einstein 1905: a crowd of wanderers spreads as heat does, so on average this medium is the heat equation. But nothing is
averaged here; every particle still knows its way, and whoever has the same random numbers can send it home.

Positions are whole numbers of ``GRAIN``-ths of a pixel on a ring twice as long as the image is: the second half is the
first seen in a mirror, which is what a reflecting wall does (method of images). Steps on a ring of whole numbers can be
undone without rounding, so the echo is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
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

    #: B x 2 x H x W, row and column of the particle of every pixel, on its ring: int32, beyond ``SHORT`` pixels int64.
    Swarm = torch.Tensor

BITS = 16
GRAIN = 2**BITS  # positions per pixel: finer than float32 is at a thousand pixels
SHORT = 10_000  # pixels a side: up to here the longest step from anywhere, three half rings, fits 31 bits
EARSHOT = 1.75  # pixels: how far around a hole its colour is looked for; the lightest blur that is a quick filter


@medium("brownian")
@dataclass(frozen=True, slots=True)
class Brownian:
    """A particle per pixel: X = sqrt(2 D t) xi with reflecting walls, sqrt(2 D t) being the width of the heat medium.

    *gather*: every pixel looks up the colour where its particle went; the picture has no holes. *splat*: particles
    carry their light along; none is lost, some places stay black and some shine. Both have the heat equation as their
    mean. *points*: they are drawn as points of light, and go in many small steps that a demon can take back. The grain
    of splat, louder than any blur, need not be covered by noise: where nobody is and where many are is known, and
    ``source`` is the picture without it.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the particles have wandered.")
    deal: str = knob(
        "gather", choices=("gather", "splat", "points"), doc="No holes, no light lost, or drawn as points."
    )
    wrong_bits: int = knob(
        0,
        low=0,
        high=62,
        unit="bits",
        doc="points: how much of the dice's seed is wrong on the way home; one is enough.",
    )

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        width = blur_width(self.temperature, max(image.shape[-2:]))
        if self.deal == "points":
            return self._as_points(image, width, rng)
        swarm = wander(at_home(image), width, rng)
        if self.deal == "splat":
            people, colours = crowd(image, swarm), brought(image, swarm)
            burnt = colours + (people - 1.0)
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

    def _as_points(self, image: Image, width: float, rng: Generator) -> Burnt:
        from installation.burns import journey  # which is made of what stands below

        gone = journey.depart(image, width, rng)

        def homeward(steps: int) -> Iterator[Image]:
            for stage, swarm in enumerate(gone.home(steps, self.wrong_bits), start=1):
                yield journey.as_points(image, swarm) if stage < steps else journey.as_picture(image, swarm)

        seen, source = journey.as_points(image, gone.swarm), journey.as_picture(image, gone.swarm)
        return Burnt(seen, self.temperature, covering_sigma(width), source=source, homeward=homeward)


def at_home(image: Image) -> Swarm:
    """A particle in the middle of every pixel of a B x C x H x W image."""
    import torch

    whole = torch.int32 if max(image.shape[-2:]) <= SHORT else torch.int64
    sides = (torch.arange(n, device=image.device, dtype=whole) for n in image.shape[-2:])
    rows, columns = (side * GRAIN + GRAIN // 2 for side in sides)
    home = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
    return home.expand(len(image), *home.shape)


def wander(swarm: Swarm, width: float, rng: Generator) -> Swarm:
    """Every particle takes one normal step of standard deviation ``width`` pixels along each axis."""
    return _steps(swarm, width, rng).add_(swarm).remainder_(_ring(swarm))


def echo(swarm: Swarm, width: float, rng: Generator) -> Swarm:
    """Undo ``wander``, given the random numbers it was given: Loschmidt's demon turns every step round, exactly.

    Several steps are undone in any order. With any other random numbers the particles only wander further.
    """
    return _steps(swarm, width, rng).neg_().add_(swarm).remainder_(_ring(swarm))


def fold(swarm: Swarm) -> Swarm:
    """Where the particles are seen, in ``GRAIN``-ths of a pixel, with what is behind the mirror folded back."""
    import torch

    return torch.minimum(swarm, _ring(swarm) - 1 - swarm)


def gather(image: Image, swarm: Swarm) -> Image:
    """Every pixel takes the colour of the place where its particle is. B x C x H x W to the same."""
    import torch

    places = _places(swarm)
    looked_up = [one.flatten(1).index_select(1, place) for one, place in zip(image, places, strict=True)]
    return torch.stack(looked_up).reshape(image.shape)


def splat(image: Image, swarm: Swarm) -> Image:
    """Every particle brings its light, 0 to 2 above black (-1), to the place where it is. B x C x H x W to the same.

    The sum over the image is kept; a place without a particle is black, one with several can be brighter than white.
    With all particles at home the image comes back bit for bit.
    """
    return brought(image, swarm).add_(crowd(image, swarm) - 1.0)


def brought(image: Image, swarm: Swarm) -> Image:
    """The sum of the colours that particles have brought to each place, B x C x H x W; 0 where there is a hole."""
    import torch

    colours, places = image.flatten(2), _places(swarm).long().unsqueeze(1)
    return torch.zeros_like(colours).scatter_add_(2, places.expand(colours.shape), colours).reshape(image.shape)


def crowd(image: Image, swarm: Swarm) -> Image:
    """How many particles are in each place, 0 where there is a hole: B x C x H x W, one memory for all colours."""
    import torch

    places = _places(swarm).long()
    nobody = torch.zeros(places.shape, dtype=image.dtype, device=image.device)
    people = nobody.scatter_add_(1, places, torch.ones_like(nobody))
    return people.reshape(len(image), 1, *image.shape[-2:]).expand(image.shape)


def without_holes(colours: Image, people: Image) -> Image:
    """What splat shows without its grain: the mean colour of the people of each place, in a hole that of those around.

    ``colours`` is the sum over the ``people`` of each place. B x C x H x W to the same.
    """
    import torch

    here = people[:, :1]  # the same for every colour
    around = diffuse(colours, EARSHOT).div_(diffuse(here, EARSHOT).clamp_min_(DOUBTFUL))
    return torch.where(here > 0.0, colours / here.clamp_min(1.0), around)


def agreeing(guess: Image, colours: Image, people: Image, width: float) -> Image:
    """The guess corrected so that around every place it has the colours that the particles there have brought.

    ``colours`` is the sum over the ``people`` of each place. What they brought beyond what was to be expected (the
    heat equation: Einstein) is averaged over as far as they wander; where nobody came, in a hole, the guess stays. That
    is normalised convolution, with the crowd as certainty (Knutsson & Westin 1993). All of B x C x H x W.
    """
    surprise = colours - people * diffuse(guess, width)
    return guess + diffuse(surprise, width) * inverse(diffuse(people, width))


def _places(swarm: Swarm) -> torch.Tensor:
    """The number of the pixel each particle is in: B x HW."""
    rows, columns = (fold(swarm) >> BITS).flatten(2).unbind(1)
    places: torch.Tensor = (rows * swarm.shape[-1]).add_(columns)
    return places


def _steps(swarm: Swarm, width: float, rng: Generator) -> Swarm:
    """What lies behind a whole turn of the ring is left out first: the rest, half a ring at most, fits its type."""
    import torch

    ring = _ring(swarm).float()
    turns = white(rng, torch.empty(swarm.shape, device=swarm.device)).mul_(width * GRAIN / ring)
    turns.sub_(turns.round())
    steps: Swarm = turns.mul_(ring).round_().to(swarm.dtype)
    return steps


def _ring(swarm: Swarm) -> torch.Tensor:
    """The length of both rings, there and back in the mirror, as 2 x 1 x 1."""
    ring: torch.Tensor = swarm.new_tensor(swarm.shape[-2:]).reshape(2, 1, 1) * (2 * GRAIN)
    return ring
