"""A wall of engines: the newest picture of each, side by side, as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Pillow

from installation.randomness import generator

if TYPE_CHECKING:
    from installation.records import Pixels


def columns_of(places: int, wanted: int | None) -> int:
    """How many pictures stand in a row: as wished, else as square as can be."""
    return min(wanted or math.ceil(math.sqrt(places)), places)


def side_of(places: int, columns: int, largest: int, most_pixels: int) -> int:
    """Pixels a side of each picture: the largest's own, or what fits when the whole must not exceed ``most_pixels``."""
    rows = math.ceil(places / columns)
    return min(largest, math.isqrt(most_pixels // (columns * rows)))


def mosaic(pictures: Sequence[Pixels | None], columns: int, most_pixels: int) -> Pixels:
    """Square pictures row by row, H x W x 3 uint8, all as large as the largest; black where there is none yet.

    Raises ``ValueError`` where there is no picture at all.
    """
    largest = max(picture.shape[0] for picture in pictures if picture is not None)
    side = side_of(len(pictures), columns, largest, most_pixels)
    whole = np.zeros((math.ceil(len(pictures) / columns) * side, columns * side, 3), np.uint8)
    for place, picture in enumerate(pictures):
        if picture is not None:
            row, column = divmod(place, columns)
            whole[row * side : (row + 1) * side, column * side : (column + 1) * side] = _fitted(picture, side)
    return whole


def seed_of(seed: int, place: int) -> int:
    """The seed of the engine in this place: the scene's own for the first, and others that follow from it."""
    return int(generator(seed, place).integers(0, 2**63)) if place else seed


def _fitted(picture: Pixels, side: int) -> Pixels:
    if picture.shape[0] == side:
        return picture
    return np.asarray(Pillow.fromarray(picture).resize((side, side), Pillow.Resampling.BOX))
