"""The board: one float64 per name, from one writer to any number of readers; only the latest counts.

Knob values go down on it, vital signs come up on it. A sequence number is odd while the writer is at work; a reader
that meets it tries again, and after a few tries takes what is there: each value alone is always whole, and a writer
killed in the middle must not blind the readers.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from installation.machine.files import mapped

TRIES = 64


class Board:
    """One mapping of a board. ``create`` makes the file, ``Board(path)`` joins it; only one process may write."""

    def __init__(self, path: Path) -> None:
        """Map an existing board."""
        self._map = mapped(path)
        count, length = (int(n) for n in np.frombuffer(self._map, np.uint64, count=2, offset=8))
        self._sequence = np.frombuffer(self._map, np.uint64, count=1)
        self._values = np.frombuffer(self._map, np.float64, count=count, offset=24)
        self.names: tuple[str, ...] = tuple(json.loads(self._map[24 + 8 * count : 24 + 8 * count + length]))
        self._index = {name: place for place, name in enumerate(self.names)}

    @classmethod
    def create(cls, path: Path, initial: Mapping[str, float]) -> Board:
        """Make a board with these names and first values."""
        names = json.dumps(list(initial)).encode()
        head = np.array([0, len(initial), len(names)], np.uint64)
        path.write_bytes(head.tobytes() + np.array(list(initial.values()), np.float64).tobytes() + names)
        return cls(path)

    @property
    def revision(self) -> int:
        """How many times the board was written; grows by one per ``write``."""
        return int(self._sequence[0]) // 2

    def write(self, values: Mapping[str, float]) -> None:
        """Change some values at once. Raises ``KeyError`` for a name that is not on the board."""
        places = [self._index[name] for name in values]
        numbers = [float(value) for value in values.values()]
        at_work = int(self._sequence[0]) | 1  # odd already when the last writer was killed at work
        self._sequence[0] = at_work
        self._values[places] = numbers
        self._sequence[0] = at_work + 1

    def read(self) -> dict[str, float]:
        """All values at one instant."""
        return dict(zip(self.names, self.copy().tolist(), strict=True))

    def copy(self) -> np.ndarray:
        """All values at one instant, in the order of ``names``."""
        for _ in range(TRIES):
            before = int(self._sequence[0])
            values = self._values.copy()
            if before % 2 == 0 and before == int(self._sequence[0]):
                break
        return values

    def __getitem__(self, name: str) -> float:
        return float(self._values[self._index[name]])

    def close(self) -> None:
        """Leave the board."""
        del self._values, self._sequence
        self._map.close()


def glance(path: Path) -> dict[str, float]:
    """What a board says at this moment; nothing before its process has laid it."""
    with contextlib.suppress(OSError, ValueError):
        board = Board(path)
        try:
            return board.read()
        finally:
            board.close()
    return {}
