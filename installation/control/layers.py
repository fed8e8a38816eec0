"""The layers of a knob's value, above the scene's word: a cue's fade, a modulator, a performer's hand.

All are frozen, and closed forms of the moment asked for: each says where the knob stands if what lies below it stands
at a value. A layer that is replaced by the next hands over where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from installation.cues import eased
from installation.modulators import Modulator, Still, ramp

BLEND = 1.0  # seconds in which one modulator gives way to the next, or to none


@dataclass(frozen=True, slots=True)
class Fade:
    """A cue's word: along a curve from ``origin`` to ``goal`` in ``duration`` seconds, and held there.

    With ``goal`` None it goes to whatever lies below, and is then gone.
    """

    origin: float
    goal: float | None
    since: float
    duration: float
    curve: str

    def at(self, now: float, below: float) -> float:
        """Where the knob stands."""
        goal = below if self.goal is None else self.goal
        elapsed = max(now - self.since, 0.0)
        if elapsed >= self.duration:
            return goal
        return self.origin + (goal - self.origin) * eased(self.curve, elapsed / self.duration)

    def moves(self, now: float) -> bool:
        """Whether it is still under way."""
        return now < self.since + self.duration

    def gone(self, now: float) -> bool:
        """Whether what lies below has the knob back."""
        return self.goal is None and not self.moves(now)


@dataclass(frozen=True, slots=True)
class Modulation:
    """A modulator at work since ``born``; from ``since`` on it takes over from an offset of ``before``."""

    modulator: Modulator
    born: float
    since: float
    before: float = 0.0

    def at(self, now: float) -> float:
        """How far the knob is moved from what lies below."""
        there = self.modulator.at(max(now - self.born, 0.0))
        return ramp(self.before, there, now - self.since, BLEND)

    def heard(self, value: float, now: float) -> Self:
        """Going on from here after its modulator has heard a value."""
        return replace(self, modulator=self.modulator.heard(value, max(now - self.born, 0.0)))

    def gone(self, now: float) -> bool:
        """Whether it has ended and moves nothing any more."""
        return isinstance(self.modulator, Still) and now >= self.since + BLEND


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
            return ramp(self.origin, self.goal, now - self.since, self.glide)
        start = ramp(self.origin, self.goal, self.until - self.since, self.glide)
        return ramp(start, score, now - self.until, self.back)

    def gone(self, now: float) -> bool:
        """Whether the score has the knob back."""
        return now >= self.until + self.back
