"""The machine's condition as readings: how warm, how busy, and what is not as it should be, in numbers and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from installation.readings.register import NOT_YET, Missing, Taken, Value, told
from installation.relief.easing import MOST

if TYPE_CHECKING:
    from installation.relief.easing import Strain

CELSIUS = told(
    "/reading/machine/celsius",
    unit="degrees C",
    high=100.0,
    doc="Temperature of the part that is nearest to slowing itself down.",
)
LOAD = told("/reading/machine/load", unit="tasks", high=8.0, doc="Tasks that want each core, over a minute.")
DEGRADED = told(
    "/reading/machine/degraded", high=10.0, doc="How many things are not as they should be; over OSC why says which."
)
WHY = f"{DEGRADED}/why"  # over OSC: the same in words, empty where all is well
_NO_SENSOR = Missing(why="no part has a sensor")


class Wellbeing(Protocol):
    """What is asked of the conductor's ``Health``."""

    @property
    def state(self) -> str: ...
    @property
    def dropped_frames(self) -> int: ...
    @property
    def deaths(self) -> Mapping[str, int]: ...


def degraded(health: Wellbeing, level: int) -> Iterator[str]:
    """What is not as it should be, in sentences; ``level`` is how far the work is eased."""
    if health.state == "burning on alone":
        yield "The engine gives no pictures; the stage burns the last one on."
    if level:
        yield f"The engine's work is eased to level {level} of {MOST}."
    for name, count in health.deaths.items():
        if count:
            yield f"The {name} was started anew {'once' if count == 1 else f'{count} times'} in ten minutes."
    if health.dropped_frames:
        yield f"The recorder has dropped {health.dropped_frames} frames; the disk is too slow."


def taken(strain: Strain | None, count: int) -> dict[str, Taken]:
    """The readings; without a look at the sensors there is no number for what they measure."""
    degradations: dict[str, Taken] = {DEGRADED: Value(float(count))}
    if strain is None:
        return degradations | {CELSIUS: NOT_YET, LOAD: NOT_YET}
    part = strain.hottest
    return degradations | {CELSIUS: Value(part.celsius) if part else _NO_SENSOR, LOAD: Value(strain.load)}
