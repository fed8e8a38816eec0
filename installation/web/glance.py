"""How the piece is, at one instant: what the tick leaves once a second for whoever asks over the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.control.osc import Tally
    from installation.readings import Taken


class Wellbeing(Protocol):
    """What is asked of the conductor's ``Health``."""

    @property
    def scene(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def serial(self) -> int: ...
    @property
    def temperature(self) -> float: ...
    @property
    def rate(self) -> float: ...
    @property
    def stage_fps(self) -> float: ...
    @property
    def worst_gap_ms(self) -> float: ...
    @property
    def recording(self) -> Path | None: ...
    @property
    def dropped_frames(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def deaths(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Glance:
    """Health, readings by address, what came through the OSC door, and each process's board of vital signs."""

    health: Wellbeing
    readings: Mapping[str, Taken]
    osc: Tally
    boards: Mapping[str, Path]


def glance(house: House) -> Glance:
    """Look at the house. Belongs to the tick."""
    health: Wellbeing = house.health()
    boards = {name: house.wires.vitals(name) for name in health.deaths}
    return Glance(health, house.readings, house.doors.tally, boards)
