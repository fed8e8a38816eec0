"""A collapse that belongs to a scene: it begins with it and is over when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from installation.control.guest import Guest
from installation.records import Message

if TYPE_CHECKING:
    from installation.control.guest import House

LIVE, NAME = "/collapse/live", "scene"


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
