"""Burning into an animal: a leopard stands where the noise would be (animorphosis, Bansal et al. 2022).

The leopard's values keep their order and take the histogram of white noise; then a share of them is dealt out again at
random. So one slider leads from a picture to noise that no test can tell from the Gaussian.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from installation import images
from installation.burns.registry import medium
from installation.burns.temperature import angle, to_sigma
from installation.knobs import knob
from installation.machine.files import share
from installation.randomness import generator
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image

ANIMAL = Path("origins") / "jaguars.webp"
KEPT_SIZES = 4  # leopards in memory, 25 MB each at 1080p; a show burns one size, a bench a few
TIES = 0  # the seed that breaks ties: 8 bits hold 256 levels, and a rank needs an order among equals


@medium("animorphosis")
@dataclass(frozen=True, slots=True)
class Animorphosis:
    """A picture as noise: x_T = cos(phi) x + sin(phi) z, z the leopard, phi = pi T / 2 (Cold Diffusion, section 5.2).

    With a share rho dealt out again, z is (1 - rho) times the leopard plus white noise of the remaining variance. What
    is structured, the double exposure of image and leopard, counts as signal (``source``), the rest as ``noise``; at
    rho = 1 this is the Gaussian medium. A Gaussian restorer has never seen a leopard for noise: it starts from the
    ``sigma`` of the Gaussian medium, so white noise as strong as the leopard, or stronger, covers both.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the image has become the leopard.")
    noise: float = knob(0.0, low=0.0, high=1.0, glide=0.5, doc="From the leopard as it is (0) to white noise (1).")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        phi = angle(self.temperature)
        animal = leopard(*image.shape[-2:]).to(image)
        if self.noise == 0.0:
            burnt = (math.cos(phi) * image).add_(math.sin(phi) * animal)
            return Burnt(burnt, self.temperature, to_sigma(self.temperature), source=burnt)
        burnt = dealt(animal, self.noise, len(image), rng).mul_(math.sin(phi)).add_(math.cos(phi) * image)
        ghost = math.sin(phi) * (1.0 - self.noise)
        signal = math.hypot(math.cos(phi), ghost)
        exposure = (math.cos(phi) / signal * image).add_(animal, alpha=ghost / signal)
        noise = math.sin(phi) * math.sqrt(1.0 - (1.0 - self.noise) ** 2)
        return Burnt(burnt, self.temperature, to_sigma(self.temperature), signal, noise, exposure)


def leopard(height: int, width: int) -> torch.Tensor:
    """The leopard as noise would have it: 3 x height x width float32, histogram exactly normal, mean 0, variance 1.

    Raises ``ImageError`` when the picture is missing or damaged. The tensor is shared: do not write into it.
    """
    return normal_by_rank(share("assets") / ANIMAL, height, width)


@functools.lru_cache(maxsize=KEPT_SIZES)
def normal_by_rank(path: Path, height: int, width: int) -> torch.Tensor:
    """Any picture file with each value replaced by the inverse normal CDF of its rank: 3 x height x width float32.

    All three colours are ranked together, which keeps the hues. Raises ``ImageError`` as ``images.load`` does.
    """
    import torch

    levels = images.load(path, height, width).transpose(2, 0, 1).astype(np.float64).ravel()
    order = np.argsort(levels + generator(TIES, 0).random(levels.size))
    quantiles = torch.special.ndtri((torch.arange(levels.size, dtype=torch.float64) + 0.5) / levels.size)
    ranked = torch.empty(levels.size)
    ranked[torch.from_numpy(order)] = quantiles.float()
    return ranked.reshape(3, height, width)


def dealt(animal: torch.Tensor, portion: float, copies: int, rng: Generator) -> Image:
    """Copies of a picture with a portion (0 to 1) of its values dealt out again, each in its own way.

    C x H x W to copies x C x H x W. No value is made or lost: the portion moves one place along a random ring. With the
    same ``rng`` a larger portion moves the values of a smaller one too.
    """
    import torch

    return torch.stack([_dealt(animal, portion, rng) for _ in range(copies)])


def _dealt(animal: torch.Tensor, portion: float, rng: Generator) -> torch.Tensor:
    import torch

    flat = animal.flatten()
    ring = torch.from_numpy(rng.permutation(len(flat))[: round(portion * len(flat))]).to(animal.device)
    return flat.clone().index_copy_(0, ring, flat.index_select(0, ring.roll(1))).reshape(animal.shape)
