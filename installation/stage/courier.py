"""A courier: a thread that is handed the newest picture and that nobody waits for."""

from __future__ import annotations

import abc
import contextlib
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from installation.records import Pixels


class Courier(abc.ABC):
    """One picture may be under way; what it does with it, a slow disk or a slow network, is ``_work``'s."""

    def __init__(self, name: str) -> None:
        """Start the thread: whatever ``_work`` needs must be there before."""
        self._next: queue.Queue[Pixels | None] = queue.Queue(1)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def offer(self, pixels: Pixels) -> None:
        """Hand over this one, unless the one before is still under way. Never waits."""
        with contextlib.suppress(queue.Full):
            self._next.put_nowait(pixels)

    def close(self, patience: float = 1.0) -> None:
        """Let a picture that is under way come to its end, for up to ``patience`` seconds."""
        with contextlib.suppress(queue.Full):
            self._next.put(None, timeout=patience)
        self._thread.join(patience)

    def _offered(self) -> Iterator[Pixels]:
        """Every picture handed over, waiting for each, until the courier is closed."""
        while (pixels := self._next.get()) is not None:
            yield pixels

    @abc.abstractmethod
    def _work(self) -> None:
        """Carry what is ``_offered``, in the courier's own thread."""
