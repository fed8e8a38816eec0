"""Sight: everything that one flip shows, decided from the newest picture, the knobs and the clock.

It knows neither window nor wires: the stage asks it sixty times a second, a film of the wall once for each picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from installation.stage.exposure import Exposure
from installation.stage.panel import closed
from installation.stage.reel import Reel
from installation.stage.smoulder import Smoulder
from installation.stage.wall import Wall

if TYPE_CHECKING:
    from installation.stage.light import Light
    from installation.stage.overlay import Overlay
    from installation.stage.panel import Staging
    from installation.stage.patterns import Card

    Write = Callable[[Light], Sequence[Overlay]]


class Sight:
    """Owns the reel, the wall and the fire between them. Times are seconds of any clock that never goes back."""

    def __init__(self, side: int, now: float) -> None:
        """A bed of embers of side x side pixels, and nothing was shown yet."""
        self.reel = Reel(side, now)
        self.wall = Wall(now)
        self._smoulder = Smoulder()
        self._last = now
        self._written: Sequence[Overlay] = ()

    def exposure(
        self, now: float, values: Mapping[str, float], knobs: Staging, write: Write, cards: Sequence[Card] = ()
    ) -> Exposure:
        """What is to be seen now. ``values`` are all knobs, ``knobs`` the stage's own among them.

        ``write`` says what lies over a picture; while the picture is held it is not asked, and fire and letters stand.
        """
        elapsed, self._last = now - self._last, now
        if not knobs.hold:
            since = self.reel.since(now)
            self._smoulder = self._smoulder.kept(knobs.smoulder, knobs.smoulder_amount, since, elapsed)
        picture, share = self.reel.picture(now, knobs), self._smoulder.share
        if not knobs.hold:
            self._written = write(picture)
        return Exposure(
            self.wall.lit(picture, knobs.brightness, now, closed=closed(values), share=share),
            level=self.wall.level,
            opening=self.wall.opening,
            overlays=self._written,
            smoulder=self._smoulder,
            grain=knobs.grain,
            seconds=self._smoulder.age,
            turn=self.wall.turn,
            cards=cards,
        )
