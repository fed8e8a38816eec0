"""Enlarging by tiles: Lanczos resampling of any part of a picture, so that a print of any size needs little memory.

Separable: a tile is ``down @ picture @ across^T`` with a few source rows and columns. Pixels are resampled as sRGB
codes: in linear light the filter's undershoot would draw dark rims around everything that shines.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from installation.records import Pixels

LOBES = 3  # of the sinc: the usual Lanczos


def tile(picture: Pixels, shape: tuple[int, int], box: tuple[int, int, int, int]) -> Pixels:
    """Part of a picture enlarged (or reduced) to height x width ``shape``: top, left, bottom, right of ``box``.

    H x W x 3 uint8 sRGB to bottom - top x right - left x 3. Any tiling gives the very same pixels.
    """
    top, left, bottom, right = box
    down, rows = weights(picture.shape[0], shape[0], top, bottom)
    across, columns = weights(picture.shape[1], shape[1], left, right)
    part = picture[rows, columns].astype(np.float64)
    enlarged = np.einsum("yr,rcx,dc->ydx", down, part, across, optimize=True)
    pixels: Pixels = np.clip(enlarged.round(), 0, 255).astype(np.uint8)
    return pixels


def weights(source: int, target: int, begin: int, end: int) -> tuple[np.ndarray, slice]:
    """How samples ``begin`` to ``end`` of ``target`` are made of ``source`` samples: a matrix, and which samples.

    Rows sum to 1, so flat fields stay flat; beyond its edges a picture counts for nothing (Pillow's convention).
    """
    scale = source / target
    wide = max(scale, 1.0)  # a picture that is reduced is smoothed first
    centres = (np.arange(begin, end) + 0.5) * scale - 0.5
    first = max(math.floor(centres[0] - LOBES * wide), 0)
    last = min(math.ceil(centres[-1] + LOBES * wide) + 1, source)
    distance = (np.arange(first, last) - centres[:, None]) / wide
    kernel = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    return kernel / kernel.sum(axis=1, keepdims=True), slice(first, last)
