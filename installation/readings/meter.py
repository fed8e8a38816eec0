"""The meter: a thread that asks the sensors, so that a driver that hangs cannot hold up the conductor."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.readings.energy import plus, with_doubt
from installation.readings.register import NOT_YET, Missing, Taken
from installation.readings.sensors import Counter, open_cards, open_processor

if TYPE_CHECKING:
    from installation.machine.settings import EnergySettings

EVERY = 0.1  # seconds between two looks: cards without a counter of their own must be summed up ten times a second
OVER = 1.0  # seconds that power is taken over
PATIENCE = 1.0  # seconds for the thread to leave; one that hangs in a driver is left behind
SILENCE = 5.0  # seconds without an answer from the sensors before there are none


@dataclass(frozen=True, slots=True)
class Power:
    """What the sensors said at one moment: watts of each part and together, joules together since the beginning."""

    at: float
    card: Taken
    processor: Taken
    watts: Taken
    joules: Taken


class Gauge:
    """One counter and its power: the energy of the last second over its length."""

    def __init__(self, counter: Counter) -> None:
        """Nothing is known yet."""
        self._counter = counter
        self._past: deque[tuple[float, float]] = deque()

    def look(self, now: float) -> tuple[Taken, Taken]:
        """Joules and watts."""
        joules = self._counter.joules(now)
        if isinstance(joules, Missing):
            self._past.clear()
            return joules, joules
        self._past.append((now, joules.number))
        while len(self._past) > 2 and now - self._past[1][0] >= OVER:  # noqa: PLR2004 - two make a difference
            self._past.popleft()
        then, before = self._past[0]
        return joules, joules.then(lambda number: (number - before) / (now - then))


class Meter:
    """Owns the sensors. ``read`` is what they said last, or nothing where they have been silent for five seconds."""

    def __init__(self, opening: Callable[[], tuple[Counter, Counter]]) -> None:
        """``opening`` gives the counters of cards and processor; it is called in the thread, which begins now."""
        self._opening = opening
        self._power = Power(time.monotonic(), NOT_YET, NOT_YET, NOT_YET, NOT_YET)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="meter", daemon=True)
        self._thread.start()

    def read(self, now: float) -> Power:
        """What is known at ``now``, on the monotonic clock. Never waits."""
        power = self._power
        if now - power.at <= SILENCE:
            return power
        silent = Missing(why=f"the sensors have been silent for {SILENCE:g} s")
        return Power(power.at, silent, silent, silent, silent)

    def close(self) -> None:
        """End the thread, within a second."""
        self._closing.set()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        card, processor = (Gauge(counter) for counter in self._opening())
        while not self._closing.wait(EVERY):
            self._power = together(time.monotonic(), card, processor)


def open_meter(settings: EnergySettings) -> Meter:
    """The meter of this machine."""
    return Meter(lambda: (open_cards(), open_processor(settings.processor_tdp)))


def together(now: float, card: Gauge, processor: Gauge) -> Power:
    """One look at both. A sum without the processor is less than was spent, so it is called an estimate."""
    (card_joules, card_watts), (joules, watts) = card.look(now), processor.look(now)
    partial = isinstance(joules, Missing)
    return Power(
        now,
        card_watts,
        watts,
        with_doubt(plus(card_watts, watts), estimated=partial),
        with_doubt(plus(card_joules, joules), estimated=partial),
    )
