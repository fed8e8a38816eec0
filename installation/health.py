"""How the piece is, at one instant, and what of it is not as it should be: one record for everybody who asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from installation.machine.child import Phase

if TYPE_CHECKING:
    from pathlib import Path

    from installation.machine.memory import Weight
    from installation.machine.supervisor import Ward
    from installation.readings import Taken

SILENT = 5.0  # seconds without a beat after which a process is called silent
ALONE = "burning on alone"
STRANDED = "stranded"  # a vital sign of an engine that plays here because its cluster is lost
LOST = "The cluster is out of reach; the engine plays on this machine until its next start (/engine/restart)."


@dataclass(frozen=True, slots=True)
class Health:
    """For the status line, the console, metrics and the heartbeat. By process: deaths in ten minutes, and memory.

    ``degraded`` is what is not as it should be, in sentences; where all is well there are none.
    """

    scene: str
    state: str
    serial: int = 0
    temperature: float = 0.0
    rate: float = 0.0
    readings: Mapping[str, Taken] = field(default_factory=dict)
    stage_fps: float = 0.0
    worst_gap_ms: float = 0.0
    recording: Path | None = None
    dropped_frames: int = 0
    refused: int = 0
    deaths: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, Weight] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()


def felt(scene: str, state: str, wards: Mapping[str, Ward], now: float) -> Health:
    """What the processes' pulses tell at ``now``, in monotonic seconds."""
    vitals = {name: ward.vitals.read() for name, ward in wards.items()}
    engine, stage = vitals.get("engine", {}), vitals.get("stage", {})
    health = Health(
        scene,
        ALONE if state == "playing" and stage.get("burning_on") else state,
        serial=int(engine.get("serial", 0)),
        temperature=engine.get("temperature", 0.0),
        rate=engine.get("rate", 0.0),
        stage_fps=stage.get("fps", 0.0),
        worst_gap_ms=stage.get("worst_gap_ms", 0.0),
        dropped_frames=int(vitals.get("recorder", {}).get("dropped", 0)),
        deaths={name: len(ward.deaths) for name, ward in wards.items()},
        memory={name: ward.weight for name, ward in wards.items()},
    )
    silent = {name: silence(each, now) for name, each in vitals.items()}
    lost = (LOST,) if engine.get(STRANDED) else ()
    return replace(health, degraded=(*lost, *troubles(health, silent)))


def silence(vitals: Mapping[str, float], now: float) -> float:
    """Seconds since a process beat last; 0 of one that loads, and may be silent, and of one that is coming."""
    beat = vitals.get("beat", 0.0)
    return max(now - beat, 0.0) if beat and vitals.get("phase") != float(Phase.LOADING) else 0.0


def troubles(health: Health, silent: Mapping[str, float]) -> Iterator[str]:
    """What is wrong with the processes, in sentences; ``silent`` is for how many seconds each has been."""
    if health.state == ALONE:
        yield "The engine gives no pictures; the stage goes on burning the last one."
    for name, seconds in silent.items():
        if seconds > SILENT:
            yield f"The {name} has been silent for {seconds:.0f} s; it is started anew when its time is up."
    for name, count in health.deaths.items():
        if count:
            yield f"The {name} was started anew {'once' if count == 1 else f'{count} times'} in the last ten minutes."
    for name, weight in health.memory.items():
        if weight.is_too_much:
            yield weight.sentence(name)
    if health.dropped_frames:
        yield f"The recorder has dropped {health.dropped_frames} frames; the disk is too slow."
