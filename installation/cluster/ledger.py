"""The ledger of an engine elsewhere: what it is ordered, what it has said and finished, until the envoy takes it.

To the engine it is its uplink. A generation is released only when the checkpoint that holds it is there: whoever goes
on from that checkpoint knows exactly which generations are known already. A full ledger makes the engine wait.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.loop.checkpoints import Stand
from installation.records import Report

if TYPE_CHECKING:
    from installation.machine.ring import Ring
    from installation.records import Frame, Order

MOST = 8  # reports that wait, a few with a picture; an envoy that is there takes them within milliseconds
LATE = ("generation", "playing")  # reports that wait for their checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A report, and with a finished generation its frame."""

    report: Report
    frame: Frame | None = None

    @property
    def stand(self) -> Stand | None:
        """Which checkpoint it waits for; None where it waits for none."""
        data = self.report.data
        return Stand(data["scene"], data["seed"], data["serial"]) if self.report.name in LATE else None


class Ledger:
    """Between the engine's thread and the envoy's calls."""

    def __init__(self, ring: Ring, patience: float) -> None:
        """``ring``: where the engine shows. A full ledger is waited for ``patience`` seconds."""
        self._ring, self._patience = ring, patience
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._entries: deque[Entry] = deque()
        self._turn = threading.Condition(threading.RLock())
        self._closed = False

    def __len__(self) -> int:
        """How many reports wait."""
        return len(self._entries)

    # ------------------------------------------------------------------ the engine's side

    def order(self, patience: float = 0.0) -> Order | None:
        """The next order, waiting up to ``patience`` seconds."""
        try:
            return self._orders.get(timeout=patience) if patience > 0.0 else self._orders.get_nowait()
        except queue.Empty:
            return None

    def report(self, name: str, /, **data: object) -> None:
        """Write a report down; with a generation its picture. Raises ``EOFError`` when nobody takes them any more."""
        frame = self._ring.latest() if name == "generation" else None
        with self._turn:
            room = self._turn.wait_for(lambda: self._closed or len(self._entries) < MOST, self._patience)
            if self._closed or not room:
                raise EOFError
            self._entries.append(Entry(Report(name, data), frame))

    # ------------------------------------------------------------------ the envoy's side

    def post(self, order: Order) -> None:
        """Have the engine hear an order."""
        self._orders.put(order)

    def take(self, kept: Stand | None) -> list[Entry]:
        """All up to the first that waits for a later checkpoint than the one that is ``kept``."""
        with self._turn:
            taken = []
            while self._entries and _is_due(self._entries[0].stand, kept):
                taken.append(self._entries.popleft())
            self._turn.notify_all()
            return taken

    def close(self) -> None:
        """Nobody takes anything any more: the engine is to end."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()


def _is_due(awaited: Stand | None, kept: Stand | None) -> bool:
    if awaited is None:
        return True
    return kept is not None and kept[:2] == awaited[:2] and kept.serial >= awaited.serial
