"""The stochastic point cloud: the particles of the Brownian medium, drawn as points of light on black."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from installation.burns.brownian import GRAIN, at_home, fold, wander
from installation.burns.heat import blur_width
from installation.burns.registry import require_burnable
from installation.randomness import generator

if TYPE_CHECKING:
    import torch

    from installation.burns.brownian import Swarm
    from installation.randomness import Generator
    from installation.records import Image, Pixels

CHOICE = 1905  # the seed of which particles are drawn
MOST = 40_000  # particles: as many as the eye still takes for points on a screen of a million pixels
RADIUS = 1.0  # pixels: the standard deviation of a point's light
GAMMA = 2.2  # sRGB near enough: what a display makes of code
EXPOSURE = 1.5  # of a point that stands alone: it comes to 78 % of its colour, and where many meet to white


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Particles in a picture of ``height`` x ``width`` pixels.

    ``positions`` is N x 2 float64, row and column in pixels from the upper left corner, the middle of the first pixel
    being at 0.5; ``colours`` is N x 3 float32 sRGB in -1 to 1, each the colour the particle set out with.
    """

    positions: torch.Tensor
    colours: torch.Tensor
    height: int
    width: int


def cloud(image: Image, temperature: float, rng: Generator, most: int = MOST) -> Cloud:
    """The particles of the first image of a batch where the Brownian medium has them at this temperature.

    For a single image and the same ``rng`` they are the medium's own. Raises ``BurnError`` as a medium does.
    """
    require_burnable(image, temperature)
    first = image[:1]
    return cloud_of(first, wander(at_home(first), blur_width(temperature, max(image.shape[-2:])), rng), most)


def cloud_of(image: Image, swarm: Swarm, most: int = MOST) -> Cloud:
    """The particles of one image, 1 x 3 x H x W, where the swarm has them.

    Wherever they are they are the same ones: of more than ``most`` a random choice that depends on the size alone.
    """
    import torch

    height, width = image.shape[-2:]
    chosen = torch.from_numpy(generator(CHOICE, 0).permutation(height * width)[:most]).to(image.device)
    positions = fold(swarm)[0].flatten(1).T[chosen].double() / GRAIN
    return Cloud(positions, image[0].flatten(1).T[chosen].float().clamp(-1.0, 1.0), height, width)


def draw(cloud: Cloud, height: int, width: int, radius: float = RADIUS) -> Pixels:
    """The cloud as points on black, filling height x width: H x W x 3 uint8 sRGB.

    Light adds up, so it is added as light and not as code; then it is exposed as film is, 1 - exp(-light), which no
    crowd can burn out.
    """
    import torch

    light = ((cloud.colours + 1.0) / 2.0) ** GAMMA
    scale = torch.tensor([height / cloud.height, width / cloud.width], dtype=torch.float64)
    sown = sow(cloud.positions.cpu() * scale - 0.5, light.cpu(), height, width)
    shown = (1.0 - torch.exp(-EXPOSURE * glow(sown, radius))) ** (1.0 / GAMMA)
    pixels: Pixels = (shown * 255.0).round().byte().permute(1, 2, 0).contiguous().numpy()
    return pixels


def sow(positions: torch.Tensor, light: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Light shared among the four pixels around each point, so that points move without jumping: 3 x H x W.

    ``positions`` is N x 2 in pixels, a pixel's middle being a whole number; ``light`` is N x 3. None of it is lost:
    what lies beyond the middle of the last row or column stays in it.
    """
    import torch

    most = torch.tensor([height - 1, width - 1])
    corner = positions.floor()
    near = positions - corner
    field = torch.zeros(height * width, light.shape[1])
    for down, right in np.ndindex(2, 2):
        step = torch.tensor([down, right])
        share = torch.where(step.bool(), near, 1.0 - near).prod(1, keepdim=True).float()
        row, column = torch.minimum((corner + step).long().clamp_min(0), most).unbind(1)
        field.index_add_(0, row * width + column, share * light)
    return field.T.reshape(-1, height, width)


def glow(light: torch.Tensor, radius: float) -> torch.Tensor:
    """Every point of 3 x H x W spread as a Gaussian of standard deviation ``radius`` pixels, as bright in its middle.

    Cut off at four deviations, where nothing is to be seen; what would fall off the canvas is gone.
    """
    import torch

    reach = math.ceil(4.0 * radius)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / radius).square()).reshape(1, 1, 1, -1)
    across = torch.nn.functional.conv2d(light.unsqueeze(1), bell, padding=(0, reach))
    return torch.nn.functional.conv2d(across, bell.transpose(2, 3), padding=(reach, 0)).squeeze(1)
