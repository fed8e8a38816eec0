"""How the piece is, in the words and numbers that the page shows: once a second, for all who look."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.board import glance
from installation.machine.child import Phase
from installation.readings import Value

if TYPE_CHECKING:
    from installation.console.faults import Fault
    from installation.console.surroundings import Surroundings
    from installation.readings import Taken
    from installation.web.glance import Glance

SILENT = 5.0  # seconds without a beat after which a process is shown as silent
LITTLE = 2 * 2**30  # bytes: recording stops there
HOT = 85.0  # degrees Celsius
#: What a reading may stand at, without its number.
Standing = Mapping[str, "Taken"]


def piece(seen: Glance) -> dict[str, Any]:
    """What anybody may know: what plays, how it is, what was measured."""
    health = seen.health
    return {
        "state": health.state,
        "scene": health.scene,
        "generation": health.serial,
        "temperature": round(health.temperature, 4),
        "rate": round(health.rate, 3),
        "fps": round(health.stage_fps, 1),
        "readings": {address: _taken(each) for address, each in seen.readings.items()},
    }


def machine(seen: Glance, around: Surroundings | None, faults: tuple[Fault, ...], now: float) -> dict[str, Any]:
    """What only players see: processes, disk, faults, and what is degraded. ``now`` is monotonic seconds."""
    processes = {name: _process(path, seen.health.deaths.get(name, 0), now) for name, path in seen.boards.items()}
    return {
        "processes": processes,
        "recording": str(seen.health.recording.name) if seen.health.recording else "",
        "dropped": seen.health.dropped_frames,
        "refused": seen.health.refused,
        "gap_ms": round(seen.health.worst_gap_ms, 1),
        "around": asdict(around) if around else None,
        "faults": [asdict(fault) for fault in faults],
        "degraded": list(_degraded(seen, around, processes)),
    }


def _degraded(seen: Glance, around: Surroundings | None, processes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is not as it should be, in sentences."""
    if seen.health.state == "burning on alone":
        yield "The engine gives no pictures; the stage goes on burning the last one."
    for name, process in processes.items():
        if process["state"] == "silent":
            yield f"The {name} has been silent for {process['silent']:.0f} s; it is started anew when its time is up."
        if process["deaths"]:
            yield f"The {name} was started anew {_times(process['deaths'])} in the last ten minutes."
    if around and around.free_bytes < LITTLE:
        yield f"Only {around.free_bytes / 2**30:.1f} GiB are free; takes are not recorded below 2."
    for part, celsius in around.celsius.items() if around else ():
        if celsius >= HOT:
            yield f"{part} is at {celsius:.0f} degrees Celsius. Is the air free to pass?"
    if seen.health.dropped_frames:
        yield f"The recorder has dropped {seen.health.dropped_frames} frames; the disk is too slow."


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _process(path: Path, deaths: int, now: float) -> dict[str, Any]:
    """Whether a process beats, by its board; before it has one it is coming."""
    vitals = glance(path)
    silent = now - vitals.get("beat", 0.0) if vitals.get("beat") else 0.0
    if not vitals.get("beat"):
        state = "coming"
    elif vitals.get("phase") == float(Phase.LOADING):
        state = "loading"
    else:
        state = "silent" if silent > SILENT else "well"
    return {"state": state, "silent": round(silent, 1), "deaths": deaths}


def _taken(each: Taken) -> list[object]:
    """A number and how it stands: measured, estimated, or why there is none."""
    return [round(each.number, 6) if isinstance(each, Value) else None, each.state]


def clock() -> float:
    """The machine's monotonic clock, on which processes beat, in seconds."""
    return time.monotonic()
