"""The wall: the last door before the presenter. Brightness, no flashes, the curtain, eight bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from installation.stage.curtain import Curtain
from installation.stage.flashes import FASTEST, steadied
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
        self.turn = 0  # counts flips
        self.level = 1.0  # the brightness of what does not come in the picture: no faster than light may change

    @property
    def light(self) -> float:
        """The mean relative luminance on the wall, 0 to 1."""
        return 0.0 if self._shown is None else luminance(self._shown) * self.opening

    @property
    def opening(self) -> float:
        """How far the curtain is open, 0 to 1."""
        return self._curtain.opening

    def next(self, picture: Light, brightness: float, now: float, *, closed: bool) -> Pixels:
        """The pixels for the next flip: as near to ``picture`` as the eyes of the audience allow."""
        lit = self.lit(picture, brightness, now, closed=closed)
        return encode(lit * np.float32(self.opening), self.turn)

    def lit(self, picture: Light, brightness: float, now: float, *, closed: bool, share: float = 1.0) -> Light:
        """The light for the next flip, H x W x 3, before the curtain; ``turn``, ``level`` and ``opening`` go with it.

        ``share`` of the limit on flashes is what the picture may use of it, 0 to 1: something else may need the rest.
        """
        elapsed, self._last = now - self._last, now
        self.turn += 1
        wanted = picture * np.float32(brightness)
        first = self._shown is None
        self._shown = wanted if self._shown is None else steadied(self._shown, wanted, elapsed * share)
        step = 1.0 if first else FASTEST * max(elapsed, 0.0)
        self.level = min(max(brightness, self.level - step), self.level + step)
        self._curtain = self._curtain.drawn(now, elapsed, closed=closed)
        return self._shown
