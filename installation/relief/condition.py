"""The machine's condition as readings: how warm, how busy, and what is not as it should be, in numbers and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from installation.readings.register import NOT_YET, Missing, Taken, Value, told
from installation.relief.easing import MOST

if TYPE_CHECKING:
    from installation.machine.memory import Weight
    from installation.relief.easing import Strain

LITTLE = 2 * 2**30  # bytes: recording stops there
HOT = 85.0  # degrees Celsius, of any part

CELSIUS = told(
    "/reading/machine/celsius",
    unit="degrees C",
    high=100.0,
    doc="Temperature of the part that is nearest to slowing itself down.",
)
LOAD = told("/reading/machine/load", unit="tasks", high=8.0, doc="Tasks that want each core, over a minute.")
MEMORY = told(
    "/reading/machine/memory",
    unit="of most",
    doc="What the process that is nearest to its limit holds of the memory it may; above 1 it is started anew.",
)
DEGRADED = told(
    "/reading/machine/degraded", high=10.0, doc="How many things are not as they should be; over OSC why says which."
)
WHY = f"{DEGRADED}/why"  # over OSC: the same in words, empty where all is well
_NO_SENSOR = Missing(why="no part has a sensor")


def troubles(strain: Strain | None, level: int) -> Iterator[str]:
    """What of the machine is not as it should be, in sentences; ``level`` is how far the work is eased."""
    if level:
        yield f"The engine's work is eased to level {level} of {MOST}."
    if strain is None:
        return
    if strain.free_bytes < LITTLE:
        yield f"Only {strain.free_bytes / 2**30:.1f} GiB are free; takes are not recorded below 2."
    for part, celsius in strain.celsius.items():
        if celsius >= HOT:
            yield f"{part} is at {celsius:.0f} degrees Celsius. Is the air free to pass?"


def taken(strain: Strain | None, count: int, memory: Mapping[str, Weight]) -> dict[str, Taken]:
    """The readings; without a look at the sensors there is no number for what they measure."""
    fullest = max((weight.held / weight.most for weight in memory.values()), default=0.0)
    ours: dict[str, Taken] = {DEGRADED: Value(float(count)), MEMORY: Value(fullest)}
    if strain is None:
        return ours | {CELSIUS: NOT_YET, LOAD: NOT_YET}
    part = strain.hottest
    return ours | {CELSIUS: Value(part.celsius) if part else _NO_SENSOR, LOAD: Value(strain.load)}
