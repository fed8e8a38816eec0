"""Feeding back: what happens to a picture between one generation and the next.

A chain in the order that keeps a loop stable: warp, mix, colour, spectrum, unsharp mask, noise floor. Every link with
its knob at rest returns the very image it was given, so that nothing is resampled or re-quantised without a reason.
All of it is float32: a loop that truncates to 8 bits loses half a level per turn, 27 levels a second at 60 a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.randomness import Generator, generator, white

if TYPE_CHECKING:
    import torch

    from installation.loop.glimpse import Glimpse
    from installation.loop.knobs import Looping
    from installation.records import Image

WHIRL_CELLS = 4  # eddies across the picture
WHIRL_LIFE = 48  # generations until one field of eddies has turned into the next
WHIRL_STREAM = 7  # a stream of random numbers that nothing else draws from
REFERENCE_PACE = 0.01  # per generation: the colour reference follows the picture with a memory of 100 generations
CONTRAST_STEP = 1.25  # contrast is corrected by at most a quarter per generation
OCTAVES = 3  # from the finest detail down to an eighth of its frequency; coarser layout is composition, and free
LEAST_POWER, MOST_POWER = 0.5, 2.0  # of the reference's, in each octave
LINKS = (
    "zoom", "rotate", "shift_x", "shift_y", "flow", "origin_mix", "colour", "spectrum", "unsharp", "noise_floor",
)  # fmt: skip
CEILING = 1.25  # the state may overshoot white and black a little, but not run away

#: RGB to luma and two opponent colours, rows orthonormal: colour can be held without touching brightness.
_OPPONENT = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, -(2**-0.5), 0.0), (6**-0.5, 6**-0.5, -2 * 6**-0.5))


@dataclass(frozen=True, slots=True)
class Palette:
    """Mean and standard deviation of the three opponent channels of a picture, each a 3-vector."""

    mean: torch.Tensor
    spread: torch.Tensor


def feed_back(
    regenerated: Image, origin: Image, reference: Palette, knobs: Looping, dice: Dice, *, glimpse: Glimpse | None = None
) -> Image:
    """The next generation's beginning: the whole chain. B x 3 x H x W, bounded by +-1.25. A ``glimpse`` is mixed in.

    Once in 1 / ``origin_return`` generations it is the origin itself. A loop into which something fresh comes with any
    probability settles into a distribution; without, into a picture.
    """
    if knobs.origin_return and dice.rng.random() < knobs.origin_return:
        return origin
    warped = warp(regenerated, knobs, dice)
    mixed = warped if knobs.origin_mix == 0.0 else blend(warped, origin, knobs.origin_mix)
    shared = mixed if glimpse is None else blend(mixed, glimpse.image, glimpse.share)
    held = hold_colour(shared, reference, knobs.colour)
    detailed = sharpen(hold_spectrum(held, origin, knobs.spectrum), knobs.unsharp)
    noisy = detailed if knobs.noise_floor == 0.0 else detailed + knobs.noise_floor * white(dice.rng, detailed)
    return noisy.clamp(-CEILING, CEILING)


def moving(knobs: Looping) -> list[str]:
    """The addresses of the chain's knobs that are not at rest."""
    rest = {"zoom": 1.0}
    return [f"/loop/{name.replace('_', '-')}" for name in LINKS if getattr(knobs, name) != rest.get(name, 0.0)]


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


def hold_spectrum(image: Image, reference: Image, strength: float) -> Image:
    """Bring the power of each fine octave to within a half and twice the reference's (B x 3 x H x W, same H and W).

    What is within stays as it is. Loops through a restorer lose the finest octave first; loops that sharpen raise it.
    """
    if strength == 0.0:
        return image
    import torch

    spectrum, wanted = (torch.fft.rfft2(each, norm="ortho") for each in (image, reference))
    octave = _octaves(*image.shape[-2:]).to(image.device)
    gain = torch.ones_like(octave, dtype=image.dtype)
    for number in range(OCTAVES):
        here = octave == number
        ratio = _power(spectrum, here) / max(_power(wanted, here), 1e-12)
        allowed = min(max(ratio, LEAST_POWER), MOST_POWER) / max(ratio, 1e-12)
        gain[here] = allowed ** (strength / 2.0)
    if bool((gain == 1.0).all()):
        return image
    held: Image = torch.fft.irfft2(spectrum * gain, s=image.shape[-2:], norm="ortho")
    return held


def _octaves(height: int, width: int) -> torch.Tensor:
    """Which octave each mode of a half spectrum is in: 0 from half the highest frequency up, 1 below it, and so on."""
    import torch

    radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
    return (-torch.log2((2.0 * radius).clamp(1e-6, 1.0))).floor().long()


def _power(spectrum: torch.Tensor, here: torch.Tensor) -> float:
    return float(spectrum[..., here].abs().square().mean())


def sharpen(image: Image, amount: float) -> Image:
    """An unsharp mask: the image plus a share of what a 3 x 3 binomial blur takes from it; edges are mirrored."""
    if amount == 0.0:
        return image
    import torch

    row = torch.tensor([0.25, 0.5, 0.25]).to(image)
    kernel = (row[:, None] * row).expand(image.shape[1], 1, 3, 3)
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="reflect")
    return image + amount * (image - torch.nn.functional.conv2d(padded, kernel, groups=image.shape[1]))


def _to_opponent(image: Image) -> Image:
    import torch

    return torch.einsum("oc,bchw->bohw", torch.tensor(_OPPONENT).to(image), image)


def _from_opponent(channels: Image) -> Image:
    import torch

    return torch.einsum("oc,bohw->bchw", torch.tensor(_OPPONENT).to(channels), channels)
