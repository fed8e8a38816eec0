"""The reel: what is to be seen at any instant. Frames come in when they like; a picture comes out whenever asked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.burn_on import Tinder, burn_on, gather
from installation.stage.dissolve import Arrivals, Dissolve, blend, resized
from installation.stage.ember import AGE, bed
from installation.stage.flow import Motion, motion, moving
from installation.stage.light import Light, decode
from installation.stage.panel import Staging

if TYPE_CHECKING:
    from installation.records import Pixels

SEED = 1952  # the same fire everywhere: two stages side by side burn alike
MOST_SIDE = 384  # pixels: a larger picture burns on at this size, for the fire's price goes with its area
SOFTENING = 4.0  # seconds in which a larger picture goes over to that size: it is melting anyway


class Reel:
    """The newest picture, the dissolve into it, and its burning when nothing newer comes. Times are in seconds."""

    def __init__(self, side: int, now: float) -> None:
        """Begin with a bed of embers of side x side pixels, well alight."""
        self._source = self._seen = bed(side, side)
        self._fuel = _fuel(self._source)
        self._dissolve = Dissolve(self._source, now, 0.0)
        self._course: Motion | None = None
        self._arrivals = Arrivals()
        self._arrived = now
        self._lit: float | None = now - AGE
        self._held = False
        self._embers = True

    @property
    def burning(self) -> bool:
        """Whether the picture burns on because nothing newer came."""
        return self._lit is not None

    def since(self, now: float) -> float:
        """Seconds since the newest picture came."""
        return max(now - self._arrived, 0.0)

    def arrive(self, pixels: Pixels, now: float, knobs: Staging) -> None:
        """A newer picture is there, H x W x 3 uint8 sRGB; dissolve, or move, to it from whatever is seen."""
        self._arrivals.note(now)
        self._source = decode(pixels)
        self._fuel = _fuel(self._source)
        self._course = motion(self._seen, self._source) if knobs.transition == "flow" else None
        self._dissolve = Dissolve(self._seen, now, self._arrivals.limit(knobs.dissolve))
        self._arrived, self._lit, self._embers = now, None, False

    def picture(self, now: float, knobs: Staging) -> Light:
        """What is to be seen now. Linear light, H x W x 3."""
        if knobs.hold:
            self._held = True
            return self._seen
        if self._held:
            self._held, self._course = False, None
            self._dissolve = Dissolve(self._seen, now, self._arrivals.limit(knobs.dissolve))
        if self._lit is None and now - self._arrived > knobs.patience:
            self._lit = now
        self._seen = self._between(self._fire(now, knobs), now)
        return self._seen

    def _between(self, after: Light, now: float) -> Light:
        """What is seen on the way to ``after``."""
        if self._course is None:
            return self._dissolve.picture(after, now)
        return moving(self._dissolve.before, after, self._course, self._dissolve.share(now))

    def _fire(self, now: float, knobs: Staging) -> Light:
        strength = 1.0 if self._embers else knobs.burn_on
        if self._lit is None or strength == 0.0:
            return self._source
        seconds = now - self._lit
        burnt = burn_on(self._fuel, kindling(*self._fuel.shape[:2]), seconds, strength)
        if seconds >= SOFTENING or burnt.shape == self._source.shape:
            return burnt
        return blend(self._source, resized(burnt, self._source), seconds / SOFTENING)


@functools.lru_cache(maxsize=2)
def kindling(height: int, width: int) -> Tinder:
    """The tinder for this size, gathered once."""
    return gather(SEED, height, width)


def _fuel(picture: Light) -> Light:
    """The picture at the size at which it burns."""
    import cv2

    scale = MOST_SIDE / max(picture.shape[:2])
    if scale >= 1.0:
        return picture
    height, width = (max(round(side * scale), 1) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
