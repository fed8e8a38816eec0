"""A lineage at another size: what it shows, what it remembers and the origin itself, each cell of a wall by itself."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from installation import images
from installation.burns.mean import Average
from installation.images import ImageError
from installation.machine.files import share
from installation.recording.takes import TakeError
from installation.restorers.grid import cells, joined

if TYPE_CHECKING:
    from installation.loop.lineage import Lineage
    from installation.records import Image


def enlarged(lineage: Lineage, side: int, grid: int, origin: str) -> Lineage:
    """The lineage with pictures of ``side`` pixels a side, of ``grid`` x ``grid`` cells.

    ``origin`` names the picture it began with: where the program still has that very one it is read again, as sharp as
    the new size shows it; all else is interpolated. Raises ``TakeError`` for a side that the cells do not divide.
    """
    if side % grid:
        raise TakeError(f"A wall of {grid} x {grid} pictures cannot be {side} pixels. Choose --size: {grid * 64}, say.")
    first = _again(lineage.origin, side, grid, origin)
    begins = lineage.parent == 0 and not lineage.source
    seen = lineage.seen and Average(
        lineage.seen.count,
        _scaled(lineage.seen.mean[None], side, grid)[0],
        _scaled(lineage.seen.squares[None], side, grid)[0].clamp_min(0.0),
    )
    present = first if begins else _scaled(lineage.present, side, grid)
    return dataclasses.replace(lineage, origin=first, present=present, seen=seen, latents=None)


def _again(origin: Image, side: int, grid: int, name: str) -> Image:
    """The origin from its file, if what lies there is what the lineage began with; else interpolated."""
    path = share("assets") / "origins" / Path(name).name
    # A picture of somebody else's, or from the camera: the take has it in its own size only.
    with contextlib.suppress(ImageError):
        if _loaded(path, origin.shape[-1], grid).equal(origin):
            return _loaded(path, side, grid)
    return _scaled(origin, side, grid)


def _loaded(path: Path, side: int, grid: int) -> Image:
    """As the engine loads it: the whole picture in every cell."""
    cell = images.to_tensor(images.load(path, side // grid, side // grid))
    return cell.tile(1, 1, grid, grid)


def _scaled(wall: Image, side: int, grid: int) -> Image:
    from torch.nn import functional

    apart = cells(wall, grid)
    whole = functional.interpolate(apart, (side // grid,) * 2, mode="bicubic", align_corners=False, antialias=True)
    return joined(whole, grid)
