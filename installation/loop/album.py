"""The album: pictures from which a loop that is stuck can be lit again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from installation import images

if TYPE_CHECKING:
    from installation.records import Image

FOLDERS = ("origins", "archive")
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


def _nothing(name: str, height: int, width: int) -> Image:
    raise images.ImageError(f"There is no picture {name} of {width} x {height}; this album is empty.")


EMPTY = Album((), _nothing)
