"""How the piece is, in the words and numbers that the page shows: once a second, for all who look."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from installation.health import SILENT, silence
from installation.machine.board import glance
from installation.machine.child import Phase
from installation.machine.memory import Weight
from installation.readings import Value

if TYPE_CHECKING:
    from installation.console.faults import Fault
    from installation.console.surroundings import Surroundings
    from installation.readings import Taken
    from installation.web.glance import Glance

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
    return {
        "processes": {name: _process(name, seen, now) for name in seen.boards},
        "recording": str(seen.health.recording.name) if seen.health.recording else "",
        "dropped": seen.health.dropped_frames,
        "refused": seen.health.refused,
        "gap_ms": round(seen.health.worst_gap_ms, 1),
        "around": asdict(around) if around else None,
        "faults": [asdict(fault) for fault in faults],
        "degraded": list(seen.health.degraded),
    }


def _process(name: str, seen: Glance, now: float) -> dict[str, Any]:
    """Whether a process beats, by its board; before it has one it is coming. And what it holds of memory, in bytes."""
    vitals, weight = glance(seen.boards[name]), seen.health.memory.get(name, Weight())
    silent, deaths = silence(vitals, now), seen.health.deaths.get(name, 0)
    if not vitals.get("beat"):
        state = "coming"
    elif vitals.get("phase") == float(Phase.LOADING):
        state = "loading"
    else:
        state = "silent" if silent > SILENT else "well"
    return {"state": state, "silent": round(silent, 1), "deaths": deaths, "memory": weight.held}


def _taken(each: Taken) -> list[object]:
    """A number and how it stands: measured, estimated, or why there is none."""
    return [round(each.number, 6) if isinstance(each, Value) else None, each.state]


def clock() -> float:
    """The machine's monotonic clock, on which processes beat, in seconds."""
    return time.monotonic()
