"""Dissolves: from what is on the wall to the newest frame, in light, no slower than frames arrive."""

from __future__ import annotations

import dataclasses
import statistics
from collections import deque

from installation.stage.light import Light

REMEMBERED = 8  # gaps between frames: their median ignores the pause after a burst


@dataclasses.dataclass(frozen=True, slots=True)
class Dissolve:
    """A dissolve that began at ``begun`` (s) from ``before`` and takes ``seconds``; where it goes may itself move."""

    before: Light
    begun: float
    seconds: float

    def share(self, now: float) -> float:
        """How much of the new picture is there: 0 at the beginning, 1 from the end on, in even steps of light."""
        if self.seconds <= 0.0:
            return 1.0
        return min(max((now - self.begun) / self.seconds, 0.0), 1.0)

    def picture(self, after: Light, now: float) -> Light:
        """What is seen at ``now`` on the way to ``after``."""
        share = self.share(now)
        return after if share >= 1.0 else blend(resized(self.before, after), after, share)


def blend(before: Light, after: Light, share: float) -> Light:
    """(1 - share) before + share after, in linear light: the sum of two projectors."""
    import cv2

    return cv2.addWeighted(before, 1.0 - share, after, share, 0.0)  # type: ignore[return-value] # cv2 knows no shapes


def resized(picture: Light, like: Light) -> Light:
    """The picture in another picture's height and width; itself when it has them already."""
    import cv2

    if picture.shape == like.shape:
        return picture
    height, width = like.shape[:2]
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value] # no shapes


class Arrivals:
    """When frames came: the interval at which they really arrive."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._gaps: deque[float] = deque(maxlen=REMEMBERED)
        self._last: float | None = None

    def note(self, now: float) -> None:
        """A frame came at ``now`` (s)."""
        if self._last is not None:
            self._gaps.append(max(now - self._last, 0.0))
        self._last = now

    def limit(self, longest: float) -> float:
        """How long a dissolve may take: ``longest``, or the median gap between frames if that is shorter. Seconds."""
        return min(longest, statistics.median(self._gaps)) if self._gaps else longest
