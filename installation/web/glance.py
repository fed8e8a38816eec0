"""How the piece is, at one instant: what the tick leaves once a second for whoever asks over the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.control.osc import Tally
    from installation.health import Health
    from installation.readings import Taken


@dataclass(frozen=True, slots=True)
class Glance:
    """Health, readings by address, what came through the OSC door, and each process's board of vital signs."""

    health: Health
    readings: Mapping[str, Taken]
    osc: Tally
    boards: Mapping[str, Path]


def glance(house: House) -> Glance:
    """Look at the house. Belongs to the tick."""
    health: Health = house.health()
    boards = {name: house.wires.vitals(name) for name in health.deaths}
    return Glance(health, house.readings, house.doors.tally, boards)
