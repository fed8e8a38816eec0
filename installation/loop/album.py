"""The album: pictures from which a loop that is stuck can be lit again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from installation import images

if TYPE_CHECKING:
    from installation.loop.lineage import Lineage
    from installation.records import Image

log = logging.getLogger(__name__)

FOLDERS = ("origins", "archive")
CHANCE, DRAW = 5, 6  # streams of the generation's random numbers; the keeper's is 4
SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".webp"})


@dataclass(frozen=True, slots=True)
class Album:
    """Pictures by name. ``open`` gives one as 1 x 3 x H x W in -1 to 1 for a name, a height and a width."""

    names: tuple[str, ...]
    open: Callable[[str, int, int], Image]


def shipped(assets: Path) -> Album:
    """The shipped origins and the archive, by their paths below ``assets``. To open one may raise ``ImageError``."""
    files = [path for folder in FOLDERS for path in sorted((assets / folder).glob("*")) if path.suffix in SUFFIXES]

    def open_(name: str, height: int, width: int) -> Image:
        return images.to_tensor(images.load(assets / name, height, width))

    return Album(tuple(path.relative_to(assets).as_posix() for path in files), open_)


def inject(lineage: Lineage, album: Album, stream: int) -> str | None:
    """Put one of the album's pictures into the loop; its name, or None where there is none that can be opened.

    Which one is drawn from ``stream`` of the lineage's own random numbers.
    """
    if not album.names:
        return None
    name = album.names[int(lineage.generator(stream).integers(len(album.names)))]
    try:
        picture = album.open(name, *lineage.present.shape[-2:])
    except images.ImageError as error:
        log.warning("%s It is left out.", error)
        return None
    lineage.inject(name, picture)
    return name


def freshen(lineage: Lineage, chance: float, album: Album) -> None:
    """With a chance from 0 to 1 a generation grows from another picture, unless the last one was refused."""
    if chance and not lineage.refusals and lineage.generator(CHANCE).random() < chance:
        inject(lineage, album, DRAW)


def _nothing(name: str, height: int, width: int) -> Image:
    raise images.ImageError(f"There is no picture {name} of {width} x {height}; this album is empty.")


EMPTY = Album((), _nothing)
