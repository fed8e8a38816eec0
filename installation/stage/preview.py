"""The preview: a small picture of what the audience sees, for whoever has no display in front of them."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from installation.machine.files import StorageError, write_atomically

if TYPE_CHECKING:
    from installation.records import Pixels

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds
WIDTH = 480  # pixels: large enough to judge, small enough for a slow disk


class Preview:
    """A thread that writes the newest picture to a file, replaced whole. A full disk costs pictures, not the show."""

    def __init__(self, path: Path, now: float) -> None:
        """Write to ``path`` (PNG); the first picture is due at ``now`` (s)."""
        self.path = path
        self.unwritten = 0
        self._due = now
        self._next: queue.Queue[Pixels | None] = queue.Queue(1)
        self._thread = threading.Thread(target=self._work, name="preview", daemon=True)
        self._thread.start()

    def due(self, now: float) -> bool:
        """Whether it is time for the next picture; says so once per ``EVERY`` seconds."""
        if now < self._due:
            return False
        self._due = now + EVERY
        return True

    def offer(self, pixels: Pixels) -> None:
        """Write this one, unless the disk is still busy with the one before. Never waits."""
        with contextlib.suppress(queue.Full):
            self._next.put_nowait(pixels)

    def close(self, patience: float = 1.0) -> None:
        """Let a picture that is being written come to its end, for up to ``patience`` seconds."""
        with contextlib.suppress(queue.Full):
            self._next.put(None, timeout=patience)
        self._thread.join(patience)

    def _work(self) -> None:
        while (pixels := self._next.get()) is not None:
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
