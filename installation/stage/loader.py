"""Pictures from files, loaded beside the frame clock: a large photograph takes longer than a flip."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from installation.images import ImageError, load

if TYPE_CHECKING:
    from installation.records import Pixels

log = logging.getLogger(__name__)

MOST_WAITING = 8  # pictures asked for and not yet loaded; whoever asks faster than that sees the first ones


class Loader:
    """A thread that loads one picture after another. A file that is no picture is a line in the log."""

    def __init__(self, side: int) -> None:
        """Pictures will be side x side pixels."""
        self._side = side
        self._asked: queue.Queue[tuple[Path, int] | None] = queue.Queue(MOST_WAITING)
        self._loaded: queue.SimpleQueue[tuple[Pixels, int]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
        self._thread.start()

    def ask(self, path: Path, after: int) -> None:
        """Load this picture; ``after`` is handed back with it and says which frame it is to follow."""
        try:
            self._asked.put_nowait((path, after))
        except queue.Full:
            log.warning("%s is not shown: %d pictures are still being loaded.", path, MOST_WAITING)

    def loaded(self) -> tuple[Pixels, int] | None:
        """The next picture that is ready, H x W x 3 uint8, and its ``after``; None while there is none. Never waits."""
        try:
            return self._loaded.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """Ask for nothing more; what is being loaded is forgotten."""
        with contextlib.suppress(queue.Full):
            self._asked.put_nowait(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            path, after = asked
            try:
                self._loaded.put((load(path, self._side, self._side), after))
            except ImageError as refusal:
                log.warning("%s The picture before it stays.", refusal)
