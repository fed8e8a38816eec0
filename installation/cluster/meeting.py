"""Letters to all engines, once a second: what time is it there?"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from installation.cluster.clock import Exchange, exchange

if TYPE_CHECKING:
    from installation.cluster.clock import Times

EVERY = 1.0  # seconds


class Asked(Protocol):
    """Whoever has a clock: a posting, or an engine that is followed."""

    number: int

    @property
    def is_settled(self) -> bool:
        """Whether anybody is there to be asked."""

    def clock(self) -> Future[Times]:
        """When a letter was heard there, and when answered."""


class Meeting:
    """Owns the letters under way, one for each. Belongs to one thread, and never waits."""

    def __init__(self) -> None:
        """Nobody was asked yet."""
        self._letters: dict[int, Future[Exchange]] = {}
        self._next = -math.inf

    def look(self, all_of_them: Sequence[Asked], now: float) -> Iterator[tuple[int, Exchange]]:
        """The letters that have been answered, by place; and new ones are sent, if it is time at ``now`` seconds."""
        yield from self._answered()
        if now < self._next:
            return
        self._next = now + EVERY
        for each in all_of_them:
            if each.is_settled and each.number not in self._letters:
                self._letters[each.number] = exchange(each.clock, time.time_ns)

    def _answered(self) -> Iterator[tuple[int, Exchange]]:
        for number in [number for number, letter in self._letters.items() if letter.done()]:
            letter = self._letters.pop(number)
            if letter.exception() is None:  # whoever died is mourned elsewhere
                yield number, letter.result()
