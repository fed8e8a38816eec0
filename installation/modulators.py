"""Modulators: what moves a knob around where it stands, as far as its depth and in the knob's own unit.

Each is a frozen record whose ``at`` says how far it has moved the knob ``age`` seconds after it began. All are closed
forms of that moment, so no tick rate can be heard in them. Those that listen answer ``heard`` with the record that goes
on from there, without a jump. A scene's table and a performer's message give the same record: ``read``.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

from installation.errors import Refusal
from installation.knobs import Knob, nearest
from installation.randomness import generator
from installation.tables import number, one_of, shown

if TYPE_CHECKING:
    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

READING = "/reading/"  # what stands before a reading's name in its address
SILENCE = 2.0  # seconds without a word after which a performer's signal fades: a cable pulled out holds no knob up
LONGEST_KEY = 120.0  # seconds a key may be held down: its letting go may have been lost
PARTIALS = 64  # cosines that make a random walk


class ModulatorError(Refusal):
    """A modulator that cannot be: key, value and reason."""


class Modulator(Protocol):
    """What moves a knob. ``reading`` and ``input`` name what it listens to, "" for nothing."""

    @property
    def reading(self) -> str:
        """The key of a reading, like ``entropy``."""

    @property
    def input(self) -> str:
        """The name of a performer's signal: ``level`` for what comes in at ``/in/level``."""

    def at(self, age: float) -> float:
        """How far the knob is moved, ``age`` >= 0 seconds after the beginning."""

    def heard(self, value: float, age: float) -> Self:
        """The modulator that goes on from here after hearing a value."""


class Deaf:
    """A modulator that listens to nothing."""

    __slots__ = ()
    reading: ClassVar[str] = ""
    input: ClassVar[str] = ""

    def heard(self, value: float, age: float) -> Self:  # noqa: ARG002 - it does not listen
        """Itself."""
        return self


@dataclass(frozen=True, slots=True)
class Still(Deaf):
    """No movement: what is left of a modulator that has ended."""

    def at(self, age: float) -> float:  # noqa: ARG002 - at no age
        """Nothing."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Lfo(Deaf):
    """A low-frequency oscillator: from -depth to depth, once in a period of seconds, beginning at ``phase`` of a turn.

    ``hold`` is sample and hold: a new value for every period, uniform, from the seed.
    """

    depth: float
    shape: str = "sine"
    period: float = 8.0
    phase: float = 0.0
    seed: int = 0

    def at(self, age: float) -> float:
        """How far the knob is moved."""
        turns = age / self.period + self.phase
        if self.shape == "hold":
            return self.depth * float(generator(self.seed, math.floor(turns)).uniform(-1.0, 1.0))
        return self.depth * wave(self.shape, turns)


def wave(shape: str, turns: float) -> float:
    """A sine, triangle, saw or square, from -1 to 1, its mean 0; sine, triangle and saw rise through 0 at turn 0."""
    within = turns % 1.0
    match shape:
        case "sine":
            return math.sin(2.0 * math.pi * within)
        case "triangle":
            return 1.0 - 4.0 * abs((within + 0.25) % 1.0 - 0.5)
        case "saw":
            return 2.0 * ((within + 0.5) % 1.0) - 1.0
        case _:
            return 1.0 if within < 0.5 else -1.0  # noqa: PLR2004 - half a turn


@dataclass(frozen=True, slots=True)
class Walk(Deaf):
    """A random walk that is pulled home: an Ornstein-Uhlenbeck process of standard deviation ``depth``.

    Its autocorrelation falls as exp(-lag / relaxation). A step at every tick would sound of the tick, so it is drawn
    as a sum of cosines with random phases, which share out the process's spectrum, a Lorentzian, among them
    (spectral representation: Shinozuka & Deodatis 1991, Appl. Mech. Rev. 44).
    """

    depth: float
    relaxation: float = 8.0
    seed: int = 0

    def at(self, age: float) -> float:
        """How far the knob is moved."""
        amplitudes, rates, phases = partials(self.seed)
        return self.depth * float(amplitudes @ np.cos(rates * (age / self.relaxation) + phases))


@lru_cache(maxsize=64)
def partials(seed: int) -> tuple[Floats, Floats, Floats]:
    """Amplitudes, angular rates and phases of a walk of standard deviation 1 and relaxation time 1.

    One from each of 64 bands of the Lorentzian 2 / (pi (1 + w^2)), w > 0: its rate is drawn from the band, its
    power is the band's. The bands are as wide as they are high, so that no partial is heard alone.
    """
    rng = generator(seed, 0)
    angles = np.arctan([0.0, *np.logspace(-2.5, 2.5, PARTIALS - 1), np.inf])  # the Lorentzian is flat in arctan w
    widths = np.diff(angles)
    rates = np.tan(angles[:-1] + widths * rng.uniform(size=PARTIALS))
    return np.sqrt(4.0 / np.pi * widths), rates, rng.uniform(0.0, 2.0 * np.pi, PARTIALS)


@dataclass(frozen=True, slots=True)
class Signal:
    """What was heard last: at ``since`` it stood at ``origin`` and began to go to ``goal``, both 0 to 1."""

    origin: float = 0.0
    goal: float = 0.0
    since: float = -math.inf


@dataclass(frozen=True, slots=True)
class Envelope:
    """A key's attack, decay, sustain and release, in straight lines from 0 to depth; times in seconds, sustain 0 to 1.

    The key goes down when the signal reaches one half and up when it falls below. Struck again it rises from where it
    is.
    """

    depth: float
    input: str
    attack: float = 0.1
    decay: float = 0.5
    sustain: float = 0.6
    release: float = 2.0
    key: Signal = Signal()
    reading: ClassVar[str] = ""

    def at(self, age: float) -> float:
        """How far the knob is moved."""
        return self.depth * self.level(age)

    def level(self, age: float) -> float:
        """How far it is open, 0 to 1."""
        elapsed = age - self.key.since
        if not self.key.goal:
            return ramp(self.key.origin, 0.0, elapsed, self.release)
        if elapsed > LONGEST_KEY:
            return ramp(self._down(LONGEST_KEY), 0.0, elapsed - LONGEST_KEY, self.release)
        return self._down(elapsed)

    def heard(self, value: float, age: float) -> Self:
        """The key pressed or let go; a fader that moves on with the key down is no new key."""
        down = float(value >= 0.5)  # noqa: PLR2004 - half way, as a button that is a fader
        lost = bool(self.key.goal) and age - self.key.since > LONGEST_KEY
        if down == self.key.goal and not lost:
            return self
        return replace(self, key=Signal(self.level(age), down, age))

    def _down(self, elapsed: float) -> float:
        if elapsed < self.attack:
            return ramp(self.key.origin, 1.0, elapsed, self.attack)
        return ramp(1.0, self.sustain, elapsed - self.attack, self.decay)


@dataclass(frozen=True, slots=True)
class Follower:
    """A reading, or a performer's signal, followed: ``low`` and below move the knob by 0, ``high`` and above by depth.

    Smoothed by a first-order low-pass with this time constant in seconds, exact between any two values that it hears.
    A performer's signal that falls silent fades; a reading holds.
    """

    depth: float
    low: float = 0.0
    high: float = 1.0
    smoothing: float = 0.2
    reading: str = ""
    input: str = ""
    signal: Signal = Signal()

    def at(self, age: float) -> float:
        """How far the knob is moved."""
        return self.depth * self.level(age)

    def level(self, age: float) -> float:
        """Where the smoothed signal stands, 0 at ``low`` and 1 at ``high``."""
        elapsed = age - self.signal.since
        if self.input and elapsed > SILENCE:
            here = _relax(self.signal.origin, self.signal.goal, SILENCE, self.smoothing)
            return _relax(here, 0.0, elapsed - SILENCE, max(self.smoothing, SILENCE / 4.0))
        return _relax(self.signal.origin, self.signal.goal, elapsed, self.smoothing)

    def heard(self, value: float, age: float) -> Self:
        """On the way to another value; one that is no number is not heard."""
        if not math.isfinite(value):
            return self
        goal = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return replace(self, signal=Signal(self.level(age), goal, age))


def ramp(origin: float, goal: float, elapsed: float, duration: float) -> float:
    """The straight line from origin to goal, held before and after."""
    elapsed = max(elapsed, 0.0)
    return goal if elapsed >= duration else origin + (goal - origin) * (elapsed / duration)


def _relax(origin: float, goal: float, elapsed: float, constant: float) -> float:
    """The solution of constant dy/dt = goal - y."""
    return goal + (origin - goal) * math.exp(-elapsed / constant) if constant else goal


# From a table ---------------------------------------------------------------------------------------------------------

KINDS: Mapping[str, type] = {"lfo": Lfo, "walk": Walk, "envelope": Envelope, "follower": Follower}
SHAPES = ("sine", "triangle", "saw", "square", "hold")
NAME_LENGTH = 40
_DAY = 86_400.0
#: What the numbers may be; depth and a follower's range are no times.
_LIMITS: Mapping[str, tuple[float, float]] = {
    "period": (0.02, _DAY),
    "phase": (0.0, 1.0),
    "relaxation": (0.02, _DAY),
    "attack": (0.0, _DAY),
    "decay": (0.0, _DAY),
    "sustain": (0.0, 1.0),
    "release": (0.0, _DAY),
    "smoothing": (0.0, _DAY),
    "low": (-1e12, 1e12),
    "high": (-1e12, 1e12),
}


def read(knob: Knob, table: Mapping[str, Any]) -> Modulator:
    """The modulator that a table describes: ``{ kind = "lfo", shape = "sine", period = 8.0, depth = 0.2 }``.

    Raises ``ModulatorError`` naming the key, what it takes and the nearest valid name.
    """
    if knob.kind not in {"number", "whole"}:
        raise ModulatorError(f"{knob.address} cannot be modulated: it takes {knob.expects()}.")
    kind = one_of("kind", table.get("kind"), KINDS)
    keys = settings(kind)
    for name in table:
        if name != "kind" and name not in keys:
            raise ModulatorError(f"{kind} has no {shown(name)}.{nearest(str(name), keys)}")
    given = {name: _checked(knob, keys[name], value) for name, value in table.items() if name != "kind"}
    if missing := [name for name, key in keys.items() if key.default is dataclasses.MISSING and name not in given]:
        raise ModulatorError(f"{kind}: {missing[0]} is missing.")
    made: Modulator = KINDS[kind](**given)
    return _whole(made)


def settings(kind: str) -> dict[str, dataclasses.Field[Any]]:
    """What may be said of a kind of modulator, by name; what it has heard is no setting."""
    return {key.name: key for key in dataclasses.fields(KINDS[kind]) if key.type in {"float", "int", "str"}}


def table_of(modulator: Modulator) -> dict[str, Any]:
    """The table that describes a modulator: ``read`` of it gives the same, as it began."""
    kind = next(name for name, each in KINDS.items() if type(modulator) is each)
    told = {name: getattr(modulator, name) for name in settings(kind)}
    return {"kind": kind, **{name: value for name, value in told.items() if value != ""}}


def require_readings(modulators: Mapping[str, Modulator], known: Collection[str]) -> None:
    """Raise ``ModulatorError`` where a modulator follows a reading that is not taken; ``known`` are their addresses."""
    for address, each in modulators.items():
        if each.reading and f"{READING}{each.reading}" not in known:
            hint = nearest(each.reading, [reading.removeprefix(READING) for reading in known])
            raise ModulatorError(f"The modulator of {address}: there is no reading {shown(each.reading)}.{hint}")


def _whole(made: Modulator) -> Modulator:
    """What no single key can be wrong about."""
    if isinstance(made, Follower):
        if bool(made.reading) == bool(made.input):
            raise ModulatorError('follower: say what it follows, either reading = "entropy" or input = "level".')
        if not made.low < made.high:
            raise ModulatorError("follower: low must lie below high. To turn it round, give depth a minus.")
    return made


def _checked(knob: Knob, key: dataclasses.Field[Any], value: Any) -> float | int | str:
    if key.type == "str":
        return one_of("shape", value, SHAPES) if key.name == "shape" else _name(key.name, value)
    if key.type == "int":
        return _seed(value)
    span = knob.high - knob.low
    return number(key.name, value, *((-span, span) if key.name == "depth" else _LIMITS[key.name]))


def _seed(value: Any) -> int:
    if type(value) not in {int, float} or not 0 <= value < 2**64 or value != int(value):
        raise ModulatorError(f"seed takes a whole number from 0 to 2^64 - 1, not {shown(value)}.")
    return int(value)


def _name(key: str, value: Any) -> str:
    """A name that can stand in an address."""
    if not isinstance(value, str) or len(value) > NAME_LENGTH or not re.fullmatch(r"[A-Za-z0-9_/-]+", value):
        raise ModulatorError(f"{key} takes a name of letters, digits and dashes, not {shown(value)}.")
    return value
