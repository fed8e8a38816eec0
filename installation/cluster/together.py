"""Pictures on their way to the wall: shown when they come, or at a moment that all stage machines share.

The clocks of the machines that the pictures come from are looked at all the while. A picture says when it was made, by
that clock; so many seconds later it is shown, here and wherever else its engine is followed.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from installation.cluster.clock import Acquaintance, Exchange, Reckoning
from installation.cluster.due import Due, Tally

if TYPE_CHECKING:
    from installation.cluster.letters import Picture
    from installation.machine.settings import Settings

log = logging.getLogger(__name__)

#: What the envoy shows beside the engine's vital signs; of several clocks the one that is furthest off.
CLUSTER_VITALS: Mapping[str, float] = {
    "clock_offset_ms": math.nan,
    "clock_error_ms": math.nan,
    "clock_drift_ppm": math.nan,
    "way_ms": math.nan,
    "late": 0.0,
}
LATE_FRAMES = 2.0  # of the wall, by which a picture may be late before it is seen
MS, SECOND = 1e6, 1e9


class Together:
    """When the pictures of each engine are due. Belongs to one thread; every time is given in Unix nanoseconds."""

    def __init__(self, settings: Settings) -> None:
        """Nobody's clock is known, and nothing waits."""
        frame_ns, delay = SECOND / settings.stage.rate, settings.cluster.together
        self._delay_ns = None if delay is None else round(delay * SECOND)
        self._tolerance_ns = frame_ns / 2
        self._names = [engine.name for engine in settings.engines]
        self._clocks = [Acquaintance() for _ in self._names]
        self._known: list[Reckoning | None] = [None for _ in self._names]
        self._due: list[Due[Picture]] = [Due(round(LATE_FRAMES * frame_ns)) for _ in self._names]
        self._complaints = ["" for _ in self._names]
        self._way_ns = math.nan

    def met(self, place: int, exchange: Exchange) -> None:
        """A letter to the engine in this place was answered. That clocks have come apart, or together, is said once."""
        self._clocks[place].add(exchange)
        self._known[place] = known = self._clocks[place].reckon(exchange.returned_ns)
        complaint = known.complaint(self._names[place], self._tolerance_ns) if known else ""
        if complaint and not self._complaints[place]:
            log.warning("%s Until then its pictures are shown by its own clock.", complaint)
        elif self._complaints[place] and not complaint:
            log.info("The clock of %s agrees with this machine's again.", self._names[place])
        self._complaints[place] = complaint

    def keep(self, place: int, picture: Picture, now_ns: int) -> bool:
        """Have a picture wait for its moment. False where pictures are shown as they come."""
        self._way_ns = self._theirs(place, now_ns) - picture.stamp_ns
        if self._delay_ns is not None:
            self._due[place].put(picture.stamp_ns + self._delay_ns, picture)
        return self._delay_ns is not None

    def take(self, now_ns: int) -> Iterator[tuple[int, Picture]]:
        """Of each engine the newest picture whose moment has come, if there is a new one."""
        for place, due in enumerate(self._due):
            if (picture := due.take(self._theirs(place, now_ns))) is not None:
                yield place, picture

    def wait(self, now_ns: int) -> float:
        """Seconds until the next picture is due; infinite where none waits."""
        dues = [(place, due.next_ns) for place, due in enumerate(self._due)]
        waits = [next_ns - self._theirs(place, now_ns) for place, next_ns in dues if next_ns is not None]
        return max(min(waits, default=math.inf), 0.0) / SECOND

    @property
    def tally(self) -> Tally:
        """What has become of all pictures that had to wait."""
        tallies = [due.tally for due in self._due]
        return Tally(*(sum(getattr(each, what) for each in tallies) for what in Tally.__slots__))

    def vitals(self) -> dict[str, float]:
        """The numbers of ``CLUSTER_VITALS``."""
        known = [each for each in self._known if each]
        worst = max(known, key=lambda each: (each.certainly_ns, abs(each.offset_ns)), default=None)
        return {**_on_board(worst), "way_ms": self._way_ns / MS, "late": float(self.tally.late)}

    def _theirs(self, place: int, now_ns: int) -> int:
        """What the clock of that machine says now."""
        known = self._known[place]
        return now_ns + (known.correction_ns(self._tolerance_ns) if known else 0)


def _on_board(known: Reckoning | None) -> dict[str, float]:
    if known is None:
        return {name: number for name, number in CLUSTER_VITALS.items() if name.startswith("clock_")}
    drift = math.nan if known.drift_ppm is None else known.drift_ppm
    return {
        "clock_offset_ms": known.offset_ns / MS,
        "clock_error_ms": known.error_ns / MS,
        "clock_drift_ppm": drift,
    }
