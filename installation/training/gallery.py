"""The real pictures of a collapse: what generation 0 learns, and the few that no generation ever sees."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from installation import images
from installation.collapse import CollapseError
from installation.machine.files import share

if TYPE_CHECKING:
    #: N x H x W x 3 uint8 sRGB.
    Pictures = np.ndarray[tuple[int, int, int, int], np.dtype[np.uint8]]

SHELVES = ("archive", "origins")  # of the assets
SUFFIXES = (".webp", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
HELD = 10  # one picture in so many is never learnt from
FEWEST = 2 * HELD  # pictures


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Real pictures of one size: those to learn from, and those that are ``held`` back. ``digest`` names them all."""

    taught: Pictures
    held: Pictures
    digest: str


def shipped() -> list[Path]:
    """The pictures of the house."""
    return [path for shelf in SHELVES for path in files(share("assets") / shelf)]


def files(folder: Path) -> list[Path]:
    """The pictures of a folder and all folders in it, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def hang(paths: Iterable[Path], size: int) -> Gallery:
    """Pictures cropped to size x size; every tenth is held back.

    Raises ``CollapseError`` for fewer than 20, ``ImageError`` for damaged ones.
    """
    hung = [images.load(path, size, size) for path in paths]
    if len(hung) < FEWEST:
        raise CollapseError(f"{len(hung)} pictures; at least {FEWEST} are needed to collapse. Name a folder with more.")
    wall = np.stack(hung)
    apart = np.arange(len(wall)) % HELD == HELD - 1
    return Gallery(wall[~apart], wall[apart], hashlib.blake2b(wall.tobytes(), digest_size=16).hexdigest())


def sheet(pictures: Sequence[Any] | Pictures, columns: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Pictures side by side, row by row; what is left of the last row is black. H x W x 3 uint8."""
    wall = np.asarray(pictures)
    rows = -(-len(wall) // columns)
    height, width = wall.shape[1:3]
    ground = np.zeros((rows * columns, height, width, 3), np.uint8)
    ground[: len(wall)] = wall
    return ground.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)


def cut(page: np.ndarray[Any, np.dtype[np.uint8]], size: int, count: int) -> Pictures:
    """The first so many pictures of a ``sheet`` again. Raises ``ValueError`` where it holds none of this size."""
    rows, columns = page.shape[0] // size, page.shape[1] // size
    if rows * size != page.shape[0] or columns * size != page.shape[1] or rows * columns < count:
        raise ValueError(f"{page.shape[1]} x {page.shape[0]} pixels hold no {count} pictures of {size}")
    tiles = page.reshape(rows, size, columns, size, 3).swapaxes(1, 2)
    return tiles.reshape(rows * columns, size, size, 3)[:count]
