"""The cluster as the conductor's guest: its readings, and what of the other machines is not as it should be.

The envoy knows, in a process of its own; it shows it beside the engine's vital signs, and from there it is read.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from installation.control.guest import Guest
from installation.machine.board import glance
from installation.readings.cluster import DRIFT, LATE, OFFSET, WAY
from installation.readings.register import taken

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.readings.register import Taken

LOOK_EVERY = 1.0  # seconds
MINUTE = 60  # looks
SHOWN = {OFFSET: "clock_offset_ms", DRIFT: "clock_drift_ppm", WAY: "way_ms", LATE: "late"}


class ClusterGuest(Guest):
    """Owns nothing: it looks, once a second."""

    _house: House

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._next = -math.inf
        self._taken: Mapping[str, Taken] = {}
        self._troubles: Sequence[str] = ()
        self._late: deque[float] = deque(maxlen=MINUTE)

    def open(self, house: House) -> None:
        """Come in, and look at the envoy from now on."""
        self._house = house

    def look(self, now: float) -> None:
        """Once a second: what the envoy knows."""
        if now < self._next:
            return
        self._next = now + LOOK_EVERY
        vitals = glance(self._house.wires.vitals("engine"))
        self._taken = {address: taken(vitals.get(name, math.nan)) for address, name in SHOWN.items()}
        self._late.append(vitals.get("late", 0.0))
        settings = self._house.settings
        self._troubles = troubles(vitals, lately(self._late), 0.5 / settings.stage.rate, settings.cluster.together)

    def readings(self) -> Mapping[str, Taken]:
        """How far clocks are apart, and how long pictures take."""
        return self._taken

    def troubles(self) -> Sequence[str]:
        """That clocks are apart, or pictures late."""
        return self._troubles


def lately(counts: Sequence[float]) -> int:
    """How much a count has grown over its looks; the envoy's next life counts from 0 again."""
    return round(sum(max(after - before, 0.0) for before, after in zip(counts, list(counts)[1:], strict=False)))


def troubles(vitals: Mapping[str, float], late: int, half_frame: float, together: float | None) -> tuple[str, ...]:
    """What is wrong, in sentences. ``late``: pictures of the last minute; half a frame of the wall is in seconds."""
    offset, error = vitals.get("clock_offset_ms", math.nan), vitals.get("clock_error_ms", math.nan)
    found, side = [], "ahead" if offset > 0 else "behind"
    if abs(offset) - error > half_frame * 1e3:  # false where nothing is known
        found.append(
            f"The clock of a machine of the cluster is {abs(offset):.1f} ms {side}, more than half a frame "
            f"({half_frame * 1e3:.1f} ms). The log says which; there and here: chronyc tracking."
        )
    if late:
        found.append(
            f"{late} pictures of the last minute came too late to be shown together, after {together or 0.0:g} s. "
            "Is the network busy? Otherwise more seconds for together, under [cluster] on every stage machine."
        )
    return tuple(found)
