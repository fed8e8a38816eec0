"""The wings: what is made ready beside the loop, in a thread, until it can come on.

Loading a model takes seconds; only the exchange, when it is ready, is done by whoever turns the loop, between two
generations. One thing is made ready at a time, in the order in which they were asked for.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from installation.errors import Refusal

log = logging.getLogger(__name__)

NICENESS = 5  # below the loop, where both want the same core

Enter = Callable[[], None]  # what is done when it comes on, by whoever turns the loop
Make = Callable[[], Enter]  # what takes long, done in the thread; raises Refusal


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to be made ready: what it is called, and how. ``at_once``: it need not wait for a generation's end."""

    name: str
    make: Make
    at_once: bool = False


class Wings:
    """Owns what is being made ready. Only the thread that made the wings may ask them for anything."""

    def __init__(self, patience: float) -> None:
        """``patience``: seconds that making something ready may take before somebody is told."""
        self._patience = patience
        self._waiting: deque[Wish] = deque()
        self._made: queue.SimpleQueue[Enter | Refusal] = queue.SimpleQueue()
        self._making: Wish | None = None
        self._ready: Enter | Refusal | None = None
        self._deadline = 0.0
        self._thread: threading.Thread | None = None

    def holds(self, *names: str) -> bool:
        """Whether anything of these names, or without them anything at all, is made ready or waits for that."""
        held = [*self._waiting, *([self._making] if self._making else [])]
        return any(not names or wish.name in names for wish in held)

    def ask(self, wish: Wish) -> None:
        """Make something ready; of two wishes of one name that still wait the later is the one that is meant."""
        self._waiting = deque(each for each in self._waiting if each.name != wish.name)
        self._waiting.append(wish)
        self._go_on()

    def come(self, *, between: bool) -> tuple[Wish, Enter | Refusal] | None:
        """What is ready, or why it never will be; None while there is nothing. It is asked for at every moment.

        ``between``: a generation has ended; in the midst of one only that comes which need not wait.
        """
        with contextlib.suppress(queue.Empty):
            self._ready = self._ready or self._made.get_nowait()
        wish, ready = self._making, self._ready
        if wish is None or ready is None or not (between or wish.at_once or isinstance(ready, Refusal)):
            return None
        self._making = self._ready = None
        self._go_on()
        return wish, ready

    def late(self) -> str | None:
        """The sentence to say, once, when something takes longer than anybody should wait: it cannot be ended."""
        if self._making is None or self._ready or time.monotonic() < self._deadline:
            return None
        self._deadline = math.inf
        return (
            f"What /{self._making.name} asked for is not ready after {self._patience:.0f} s, and what was asked for "
            "since waits behind it. The show goes on as it is; /engine/restart ends the waiting."
        )

    def close(self, patience: float) -> None:
        """Before the process ends: nothing more is made; what is being made has so many seconds, or ends with it."""
        self._waiting.clear()
        if self._thread:
            self._thread.join(patience)

    def _go_on(self) -> None:
        if self._making is None and self._waiting:
            wish = self._making = self._waiting.popleft()
            self._deadline = time.monotonic() + self._patience
            self._thread = threading.Thread(target=self._make, args=(wish,), name=f"wings-{wish.name}", daemon=True)
            self._thread.start()

    def _make(self, wish: Wish) -> None:
        if sys.platform == "linux":  # elsewhere the whole process would step back
            os.nice(NICENESS)
        try:
            self._made.put(wish.make())
        except Refusal as refusal:
            self._made.put(refusal)
        except Exception as error:
            log.exception("What was asked for by %s cannot be made ready.", wish.name)
            self._made.put(Refusal(f"It cannot be made ready ({error!r}); the log says more."))
