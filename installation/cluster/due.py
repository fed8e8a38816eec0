"""Shared presentation time: frames that wait for the moment at which every stage machine shows them.

All times are nanoseconds of the shared clock (Unix time, as PTP or NTP keep it): a frame is due at its stamp plus the
delay that the wall agreed on. Nothing here reads a clock.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

Shown = TypeVar("Shown")

MOST = 32  # frames that may wait: more than a second of 20 a second; at 512 px not more than 25 MB
LEAST = 2  # a full queue keeps what is due next and what came last


@dataclass(frozen=True, slots=True)
class Tally:
    """What has become of all frames so far; together with those that wait they are as many as were put in."""

    shown: int = 0
    late: int = 0  # due longer ago than the tolerance
    overtaken: int = 0  # a newer one was due as well, or had been shown already
    crowded: int = 0  # no room to wait in

    @property
    def dropped(self) -> int:
        """All that were not shown."""
        return self.late + self.overtaken + self.crowded


class Due(Generic[Shown]):
    """A queue that gives at any time the newest frame that is due, and never goes back.

    It belongs to one thread. ``most`` bounds how many wait. When it is full the last but one goes: what is due next
    still comes in its time, and the newest stays.
    """

    def __init__(self, tolerance_ns: int, most: int = MOST) -> None:
        """Nothing waits yet. Raises ``ValueError`` for a negative tolerance or a queue for less than two."""
        if tolerance_ns < 0 or most < LEAST:
            raise ValueError(f"A queue takes {LEAST} frames or more and a tolerance of 0 ns or more.")
        self.tally = Tally()
        self._tolerance_ns, self._most = tolerance_ns, most
        self._waiting: list[tuple[int, int, Shown]] = []  # due, place in the order of coming, frame
        self._put = 0
        self._last_ns: int | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def next_ns(self) -> int | None:
        """When the next one is due; None where none waits."""
        return self._waiting[0][0] if self._waiting else None

    def put(self, due_ns: int, frame: Shown) -> None:
        """Let a frame wait until it is due; frames may come in any order."""
        self._put += 1
        if self._last_ns is not None and due_ns < self._last_ns:
            self._count(overtaken=1)
            return
        insort(self._waiting, (due_ns, self._put, frame), key=lambda waiting: waiting[:2])
        if len(self._waiting) > self._most:
            del self._waiting[-2]
            self._count(crowded=1)

    def take(self, now_ns: int) -> Shown | None:
        """The newest frame that is due at ``now_ns``, once; None where there is none, or only late ones."""
        there = sum(due_ns <= now_ns for due_ns, *_ in self._waiting)
        due, self._waiting = self._waiting[:there], self._waiting[there:]
        late = sum(due_ns < now_ns - self._tolerance_ns for due_ns, *_ in due)
        if late == len(due):
            self._count(late=late)
            return None
        self._count(late=late, shown=1, overtaken=len(due) - late - 1)
        self._last_ns, _, newest = due[-1]
        return newest

    def _count(self, **more: int) -> None:
        self.tally = replace(self.tally, **{what: getattr(self.tally, what) + count for what, count in more.items()})
