"""Brownian motion in many small steps, drawn as points of light, every one of which can be taken back.

Loschmidt's objection to Boltzmann (1876): turn every velocity round and the gas returns to where it came from. Here it
can be done, because the steps are whole numbers and their dice have a seed; and with one bit of the seed flipped the
particles, who look exactly the same, only wander further.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.brownian import at_home, brought, crowd, echo, wander, without_holes
from installation.burns.cloud import cloud_of, draw
from installation.images import to_tensor
from installation.randomness import generator

if TYPE_CHECKING:
    from installation.burns.brownian import Swarm
    from installation.randomness import Generator
    from installation.records import Image

STEPS = 16  # there and back: enough for the eye to follow
SEEDS = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """Where the particles of an image are after ``STEPS`` steps of ``stride`` pixels, with the dice of a seed."""

    image: Image
    swarm: Swarm
    stride: float
    seed: int

    def home(self, steps: int, wrong_bits: int = 0) -> Iterator[Swarm]:
        """The way back in so many stages, the last step first; at the end every particle is at home.

        With ``wrong_bits`` of the seed turned over, the lowest first, none is.
        """
        seed, swarm, left = self.seed ^ (1 << wrong_bits) - 1, self.swarm, STEPS
        for stage in range(1, steps + 1):
            goal = STEPS - STEPS * stage // steps
            for step in reversed(range(goal, left)):
                swarm = echo(swarm, self.stride, generator(seed, step))
            left = goal
            yield swarm


def depart(image: Image, width: float, rng: Generator) -> Journey:
    """Every particle sets out from its pixel, to be ``width`` pixels away in the end (standard deviation per axis)."""
    seed, stride, swarm = int(rng.integers(SEEDS)), width / math.sqrt(STEPS), at_home(image)
    for step in range(STEPS):
        swarm = wander(swarm, stride, generator(seed, step))
    return Journey(image, swarm, stride, seed)


def as_points(image: Image, swarm: Swarm) -> Image:
    """The particles as points of light on black: B x 3 x H x W, 8-bit levels."""
    import torch

    height, width = image.shape[-2:]
    each = ((image[n : n + 1], swarm[n : n + 1]) for n in range(len(image)))
    return torch.cat([to_tensor(draw(cloud_of(*one), height, width)) for one in each]).to(image)


def as_picture(image: Image, swarm: Swarm) -> Image:
    """What the particles have brought, holes filled from around; with all at home the image itself, bit for bit."""
    return without_holes(brought(image, swarm), crowd(image, swarm))
