"""Glimpses: pictures from outside that entered the loop, kept in memory until the recorder has put them into its take.

Each lies in a file of its own among the wires and has its name from what it shows: the same picture is kept once, and
a name in a log never means another one.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image as Pillow

from installation.machine.files import write_atomically

if TYPE_CHECKING:
    from installation.records import Pixels

PREFIX = "glimpse-"
KEPT = 64  # pictures: a recorder is told of each within milliseconds
QUICK = 1  # of PNG's levels of compression: the engine waits for it


def is_glimpse(name: str) -> bool:
    """Whether a picture of this name came from outside."""
    return name.startswith(PREFIX)


class Glimpses:
    """One folder of pictures, written by the engine, read by the recorder."""

    def __init__(self, folder: Path) -> None:
        """The folder is made with the first picture."""
        self._folder = folder

    def keep(self, pixels: Pixels) -> str:
        """Keep H x W x 3 uint8 pixels and return their name; the oldest beyond 64 go. Raises ``StorageError``."""
        name = f"{PREFIX}{hashlib.blake2b(pixels.tobytes(), digest_size=8).hexdigest()}.png"
        if not (self._folder / name).exists():
            packed = io.BytesIO()
            Pillow.fromarray(pixels).save(packed, "PNG", compress_level=QUICK)
            write_atomically(self._folder / name, packed.getvalue())
            self._forget()
        return name

    def copy(self, name: str, folder: Path) -> bool:
        """Put a picture into another folder, unless it lies there; False where it is kept no more. ``StorageError``."""
        if (folder / name).exists():
            return True
        try:
            write_atomically(folder / name, (self._folder / name).read_bytes())
        except FileNotFoundError:
            return False
        return True

    def _forget(self) -> None:
        kept = sorted(self._folder.glob(f"{PREFIX}*.png"), key=lambda path: path.stat().st_mtime_ns)
        for oldest in kept[:-KEPT]:
            oldest.unlink()
