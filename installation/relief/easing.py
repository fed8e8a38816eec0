"""How far the work is eased: a controller with hysteresis, and what each level takes off the loop. Pure.

The engine is eased level by level while the machine is strained, and gets its work back one level at a time when it has
been calm for long. Between strained and calm nothing changes, so that the piece does not swing with the fan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from installation.knobs import knob, panel, read
from installation.loop.knobs import Looping
from installation.restorers.protocol import Restoring

MOST = 3
RISE, FALL = 20.0, 120.0  # seconds of strain before the next level, and of calm before the one below
NEAR, FAR = 8.0, 16.0  # degrees below the limit: strained above the first, calm below the second
CALM_LOAD = 0.7  # of the limit on the load
SMALLER = 2  # the level from which a scene that leaves its size open begins at half of it
LEAST_SIDE = 64
STEPS, PACE = "/restore/steps", "/loop/pace"
_STEPS = (1.0, 0.75, 0.5, 0.25)  # the share that is left, by level
_TEMPO = (1.0, 1.25, 1.5, 2.0)  # how much longer a generation takes

Verdict = Literal["strained", "between", "calm"]


@panel("/engine")
@dataclass(frozen=True, slots=True)
class Relief:
    """How far the engine's work is eased; the machine turns this knob itself, and so may a technician."""

    relief: int = knob(
        0, low=0, high=MOST, unit="levels",
        doc="How far the work is eased: fewer steps, a slower tempo, from 2 on half the size at a scene's beginning.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A part that has a sensor: degrees Celsius now, and those at which it slows itself down, or whether it does."""

    name: str
    celsius: float
    limit: float
    throttled: bool = False

    @property
    def room(self) -> float:
        """Degrees left until it slows down."""
        return 0.0 if self.throttled else self.limit - self.celsius


@dataclass(frozen=True, slots=True)
class Strain:
    """What the machine bears: its parts, and how many tasks want each core (the load average of a minute).

    Beside that, what eases nobody and is told all the same: every sensor's degrees Celsius, and the disk's free bytes.
    """

    parts: tuple[Part, ...] = ()
    load: float = 0.0
    most_load: float = math.inf
    celsius: Mapping[str, float] = field(default_factory=dict)
    free_bytes: float = math.inf

    @property
    def hottest(self) -> Part | None:
        """The part with the least room left."""
        return min(self.parts, key=lambda part: part.room, default=None)

    @property
    def verdict(self) -> Verdict:
        """What is not measured strains nobody."""
        room = self.hottest.room if self.hottest else math.inf
        if room < NEAR or self.load > self.most_load:
            return "strained"
        return "calm" if room > FAR and self.load <= CALM_LOAD * self.most_load else "between"

    def sentence(self) -> str:
        """Why, for a person."""
        part = self.hottest
        if part and part.throttled:
            return f"{part.name} slows itself down at {part.celsius:.0f} degrees Celsius"
        if self.load > self.most_load:
            return f"{self.load:.1f} tasks want each core (limit {self.most_load:g})"
        warm = f"{part.name} is at {part.celsius:.0f} of {part.limit:.0f} degrees Celsius, " if part else ""
        return f"{warm}{self.load:.1f} tasks want each core"


@dataclass(frozen=True, slots=True)
class Easing:
    """Where the controller stands: the level, the last verdict, and since when (monotonic seconds) that has held."""

    level: int = 0
    verdict: Verdict = "calm"
    since: float = 0.0

    def seen(self, strain: Strain, now: float) -> Easing:
        """Where it stands after another look. A part that throttles already is helped with all there is, at once."""
        if strain.hottest and strain.hottest.throttled and self.level < MOST:
            return Easing(MOST, "strained", now)
        if strain.verdict != self.verdict:
            return replace(self, verdict=strain.verdict, since=now)
        lasted = now - self.since
        if self.verdict == "strained" and lasted >= RISE and self.level < MOST:
            return replace(self, level=self.level + 1, since=now)
        if self.verdict == "calm" and lasted >= FALL and self.level > 0:
            return replace(self, level=self.level - 1, since=now)
        return self


def level(values: Mapping[str, float]) -> int:
    """How far a board says that the work is eased."""
    return read(Relief, values).relief


def eased(values: Mapping[str, float], level: int, worked: float) -> dict[str, float]:
    """The loop's knobs with less work in them; ``worked`` is how many seconds the last generation was worked at.

    The tempo counts from the work where that takes longer than the pace: else fewer steps would only be more
    generations, and the machine as hot as before.
    """
    if level == 0:
        return dict(values)
    steps, pace = read(Restoring, values).steps, read(Looping, values).pace
    fewer = max(1.0, float(round(steps * _STEPS[level])))
    return {**values, STEPS: fewer, PACE: max(pace, worked) * _TEMPO[level]}


def side(size: int, level: int) -> int:
    """Pixels a side at which a scene that leaves it open begins: half, where that is still a size of ours."""
    half = size // 2
    return half if level >= SMALLER and half % LEAST_SIDE == 0 and half >= LEAST_SIDE else size
