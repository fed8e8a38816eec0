"""The wall: the last door before the window. Brightness, no flashes, the curtain, eight bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from installation.stage.curtain import Curtain
from installation.stage.flashes import steadied
from installation.stage.light import Light, encode, luminance

if TYPE_CHECKING:
    from installation.records import Pixels


class Wall:
    """What shines on the wall now, and what may follow it."""

    def __init__(self, now: float) -> None:
        """Nothing has been shown at ``now`` (s); the first picture is there at once."""
        self._shown: Light | None = None
        self._curtain = Curtain()
        self._last = now
        self._turn = 0

    @property
    def light(self) -> float:
        """The mean relative luminance on the wall, 0 to 1."""
        return 0.0 if self._shown is None else luminance(self._shown) * self._curtain.opening

    def next(self, picture: Light, brightness: float, now: float, *, closed: bool) -> Pixels:
        """The pixels for the next flip: as near to ``picture`` as the eyes of the audience allow."""
        elapsed, self._last = now - self._last, now
        self._turn += 1
        wanted = picture * np.float32(brightness)
        self._shown = wanted if self._shown is None else steadied(self._shown, wanted, elapsed)
        self._curtain = self._curtain.drawn(now, elapsed, closed=closed)
        return encode(self._shown * np.float32(self._curtain.opening), self._turn)
