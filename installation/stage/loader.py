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


class Loader:
    """A thread that loads the picture asked for last. A file that is no picture is a line in the log."""

    def __init__(self, side: int) -> None:
        """Pictures will be side x side pixels."""
        self._side = side
        self._asked: queue.Queue[tuple[Path, int] | None] = queue.Queue(1)
        self._loaded: queue.SimpleQueue[tuple[Pixels, int]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
        self._thread.start()

    def ask(self, path: Path, after: int) -> None:
        """Load this picture; ``after`` is handed back with it and says which frame it is to follow."""
        self._replace((path, after))

    def loaded(self) -> tuple[Pixels, int] | None:
        """The next picture that is ready, H x W x 3 uint8, and its ``after``; None while there is none. Never waits."""
        try:
            return self._loaded.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """Ask for nothing more; what is being loaded is forgotten."""
        self._replace(None)

    def _replace(self, asked: tuple[Path, int] | None) -> None:
        """Only one thread asks, so there is room once what waits has been taken back."""
        with contextlib.suppress(queue.Empty):
            self._asked.get_nowait()
        self._asked.put_nowait(asked)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            path, after = asked
            try:
                self._loaded.put((load(path, self._side, self._side), after))
            except ImageError as refusal:
                log.warning("%s The picture before it stays.", refusal)
