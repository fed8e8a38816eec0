"""The parameter store: what every knob stands at, whoever turned it last.

Below lies the scene's word (constants, and scores that move with the generations); above it a performer's hand, which
glides to where it is told and, some time after the last touch, glides back. Everything is a closed form of the
moment asked for, so no tick rate can be heard in it; time and generations come in as arguments.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from installation.control.commands import COMMANDS
from installation.knobs import Knob, KnobError, nearest

if TYPE_CHECKING:
    from installation.scenes import Curve, Scene

#: Rooms whose moving scores the engine evaluates itself at its own generation: the same lineage, hash for hash.
DEFERRED = ("/burn/", "/restore/", "/loop/", "/camera/")
#: What the board says there while the score plays.
SCORE_PLAYS = math.nan
RETURN = 4.0  # seconds at least for the way back to the score: nobody should see a performer's absence as a cut


@dataclass(frozen=True, slots=True)
class Hand:
    """A performer's touch: straight from ``origin`` to ``goal`` in ``glide`` seconds, held, back after ``until``."""

    origin: float
    goal: float
    since: float
    glide: float
    until: float
    back: float

    def at(self, now: float, score: float) -> float:
        """Where the knob stands, if the score below it stands at ``score``."""
        if now < self.until:
            return _between(self.origin, self.goal, now - self.since, self.glide)
        start = _between(self.origin, self.goal, self.until - self.since, self.glide)
        return _between(start, score, now - self.until, self.back)

    def gone(self, now: float) -> bool:
        """Whether the score has the knob back."""
        return now >= self.until + self.back


class Store:
    """Every knob's value. ``now`` is monotonic seconds, ``serial`` the generations since the scene began."""

    def __init__(self, knobs: Mapping[str, Knob], release: float) -> None:
        """All knobs at their defaults. ``release``: seconds from the last touch until the score returns."""
        self._knobs = dict(knobs)
        self._release = release
        self._values = {address: knob.default for address, knob in self._knobs.items()}
        self._score: Mapping[str, Curve] = {}
        self._hands: dict[str, Hand] = {}
        self._serial = 0.0
        self._told = math.nan
        self._written: dict[str, float] = {}

    def play(self, scene: Scene, now: float) -> None:  # noqa: ARG002 - a jump takes no time, whenever it happens
        """Make a scene's word the base: every hand is taken away, every value jumps, generations count from 0.

        Pins stay: whoever made the wall black does not see it lit by the next scene. What the scene does not name
        stands at its default.
        """
        self._values = {address: scene.values.get(address, knob.default) for address, knob in self._knobs.items()}
        self._score = {address: curve for address, curve in scene.score.items() if address in self._knobs}
        self._hands = {address: hand for address, hand in self._hands.items() if hand.until == math.inf}
        self._serial = 0.0

    def hold(self, address: str, value: object, now: float) -> None:
        """Take a knob in hand: from where it is it glides to ``value``, clamped to the range.

        Raises ``KnobError`` for an address where no knob listens and for a value it cannot take.
        """
        self._take(address, value, now, self._release)

    def pin(self, address: str, value: object, now: float) -> None:
        """Take a knob in hand until somebody lets it go or turns it: a panic does not end after two quiet minutes."""
        self._take(address, value, now, math.inf)

    def let_go(self, address: str | None, now: float) -> None:
        """Give one knob, or with None every knob, back to the score; it glides there from where it is."""
        addresses = list(self._hands) if address is None else [self._knob(address).address]
        for held in addresses:
            if (hand := self._hands.get(held)) is not None:
                self._hands[held] = replace(hand, until=min(hand.until, now))

    def held(self, now: float) -> frozenset[str]:
        """The addresses that are in somebody's hand, or on their way back from it."""
        return frozenset(address for address, hand in self._hands.items() if not hand.gone(now))

    def tick(self, now: float, serial: float) -> dict[str, float]:
        """Board values that changed since the last tick; the first tick gives all.

        NaN stands where the score plays and the engine evaluates it (``DEFERRED``).
        """
        self._serial = serial
        self._hands = {address: hand for address, hand in self._hands.items() if not hand.gone(now)}
        changed = {}
        for address in self._knobs:
            value = self._board_value(address, now)
            if not _same(value, self._written.get(address)):
                changed[address] = self._written[address] = value
        return changed

    def news(self, changed: Mapping[str, float], now: float) -> dict[str, float]:
        """What to tell of these changes: numbers also where the engine plays the score, at each new generation."""
        moved = (
            [address for address in self._score if address.startswith(DEFERRED)] if self._told != self._serial else []
        )
        self._told = self._serial
        return {address: self.current(address, now, self._serial) for address in (*changed, *moved)}

    def current(self, address: str, now: float, serial: float) -> float:
        """Where a knob stands, as a number even where the board says NaN."""
        knob = self._knob(address)
        curve, hand = self._score.get(address), self._hands.get(address)
        value = self._values[address] if curve is None else curve.at(serial)
        if hand is not None:
            value = hand.at(now, value)
        return knob.parse(value)

    def _take(self, address: str, value: object, now: float, release: float) -> None:
        knob = self._knob(address)
        goal, here = knob.parse(value), self.current(address, now, self._serial)
        glides = knob.kind in {"number", "whole"}  # between burning and heating there is nothing to pass through
        glide, back = (knob.glide, max(knob.glide, RETURN)) if glides else (0.0, 0.0)
        self._hands[address] = Hand(here, goal, now, glide, now + max(release, glide), back)

    def _board_value(self, address: str, now: float) -> float:
        if address in self._score and address not in self._hands and address.startswith(DEFERRED):
            return SCORE_PLAYS
        return self.current(address, now, self._serial)

    def _knob(self, address: str) -> Knob:
        if address not in self._knobs:
            hint = nearest(address, [*self._knobs, *COMMANDS])
            raise KnobError(f"Nothing listens at {address[:120]}.{hint}")
        return self._knobs[address]


def _between(origin: float, goal: float, elapsed: float, duration: float) -> float:
    """The straight line from origin to goal, held before and after."""
    elapsed = max(elapsed, 0.0)
    return goal if elapsed >= duration else origin + (goal - origin) * (elapsed / duration)


def _same(value: float, written: float | None) -> bool:
    return written is not None and (value == written or (math.isnan(value) and math.isnan(written)))
