"""Gaps between flips, counted by their length: one bad frame in a month of good ones is still there at its end."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from installation.machine.board import Board

if TYPE_CHECKING:
    from pathlib import Path

#: Upper edges in ms: a millisecond apart up to 100, a tenth above, to eleven seconds; what is longer has its own place.
EDGES: tuple[float, ...] = (*map(float, range(1, 101)), *(float(round(100 * 1.1**n)) for n in range(1, 50)), math.inf)
NAMES = tuple(f"{edge:g}" for edge in EDGES)
#: The board of the counts, all 0: laid once for a performance, so that the counts outlive the stage's process.
COUNTS = dict.fromkeys(NAMES, 0.0)
MS = 1e3


class Gaps:
    """The writing end: owned by the stage. A gap that its death has torn is counted by its next life."""

    def __init__(self, path: Path, last: float) -> None:
        """Go on counting on a board; ``last``: when the last life flipped last, in monotonic seconds, 0 for never."""
        self._board = Board(path)
        self._last = last

    def flipped(self, now: float) -> None:
        """A flip happened at ``now``."""
        if self._last:
            name = NAMES[bisect_left(EDGES, (now - self._last) * MS)]
            self._board.write({name: self._board[name] + 1.0})
        self._last = now

    def close(self) -> None:
        """Leave the board."""
        self._board.close()


@dataclass(frozen=True, slots=True)
class Spread:
    """How many gaps there were of each length, in the order of ``EDGES``. Times are in ms and upper edges."""

    counts: tuple[float, ...] = (0.0,) * len(EDGES)

    def since(self, earlier: Spread) -> Spread:
        """What was counted after another look."""
        return Spread(tuple(now - then for now, then in zip(self.counts, earlier.counts, strict=True)))

    @property
    def total(self) -> int:
        """All of them."""
        return int(sum(self.counts))

    @property
    def longest(self) -> float:
        """No gap was longer; 0 where there was none."""
        return max((edge for edge, count in zip(EDGES, self.counts, strict=True) if count), default=0.0)

    def quantile(self, share: float) -> float:
        """So large a ``share`` (0 to 1) of all gaps was no longer; 0 where there was none."""
        wanted = share * self.total
        return EDGES[bisect_left(list(accumulate(self.counts)), wanted)] if self.total else 0.0

    def over(self, limit: float) -> int:
        """How many were longer than ``limit``: exact for an edge, else at least so many."""
        return int(sum(self.counts[bisect_left(EDGES, limit) + 1 :]))


def spread(path: Path) -> Spread:
    """What a board says now. Raises ``OSError`` where there is none."""
    board = Board(path)
    try:
        return Spread(tuple(board.copy().tolist()))
    finally:
        board.close()
