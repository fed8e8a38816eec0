"""The ring: frames from one writer to any number of readers through memory, without locks.

A file on tmpfs, mapped by everyone, with N slots. The writer voids a slot's end mark, writes its begin mark, the
frame and the end mark, then announces the serial; a reader copies and looks at both marks before and after. A
killed writer holds no lock, and a torn frame is never seen. The marks rely on x86's store order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from installation.machine.files import mapped
from installation.records import Frame, Showing

if TYPE_CHECKING:
    from installation.records import Pixels

SLOTS = 24  # more than a second of frames at 20 per second: what a recorder may fall behind without loss
PHASES: tuple[Showing, ...] = get_args(Showing)
TRIES = 8  # a reader overtaken this often in a row is too slow for this writer: no frame this time

_HEADER = np.dtype([("slots", "u8"), ("room", "u8"), ("newest", "u8"), ("spare", "u8", 5)])
_SLOT = np.dtype(
    [
        ("begin", "u8"),
        ("stamp_ns", "u8"),
        ("generation", "u8"),
        ("phase", "u4"),
        ("height", "u4"),
        ("width", "u4"),
        ("spare", "u4"),
        ("temperature", "f8"),
        ("end", "u8"),
        ("padding", "u8"),
    ]
)


class Ring:
    """One mapping of the ring. ``create`` makes the file, ``Ring(path)`` joins it; only one process may write."""

    def __init__(self, path: Path) -> None:
        """Map an existing ring."""
        self._map = mapped(path)
        self._head = np.frombuffer(self._map, _HEADER, count=1)
        self._slots = int(self._head["slots"][0])
        self._room = int(self._head["room"][0])

    @classmethod
    def create(cls, path: Path, most_pixels: int, slots: int = SLOTS) -> Ring:
        """Make a ring for frames of up to ``most_pixels`` pixels (H x W)."""
        room = -(-most_pixels * 3 // 64) * 64
        with path.open("wb") as file:
            file.truncate(_HEADER.itemsize + slots * (_SLOT.itemsize + room))
            head = np.zeros(1, _HEADER)
            head["slots"], head["room"] = slots, room
            file.seek(0)
            file.write(head.tobytes())
        return cls(path)

    @property
    def newest(self) -> int:
        """The serial announced last; 0 before the first frame. Serials start at 1 and never go back."""
        return int(self._head["newest"][0])

    def write(self, pixels: Pixels, *, stamp_ns: int, generation: int, phase: Showing, temperature: float) -> int:
        """Publish H x W x 3 uint8 pixels and return their serial. Raises ``ValueError`` for a frame too large."""
        if pixels.nbytes > self._room:
            raise ValueError(f"A frame of {pixels.nbytes} bytes does not fit the ring's slots of {self._room}.")
        serial = self.newest + 1
        slot, room = self._slot(serial)
        slot["end"] = 0
        slot["begin"] = serial
        slot["stamp_ns"], slot["generation"], slot["temperature"] = stamp_ns, generation, temperature
        slot["phase"], slot["height"], slot["width"] = PHASES.index(phase), *pixels.shape[:2]
        room[: pixels.nbytes] = pixels.reshape(-1)
        slot["end"] = serial
        self._head["newest"] = serial
        return serial

    def latest(self) -> Frame | None:
        """The newest whole frame, or None before the first."""
        for _ in range(TRIES):
            serial = self.newest
            if not serial:
                return None
            if (frame := self.read(serial)) is not None:
                return frame
        return None

    def read(self, serial: int) -> Frame | None:
        """The frame with this serial, or None when it is overwritten, unfinished or not yet written."""
        slot, room = self._slot(serial)
        if not _whole(slot, serial):
            return None
        height, width = int(slot["height"][0]), int(slot["width"][0])
        if height * width * 3 > self._room:
            return None
        pixels = room[: height * width * 3].reshape(height, width, 3).copy()
        frame = Frame(
            serial,
            int(slot["stamp_ns"][0]),
            int(slot["generation"][0]),
            PHASES[int(slot["phase"][0]) % len(PHASES)],
            float(slot["temperature"][0]),
            pixels,
        )
        return frame if _whole(slot, serial) else None

    def since(self, serial: int) -> Iterator[Frame]:
        """Every frame after ``serial`` that is still whole, oldest first."""
        newest = self.newest
        for later in range(max(serial + 1, newest - self._slots + 1), newest + 1):
            if (frame := self.read(later)) is not None:
                yield frame

    def close(self) -> None:
        """Leave the ring. Views are dropped first: a mapping with views cannot be closed."""
        del self._head
        self._map.close()

    def _slot(self, serial: int) -> tuple[np.ndarray, np.ndarray]:
        offset = _HEADER.itemsize + serial % self._slots * (_SLOT.itemsize + self._room)
        slot = np.frombuffer(self._map, _SLOT, count=1, offset=offset)
        return slot, np.frombuffer(self._map, np.uint8, count=self._room, offset=offset + _SLOT.itemsize)


def _whole(slot: np.ndarray, serial: int) -> bool:
    return bool(slot["end"][0] == serial and slot["begin"][0] == serial)
