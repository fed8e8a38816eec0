"""The inbox: whatever anybody wants, from any thread, until the tick takes it.

A number for a knob is a state: of many that came since the last tick only the newest counts. Everything else is an
event: it keeps its place, before and behind the numbers it came between. What was posted together is taken together,
in one tick and thus in one frame; what was posted for later waits here until its moment.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections import deque
from collections.abc import Container
from typing import Protocol

from installation.records import Message

BOUND = 10_000  # messages that wait for the tick, and as many again for their moment; more are counted and dropped
PER_TICK = 500  # what a tick can answer without being late


class Post(Protocol):
    """How messages are handed over; it must not wait, and says whether they were taken."""

    def __call__(self, *messages: Message, due: float = 0.0) -> bool:
        """All of them or none, for the next tick or for a moment of the monotonic clock in seconds."""
        ...


class Inbox:
    """Messages between the doors and the tick. Its lock is held for microseconds and never while others' code runs."""

    def __init__(self, knobs: Container[str]) -> None:
        """Empty. ``knobs``: the addresses where only the newest number counts."""
        self.dropped = 0
        self._knobs = knobs
        self._lock = threading.Lock()
        self._waiting: deque[dict[str, Message] | tuple[Message, ...]] = deque()
        self._count = 0
        self._later: list[tuple[float, int, tuple[Message, ...]]] = []
        self._later_count = 0
        self._order = itertools.count()

    def post(self, *messages: Message, due: float = 0.0) -> bool:
        """Hand over messages that belong together, for the next tick or for a later moment (monotonic seconds).

        Returns False, and counts them as dropped, when there is no room for all of them.
        """
        with self._lock:
            taken = self._schedule(messages, due) if due else self._admit(messages)
            self.dropped += 0 if taken else len(messages)
            return taken

    def take(self, now: float) -> list[Message]:
        """What the tick of this moment should answer, in order: about 500 messages, bundles whole."""
        taken: list[Message] = []
        with self._lock:
            while self._later and self._later[0][0] <= now:
                self._ripen()
            while self._waiting and len(taken) < PER_TICK:
                first = self._waiting.popleft()
                taken += first.values() if isinstance(first, dict) else first
            self._count -= len(taken)
        return taken

    def _schedule(self, messages: tuple[Message, ...], due: float) -> bool:
        if self._later_count + len(messages) > BOUND:
            return False
        heapq.heappush(self._later, (due, next(self._order), messages))
        self._later_count += len(messages)
        return True

    def _ripen(self) -> None:
        messages = heapq.heappop(self._later)[2]
        self._later_count -= len(messages)
        self.dropped += 0 if self._admit(messages) else len(messages)

    def _admit(self, messages: tuple[Message, ...]) -> bool:
        newest = self._waiting[-1] if self._waiting else None
        numbers = all(map(self._is_number, messages))
        room = messages
        if numbers and isinstance(newest, dict):
            room = tuple(message for message in messages if message.address not in newest)
        if self._count + len(room) > BOUND:
            return False
        if not numbers:
            self._waiting.append(messages)
            self._count += len(messages)
            return True
        if not isinstance(newest, dict):
            self._waiting.append(newest := {})
        before = len(newest)
        newest.update((message.address, message) for message in messages)
        self._count += len(newest) - before
        return True

    def _is_number(self, message: Message) -> bool:
        if len(message.arguments) != 1 or message.address not in self._knobs:
            return False
        value = message.arguments[0]
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
