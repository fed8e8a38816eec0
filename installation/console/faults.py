"""Faults: the last sentences with which the piece complained, kept for whoever looks at the console."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass

KEPT = 40
LONGEST = 400  # characters of one


@dataclass(frozen=True, slots=True)
class Fault:
    """A warning or an error: when (seconds since 1970), how grave ("WARNING", "ERROR"), and what."""

    at: float
    level: str
    text: str


class Faults(logging.Handler):
    """Hears what the log hears, of all processes: they speak with the conductor's voice."""

    def __init__(self) -> None:
        """Nothing was complained of yet."""
        super().__init__(logging.WARNING)
        self._kept: deque[Fault] = deque(maxlen=KEPT)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one; any thread may complain."""
        self._kept.append(Fault(record.created, record.levelname, record.getMessage()[:LONGEST]))
        self.count += 1

    def last(self) -> tuple[Fault, ...]:
        """The newest first."""
        return tuple(reversed(self._kept.copy()))
