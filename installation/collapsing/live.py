"""A collapse that belongs to a scene: it begins with it and is over when it ends, and its figures are readings."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from installation.collapse.readings import GENERATION, OF_PICTURES, PROGRESS
from installation.collapsing import process
from installation.control.guest import Guest
from installation.machine.board import Board
from installation.readings.register import Taken, taken
from installation.records import Message

if TYPE_CHECKING:
    from installation.control.guest import House

LIVE, NAME = "/collapse/live", "scene"
READINGS = {"generation": GENERATION, "progress": PROGRESS, **OF_PICTURES}


class LiveCollapse(Guest):
    """Turns the knob ``/collapse/live`` into the commands that everybody may send."""

    def __init__(self) -> None:
        """No collapse is wanted."""
        self._house: House | None = None
        self._wanted = False

    def open(self, house: House) -> None:
        """Know the house, and what its first scene wants: that was said before anybody came."""
        self._house = house
        self.news(house.scene.values, {})

    def news(self, values: Mapping[str, float], sources: Mapping[str, str]) -> None:  # noqa: ARG002 - whoever it was
        """Begin, or end and give ember its weights back."""
        wanted = values.get(LIVE, float(self._wanted)) > 0.0
        if self._house is None or wanted == self._wanted:
            return
        self._wanted = wanted
        self._house.post(Message("/collapse/start" if wanted else "/collapse/rebirth", (), NAME))

    def readings(self) -> Mapping[str, Taken]:
        """What the collapse says of its last generation, whoever began it."""
        if self._house is None:
            return {}
        with contextlib.suppress(OSError, ValueError):  # nothing collapses
            board = Board(self._house.wires.vitals(process.NAME))
            try:
                told = board.read()
            finally:
                board.close()
            return {READINGS[name]: taken(told[name]) for name in READINGS if not math.isnan(told.get(name, math.nan))}
        return {}
