"""The gate: which of the ring's frames are shown."""

from __future__ import annotations

from installation.machine.ring import SLOTS, Ring
from installation.records import Frame

SHOWN = {
    "everything": ("burn", "restore", "generation"),
    "restoring": ("restore", "generation"),
    "generations": ("generation",),
}


class Gate:
    """Where in the ring we are. Frames come out at most once, the newest first; what was missed is missed."""

    def __init__(self, ring: Ring) -> None:
        """Stand before the first frame."""
        self._ring = ring
        self._passed = 0

    def newest(self, show: str) -> Frame | None:
        """The newest frame of the phases to ``show`` that has not come out yet, or None. Never waits."""
        phases, announced = SHOWN[show], self._ring.newest
        for serial in range(announced, max(self._passed, announced - SLOTS), -1):
            frame = self._ring.read(serial)
            if frame is not None and frame.phase in phases:
                self._passed = announced
                return frame
        self._passed = announced
        return None

    def shut(self) -> int:
        """Let no frame out that is in the ring already; the serial of the last of them."""
        self._passed = self._ring.newest
        return self._passed
