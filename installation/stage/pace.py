"""The frame clock: when to flip next, and how evenly it went."""

from __future__ import annotations

import itertools
import statistics
from collections import deque
from collections.abc import Callable

WINDOW = 10.0  # seconds over which gaps between flips are remembered
SECOND = 1.0
TRIAL = 12  # flips, by which vsync is measured


class Pace:
    """Flips at an even rate, in seconds of any monotonic clock. Late flips are never made up for."""

    def __init__(self, rate: float, now: float) -> None:
        """Begin at ``now`` with ``rate`` flips per second."""
        self._interval = 1.0 / rate
        self._due = now
        self._flips: deque[tuple[float, float]] = deque()
        self._last: float | None = None

    def wait(self, now: float) -> float:
        """How long until the next flip is due, in seconds; 0 when it is due now."""
        return max(self._due - now, 0.0)

    def flipped(self, now: float) -> None:
        """A flip happened at ``now``."""
        if self._last is not None:
            self._flips.append((now, now - self._last))
        self._last = now
        while self._flips and self._flips[0][0] < now - WINDOW:
            self._flips.popleft()
        self._due = min(max(self._due, now - self._interval), now) + self._interval

    @property
    def worst_gap(self) -> float:
        """The largest gap between two flips in the last ten seconds, in seconds."""
        return max((gap for _, gap in self._flips), default=0.0)

    @property
    def fps(self) -> float:
        """Flips in the last second."""
        return float(sum(flip > (self._last or 0.0) - SECOND for flip, _ in self._flips))


def waits(flip: Callable[[], None], clock: Callable[[], float], rate: float) -> bool:
    """Whether flips really wait for a display of ``rate`` pictures a second. Not every driver that says so does."""
    stamps = []
    for _ in range(TRIAL):
        flip()
        stamps.append(clock())
    return statistics.median(later - earlier for earlier, later in itertools.pairwise(stamps)) > 0.5 / rate
