"""A take at a glance: eight of its pictures side by side in one small JPEG, found without reading the whole take."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from installation.machine.files import write_atomically
from installation.publishing.selection import thinned
from installation.recording import segment, takes

if TYPE_CHECKING:
    from installation.recording.takes import Take
    from installation.records import Pixels

CELLS, SIDE = 8, 160  # pictures, and their width and height in pixels
QUALITY = 80


def preview(take: Take, path: Path) -> bool:
    """Write the JPEG, 1280 x 160 pixels; False, and nothing is written, for a take without a readable picture.

    Raises ``StorageError`` for a disk that refuses.
    """
    shown = thinned(takes.marks(take.folder), CELLS)
    pictures = [segment.near(take.folder / segment.NAME.format(mark.segment), mark.pts) for mark in shown]
    readable = [picture for picture in pictures if picture is not None]
    if not readable:
        return False
    packed = io.BytesIO()
    strip(readable).save(packed, "JPEG", quality=QUALITY)
    write_atomically(path, packed.getvalue())
    return True


def strip(pictures: list[Pixels]) -> Image.Image:
    """Pictures (H x W x 3 uint8 sRGB) side by side, each the middle of itself; fewer than eight are spread out."""
    drawn = Image.new("RGB", (CELLS * SIDE, SIDE))
    for cell in range(CELLS):
        picture = Image.fromarray(pictures[cell * len(pictures) // CELLS])
        drawn.paste(ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS), (cell * SIDE, 0))
    return drawn
