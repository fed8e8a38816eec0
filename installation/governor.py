"""The governor: a guest that has the machine burn as much as machine.toml allows, where a scene is that greedy."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from installation.control.effort import Effort, left_of
from installation.control.guest import Guest
from installation.readings.register import Value
from installation.records import Message

if TYPE_CHECKING:
    from installation.control.guest import House

log = logging.getLogger(__name__)

NAME = "governor"
GREED = "/governor/greed"
WATTS, DEGREES = "/reading/watts", "/reading/machine/celsius"
EVERY = 2.0  # seconds between two looks: power is a mean over one
AGAIN = 30.0  # seconds after which it says the same once more: a hand that is not seen to move is let go


class Governor(Guest):
    """Turns the knobs that cost most, as long as somebody is greedy; whoever else turns one has it for a while."""

    def __init__(self) -> None:
        """No effort at all."""
        self._house: House | None = None
        self._greed = 0.0
        self._effort = Effort()
        self._due = self._looked = -math.inf
        self._said: dict[str, tuple[float, float]] = {}
        self._theirs: dict[str, float] = {}

    def open(self, house: House) -> None:
        """Know the house, and what its first scene wants: that was said before anybody came."""
        self._house = house
        self.news(house.scene.values, {})

    def news(self, values: Mapping[str, float], sources: Mapping[str, str]) -> None:
        """Hear how greedy one is, and whose hand is on what."""
        self._greed = values.get(GREED, self._greed)
        for address in self._effort.knobs():
            if address in values and sources.get(address, NAME) != NAME:
                self._theirs[address] = math.inf  # until the next look, which knows the time

    def look(self, now: float) -> None:
        """Every two seconds: a little more, or a good deal less."""
        house = self._house
        if house is None or now < self._due:
            return
        self._due = now + EVERY
        if self._greed <= 0.0:
            self._let_go(house)
            return
        limits = {WATTS: house.settings.governor.watts, DEGREES: house.settings.governor.degrees}
        known = {address: taken.number for address in limits if isinstance(taken := house.readings.get(address), Value)}
        left = left_of(limits, known, self._greed)
        if left is None:
            self._say_once(house)
            return
        self._effort = self._effort.after(left, min(now - self._looked, EVERY))
        self._looked = now
        self._turn(house, now)

    def _turn(self, house: House, now: float) -> None:
        patience = house.settings.osc.release
        self._theirs = {a: min(until, now + patience) for a, until in self._theirs.items() if until > now}
        for address, value in self._effort.knobs().items():
            last, at = self._said.get(address, (math.nan, -math.inf))
            if address not in self._theirs and (value != last or now >= at + AGAIN):
                self._said[address] = value, now
                house.post(Message(address, (value,), NAME))

    def _let_go(self, house: House) -> None:
        """The scene's own word again."""
        for address in self._said:
            house.post(Message("/knob/release", (address,), NAME))
        self._said, self._effort, self._looked = {}, Effort(), -math.inf

    def _say_once(self, house: House) -> None:
        if GREED not in self._said:
            self._said[GREED] = self._greed, 0.0
            log.info(
                "%s would burn more, but machine.toml sets no limit; say [governor] watts = 200 there.",
                house.scene.title,
            )
