"""Relief as the conductor's guest: it watches the machine, and turns the knob that eases the engine's work."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from installation.control.guest import Guest
from installation.relief import condition, easing
from installation.relief.easing import MOST, Easing, Strain
from installation.relief.strain import Watch, this_machine

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.machine.settings import ReliefSettings
    from installation.readings.register import Taken

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds
KNOB = "/engine/relief"


class ReliefGuest(Guest):
    """Owns the watch over the machine. A hand that eases further than it would is left alone."""

    _house: House
    _watch: Watch

    def __init__(self, settings: ReliefSettings) -> None:
        """Nothing is eased."""
        self._settings = settings
        self._easing = Easing()
        self._next = -math.inf
        self._taken: Mapping[str, Taken] = {}
        self._troubles: Sequence[str] = ()

    def open(self, house: House) -> None:
        """Come in, and look at the machine from now on."""
        self._house = house
        self._watch = Watch(partial(this_machine, self._settings.load, house.settings.state))

    def look(self, now: float) -> None:
        """Once a second: does the machine bear what it has to do?"""
        if now < self._next:
            return
        self._next = now + LOOK_EVERY
        strain = self._watch.strain(now)
        if self._settings.enabled and strain is not None:
            self._ease(strain, now)
        self._keep(now)
        self._tell(strain, now)

    def readings(self) -> Mapping[str, Taken]:
        """How warm, busy and full the machine is, and how much of it is degraded."""
        return self._taken

    def troubles(self) -> Sequence[str]:
        """That the work is eased, and what of the machine is too hot or too full."""
        return self._troubles

    def close(self) -> None:
        """Look no more."""
        self._watch.close()

    def _ease(self, strain: Strain, now: float) -> None:
        if not self._house.serial:  # what does not play yet cannot be eased
            return
        before, self._easing = self._easing, self._easing.seen(strain, now)
        if before.level != self._easing.level:
            self._say(before.level, strain)
            self._turn(now)

    def _turn(self, now: float) -> None:
        if self._easing.level:
            self._house.store.pin(KNOB, self._easing.level, now)
        else:
            self._house.store.let_go(KNOB, now)

    def _keep(self, now: float) -> None:
        """Whoever lets every knob go, or turns this one back, does not cool the machine by it."""
        if self._easing.level > easing.level({KNOB: self._house.store.current(KNOB, now, self._house.serial)}):
            self._house.store.pin(KNOB, self._easing.level, now)

    def _tell(self, strain: Strain | None, now: float) -> None:
        """Readings for whoever looks, and over OSC the same in words."""
        level = easing.level({KNOB: self._house.store.current(KNOB, now, self._house.serial)})
        self._troubles = tuple(condition.troubles(strain, level))
        health = self._house.health()
        self._taken = condition.taken(strain, len(health.degraded), health.memory)
        self._house.doors.read_out([(condition.WHY, " ".join(health.degraded))])

    def _say(self, before: int, strain: Strain) -> None:
        level = self._easing.level
        if level > before:
            log.warning("The engine's work is eased to level %d of %d: %s.", level, MOST, strain.sentence())
        else:
            left = f"it stays at level {level} of {MOST}" if level else "it has all of its work again"
            log.info("The engine's work is eased less, %s: %s.", left, strain.sentence())
