"""The preview: a small picture of what the audience sees, for whoever has no display in front of them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from installation.machine.files import StorageError, write_atomically
from installation.stage.courier import Courier

if TYPE_CHECKING:
    from installation.records import Pixels

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds
WIDTH = 480  # pixels: large enough to judge, small enough for a slow disk


class Preview(Courier):
    """A thread that writes the newest picture to a file, replaced whole. A full disk costs pictures, not the show."""

    def __init__(self, path: Path, now: float) -> None:
        """Write to ``path`` (PNG); the first picture is due at ``now`` (s)."""
        self.path = path
        self.unwritten = 0
        self._due = now
        super().__init__("preview")

    def due(self, now: float) -> bool:
        """Whether it is time for the next picture; says so once per ``EVERY`` seconds."""
        if now < self._due:
            return False
        self._due = now + EVERY
        return True

    def _work(self) -> None:
        for pixels in self._offered():
            try:
                write_atomically(self.path, _png(pixels))
            except StorageError as refusal:
                self._count(refusal)
            else:
                self._recover()

    def _count(self, refusal: StorageError) -> None:
        self.unwritten += 1
        if self.unwritten == 1:
            log.warning("No preview: %s", refusal)

    def _recover(self) -> None:
        if self.unwritten:
            log.info("The preview is written again, after %d that could not be.", self.unwritten)
        self.unwritten = 0


def _png(pixels: Pixels) -> bytes:
    import cv2

    return cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
