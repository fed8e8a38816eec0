"""Onlookers: whoever watches the wall from a page gets small pictures of it, through a ring, as long as they ask."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from installation.machine.ring import Ring

if TYPE_CHECKING:
    from pathlib import Path

    from installation.records import Pixels

LONGEST = 960  # pixels of the longer side
RATE = 15.0  # pictures a second
LEASE = 3.0  # seconds for which one order lasts: who watches says so again and again
SLOTS = 4  # only the newest is looked at


class Onlookers:
    """Owns the writing end of their ring. While nobody watches nothing is drawn for them."""

    def __init__(self, path: Path) -> None:
        """Nobody is there; whoever comes has laid a ring at ``path`` before."""
        self._path = path
        self._ring: Ring | None = None
        self._until = self._due = -math.inf

    def come(self, now: float) -> None:
        """Somebody watches, for three seconds more (``now`` in s). Nothing happens where no ring was laid."""
        if self._ring is None and self._path.exists():
            self._ring = Ring(self._path)
        self._until = now + LEASE

    def due(self, now: float) -> bool:
        """Whether it is time for the next picture; says so once for each."""
        if self._ring is None or not self._due <= now < self._until:
            return False
        self._due = max(self._due, now - 1 / RATE) + 1 / RATE
        return True

    def show(self, pixels: Pixels) -> None:
        """Here is what the window shows, H x W x 3 uint8 sRGB. Never waits."""
        if self._ring:
            self._ring.write(pixels, stamp_ns=time.monotonic_ns(), generation=0, phase="generation", temperature=0.0)

    def close(self) -> None:
        """Leave the ring."""
        if self._ring:
            self._ring.close()


def lay(path: Path) -> Ring:
    """Make the ring for them, whole from its first moment: the stage may be looking for it already."""
    beside = path.with_suffix(".new")
    ring = Ring.create(beside, LONGEST * LONGEST, SLOTS)
    beside.rename(path)
    return ring


def across(window: tuple[int, int]) -> int:
    """How wide their picture of a window of (width, height) pixels is, so that its longer side fits; even."""
    width, height = window
    return max(round(width * min(1.0, LONGEST / max(width, height)) / 2) * 2, 2)
