"""What a JPEG file still says for certain: each coefficient of each block lies within its bin of quantisation.

The transform is JPEG's own (ITU-T T.81, annex A; JFIF's colours), but in floats and without rounding, so that a guess
that already lies in its bins is not touched at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from installation.burns.cosines import dct, idct

if TYPE_CHECKING:
    import torch

    from installation.records import Image

BLOCK = 8  # pixels a side of what is transformed at once
COARSE = 16  # pixels a side of a block of colour at half resolution
#: RGB to Y, Cb, Cr of JFIF 1.02 (ITU-R BT.601), rows in that order; zero is grey in all three here.
_COLOURS = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def agreeing(guess: Image, burnt: Image, tables: Sequence[torch.Tensor], pixels: Sequence[int], beyond: float) -> Image:
    """The guess with the coefficients of its blocks clipped to their bins, (q - 1/2) D to (q + 1/2) D.

    ``burnt`` is what the file shows, B x 3 x H x W, its grid of blocks beginning in the upper left corner. ``tables``
    are the steps D of Y, Cb and Cr, 8 x 8, in the units of the image; ``pixels`` is how many of them, down and across,
    share a sample of each (1 or 2). ``beyond`` widens every bin on either side (DDRM for JPEG, Kawar et al. 2022,
    arXiv:2209.11888).
    """
    import torch

    height, width = guess.shape[-2:]
    guessed, shown = (_split(_padded(image)) for image in (guess, burnt))
    planes = zip(guessed.unbind(1), shown.unbind(1), tables, pixels, strict=True)
    moved = torch.stack([_moved(*plane, beyond) for plane in planes], dim=1)
    return guess + _joined(moved)[..., :height, :width]


def _moved(guess: torch.Tensor, shown: torch.Tensor, table: torch.Tensor, pixels: int, beyond: float) -> torch.Tensor:
    """By how much clipping moves one plane, B x H x W."""
    import torch

    modes, kept = (_to_modes(torch.nn.functional.avg_pool2d(plane, pixels)) for plane in (guess, shown))
    centre, reach = (kept / table).round() * table, table / 2.0 + beyond
    moved = _from_modes(modes.clamp(centre - reach, centre + reach) - modes)
    return moved.repeat_interleave(pixels, -1).repeat_interleave(pixels, -2)


def _to_modes(plane: torch.Tensor) -> torch.Tensor:
    """B x H x W to B x H/8 x W/8 x 8 x 8: the orthonormal cosine modes of every block."""
    count, height, width = plane.shape
    blocks = plane.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(2, 3)
    return dct(dct(blocks).transpose(-1, -2)).transpose(-1, -2)


def _from_modes(modes: torch.Tensor) -> torch.Tensor:
    blocks = idct(idct(modes).transpose(-1, -2)).transpose(-1, -2)
    return blocks.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)


def _padded(image: Image) -> Image:
    """The last row and column held on to whole blocks, as libjpeg does."""
    import torch

    height, width = image.shape[-2:]
    return torch.nn.functional.pad(image, (0, -width % COARSE, 0, -height % COARSE), mode="replicate")


def _split(image: Image) -> Image:
    """RGB to Y, Cb, Cr."""
    import torch

    return torch.einsum("oc,bchw->bohw", torch.tensor(_COLOURS).to(image), image)


def _joined(planes: Image) -> Image:
    """Y, Cb, Cr to RGB."""
    import torch

    return torch.einsum("co,bohw->bchw", torch.linalg.inv(torch.tensor(_COLOURS).to(planes)), planes)
