"""A picture as wavelet bands: an orthonormal change of basis, so white noise stays white noise of the same strength.

Diffusion in the bands is therefore exactly pixel diffusion, seen in a basis where pictures are simple: a few large
coefficients, many near zero, each band with its own known strength. Three levels turn 8 x 8 pixels into one place of
192 channels, and the filters overlap, so that nothing shows blocks.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from installation.records import Image

LEVELS = 3
PLACE = 2**LEVELS  # pixels a side that share one place of the grid
CHANNELS = 3 * PLACE**2
SHORTEST = 64  # pixels a side: the coarsest level still has room for its filter

#: Daubechies' least asymmetric filter with four vanishing moments, sym4 (Daubechies 1992, table 6.3).
SYM4 = np.array([
    -0.07576571478927333, -0.02963552764599851, 0.49761866763201545, 0.8037387518059161,
    0.29785779560527736, -0.09921954357684722, -0.012603967262037833, 0.0322231006040427,
])  # fmt: skip

#: Rows: brightness, blue against yellow, red against green. Orthonormal, unlike broadcast YCbCr.
OPPONENT = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 2.0], [1.0, -1.0, 0.0]]) / np.sqrt([[3.0], [6.0], [2.0]])


def analyse(image: Image) -> torch.Tensor:
    """The bands of an image: B x 3 x H x W to B x 192 x H/8 x W/8, coarse bands first. H, W: multiples of 8, from 64.

    Order: coarse (3), then level 3, 2 and 1 details (9, 36, 144), fine ones folded by space-to-depth. Raises
    ``ValueError`` for other sizes.
    """
    import torch
    from torch.nn.functional import pixel_unshuffle

    _check(image.shape[-2:])
    coarse = torch.einsum("ij,bjhw->bihw", _opponent(image.device), image.float())
    details = []
    for level in range(LEVELS):
        coarse, fine = _split(coarse)
        details.append(pixel_unshuffle(fine, PLACE >> level + 1))
    return torch.cat([coarse, *reversed(details)], dim=1)


def synthesise(bands: torch.Tensor) -> Image:
    """The image of its bands: the exact inverse (and transpose) of ``analyse``."""
    import torch
    from torch.nn.functional import pixel_shuffle

    _check((PLACE * bands.shape[-2], PLACE * bands.shape[-1]))
    coarse, *details = torch.split(bands.float(), [3, *(9 * 4**level for level in range(LEVELS))], dim=1)
    for level, folded in enumerate(details):
        coarse = _join(coarse, pixel_shuffle(folded, 2**level))
    return torch.einsum("ij,bihw->bjhw", _opponent(bands.device), coarse)


def outline(image: Image) -> torch.Tensor:
    """The first 12 bands of ``analyse`` alone, coarse and level 3, B x 12 x H/8 x W/8, at half its price."""
    import torch

    _check(image.shape[-2:])
    coarse = torch.einsum("ij,bjhw->bihw", _opponent(image.device), image.float())
    for _ in range(LEVELS - 1):
        high, wide = (level_matrix(side, image.device)[: side // 2] for side in coarse.shape[-2:])
        coarse = high @ coarse @ wide.T
    return torch.cat(_split(coarse), dim=1)


def _check(size: tuple[int, ...]) -> None:
    if any(side % PLACE or side < SHORTEST for side in size):
        raise ValueError(
            f"Wavelets take sides that are multiples of {PLACE} from {SHORTEST} pixels, not {tuple(size)}."
        )


def _split(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """One level: the coarse half-size image, and its three kinds of detail along the channels."""
    import torch

    height, width = image.shape[-2:]
    turned = level_matrix(height, image.device) @ image @ level_matrix(width, image.device).T
    top, bottom = turned.chunk(2, dim=-2)
    coarse, vertical = top.chunk(2, dim=-1)
    return coarse, torch.cat([vertical, *bottom.chunk(2, dim=-1)], dim=1)


def _join(coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
    import torch

    vertical, horizontal, diagonal = fine.chunk(3, dim=1)
    top = torch.cat([coarse, vertical], dim=-1)
    turned = torch.cat([top, torch.cat([horizontal, diagonal], dim=-1)], dim=-2)
    height, width = turned.shape[-2:]
    return level_matrix(height, turned.device).T @ turned @ level_matrix(width, turned.device)


@functools.lru_cache(maxsize=32)
def level_matrix(side: int, device: torch.device) -> torch.Tensor:
    """One level on a line of ``side`` pixels, float32, side x side: averages in the upper half, details in the lower.

    Inside it is the filter bank itself. At the ends it is the orthonormal matrix nearest (polar decomposition) to the
    filters over the mirrored line: wrapping round would let the sky bleed into the ground, generation by generation.
    """
    import torch

    left, _, right = np.linalg.svd(_mirrored(side))
    return torch.from_numpy((left @ right).astype(np.float32)).to(device)


def _mirrored(side: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The two filters, two pixels apart, over a line that is reflected at its ends."""
    taps = len(SYM4)
    details = SYM4[::-1] * (-1.0) ** np.arange(taps)
    matrix = np.zeros((side, side))
    for row in range(side // 2):
        reach = 2 * row + np.arange(taps) - (taps // 2 - 1)
        inside = np.where(reach < 0, -1 - reach, np.where(reach >= side, 2 * side - 1 - reach, reach))
        np.add.at(matrix[row], inside, SYM4)
        np.add.at(matrix[side // 2 + row], inside, details)
    return matrix


@functools.lru_cache(maxsize=4)
def _opponent(device: torch.device) -> torch.Tensor:
    import torch

    return torch.from_numpy(OPPONENT.astype(np.float32)).to(device)
