"""Feeding back: what happens to a picture between one generation and the next.

A chain in the order that keeps a loop stable: warp, mix, colour, noise floor. Every link with its knob at rest
returns the very image it was given, so that nothing is resampled or re-quantised without a reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.randomness import Generator, generator, white

if TYPE_CHECKING:
    import torch

    from installation.loop.knobs import Looping
    from installation.records import Image

WHIRL_CELLS = 4  # eddies across the picture
WHIRL_LIFE = 48  # generations until one field of eddies has turned into the next
WHIRL_STREAM = 7  # a stream of random numbers that nothing else draws from
REFERENCE_PACE = 0.01  # per generation: the colour reference follows the picture with a memory of 100 generations
CONTRAST_STEP = 1.25  # contrast is corrected by at most a quarter per generation
CEILING = 1.25  # the state may overshoot white and black a little, but not run away

#: RGB to luma and two opponent colours, rows orthonormal: colour can be held without touching brightness.
_OPPONENT = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, -(2**-0.5), 0.0), (6**-0.5, 6**-0.5, -2 * 6**-0.5))


@dataclass(frozen=True, slots=True)
class Palette:
    """Mean and standard deviation of the three opponent channels of a picture, each a 3-vector."""

    mean: torch.Tensor
    spread: torch.Tensor


def feed_back(regenerated: Image, origin: Image, reference: Palette, knobs: Looping, dice: Dice) -> Image:
    """The next generation's beginning: warp, mix, colour, noise floor. B x 3 x H x W, bounded by +-1.25."""
    warped = warp(regenerated, knobs, dice)
    mixed = warped if knobs.origin_mix == 0.0 else blend(warped, origin, knobs.origin_mix)
    held = hold_colour(mixed, reference, knobs.colour)
    noisy = held if knobs.noise_floor == 0.0 else held + knobs.noise_floor * white(dice.rng, held)
    return noisy.clamp(-CEILING, CEILING)


@dataclass(frozen=True, slots=True)
class Dice:
    """What the chain may draw from: the generation's own numbers, and where in its lineage it stands."""

    rng: Generator
    seed: int
    serial: int


def blend(a: Image, b: Image, share: float) -> Image:
    """``a`` with a share of ``b``."""
    return a + share * (b - a)


def warp(image: Image, knobs: Looping, dice: Dice) -> Image:
    """Zoom, rotate, shift and whirl at once, so that the picture is resampled only once; edges are mirrored."""
    import torch

    height, width = image.shape[-2:]
    still = (knobs.zoom, knobs.rotate, knobs.shift_x, knobs.shift_y, knobs.flow) == (1.0, 0.0, 0.0, 0.0, 0.0)
    if still:
        return image
    grid = torch.nn.functional.affine_grid(_affine(knobs, height, width), [1, 3, height, width], align_corners=False)
    if knobs.flow:
        pixel = torch.tensor([2.0 / width, 2.0 / height])
        grid = grid + knobs.flow * pixel * whirl(dice.seed, dice.serial, height, width)
    grid = grid.to(image).expand(image.shape[0], -1, -1, -1)
    return torch.nn.functional.grid_sample(image, grid, mode="bicubic", padding_mode="reflection", align_corners=False)


def _affine(knobs: Looping, height: int, width: int) -> torch.Tensor:
    """Where each pixel of the result comes from: the inverse of zoom, rotation and shift, 1 x 2 x 3."""
    import torch

    cos, sin = (f(math.radians(knobs.rotate)) / knobs.zoom for f in (math.cos, math.sin))
    x, y = -2.0 * knobs.shift_x, -2.0 * knobs.shift_y
    rows = [[cos, sin * height / width, x], [-sin * width / height, cos, y]]
    return torch.tensor([rows], dtype=torch.float32)


def whirl(seed: int, serial: int, height: int, width: int) -> torch.Tensor:
    """A slow field of eddies without sources or sinks, 1 x H x W x 2 (x, y), unit root mean square.

    The curl of a smooth random stream function that turns into the next one every 48 generations along a great
    circle, so that its variance stays the same.
    """
    import torch

    turn, phase = divmod(serial, WHIRL_LIFE)
    angle = math.pi / 2.0 * phase / WHIRL_LIFE
    stream = math.cos(angle) * _stream(seed, turn) + math.sin(angle) * _stream(seed, turn + 1)
    smooth = torch.nn.functional.interpolate(stream, (height, width), mode="bicubic", align_corners=True)[0, 0]
    down, across = torch.gradient(smooth)
    field = torch.stack([down, -across], dim=-1)
    return (field / field.square().sum(-1).mean().sqrt().clamp_min(1e-12)).unsqueeze(0)


def _stream(seed: int, turn: int) -> torch.Tensor:
    import torch

    return white(generator(seed, turn, WHIRL_STREAM), torch.empty(1, 1, WHIRL_CELLS + 2, WHIRL_CELLS + 2))


def palette(image: Image) -> Palette:
    """The palette of a picture, over all its pixels."""
    channels = _to_opponent(image)
    return Palette(channels.mean(dim=(0, 2, 3)), channels.std(dim=(0, 2, 3), unbiased=False))


def follow(reference: Palette, present: Palette) -> Palette:
    """The reference a generation later: it follows the picture slowly, so colour may wander but not run away."""
    return Palette(
        blend(reference.mean, present.mean, REFERENCE_PACE),
        blend(reference.spread, present.spread, REFERENCE_PACE),
    )


def hold_colour(image: Image, reference: Palette, strength: float) -> Image:
    """Move mean and contrast of each opponent channel toward the reference (Reinhard et al. 2001). 0 lets it decay."""
    if strength == 0.0:
        return image
    now = palette(image)
    ratio = (reference.spread / now.spread.clamp_min(1e-6)).clamp(1.0 / CONTRAST_STEP, CONTRAST_STEP) ** strength
    mean = blend(now.mean, reference.mean, strength)
    centred = _to_opponent(image) - now.mean.view(1, 3, 1, 1)
    return _from_opponent(centred * ratio.view(1, 3, 1, 1) + mean.view(1, 3, 1, 1))


def _to_opponent(image: Image) -> Image:
    import torch

    return torch.einsum("oc,bchw->bohw", torch.tensor(_OPPONENT).to(image), image)


def _from_opponent(channels: Image) -> Image:
    import torch

    return torch.einsum("oc,bohw->bchw", torch.tensor(_OPPONENT).to(channels), channels)
