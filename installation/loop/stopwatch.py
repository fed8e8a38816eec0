"""How long a turn of the loop takes, without any screen or process around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from installation.loop.generation import turn
from installation.loop.lineage import Lineage

if TYPE_CHECKING:
    from installation.records import Image
    from installation.restorers import Restorer

WARM_UP = 3  # turns that are not counted: the first ones allocate
TEMPERATURE = 0.5


def timed(once: Callable[[], object], count: int) -> list[float]:
    """Seconds that each of ``count`` calls took, after three that do not count."""
    for _ in range(WARM_UP):
        once()
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        once()
        taken.append(time.perf_counter() - began)
    return taken


def turn_seconds(restorer: Restorer, origin: Image, steps: int, count: int) -> list[float]:
    """Seconds that each of ``count`` generations took: burnt with white noise to T = 0.5, restored, fed back, measured.

    No stage of burning is shown on the way. ``origin`` is 1 x 3 x H x W.
    """
    lineage = Lineage.begin("stopwatch", 1, origin)
    values = {"/burn/gaussian/temperature": TEMPERATURE, "/restore/steps": float(steps), "/loop/stages": 0.0}

    def once() -> None:
        lineage.next()
        for _ in turn(lineage, restorer, values, time.perf_counter):
            pass

    return timed(once, count)
