"""The register of readings: filing one gives it an address, a place on the board, in the log, over OSC and in tables.

A reading is a number with a standing: measured, estimated, or not there at all. What is not there never shows a
number; what is estimated says so wherever it goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

#: What a reading is taken of: one picture (and its origin), the last pictures together, the machine; or a guest of the
#: conductor says it.
Of = Literal["picture", "window", "machine", "guest"]
State = Literal["measured", "estimated", "no sensor", "not yet"]
STATES: tuple[State, ...] = ("measured", "estimated", "no sensor", "not yet")  # on the board: their index
PREFIX = "/reading/"
STANDING = "/state"  # what follows a reading's address where its standing is told

Estimator = TypeVar("Estimator", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Value:
    """A number that was taken; ``estimated`` survives whatever is computed from it."""

    number: float
    estimated: bool = False

    @property
    def state(self) -> State:
        """The standing in words."""
        return "estimated" if self.estimated else "measured"

    def then(self, made: Callable[[float], float]) -> Taken:
        """What follows from this number, with the same standing; nothing when it comes out infinite or undefined."""
        try:
            number = made(self.number)
        except (ZeroDivisionError, OverflowError, ValueError):
            return NOT_YET
        return replace(self, number=number) if math.isfinite(number) else NOT_YET


@dataclass(frozen=True, slots=True)
class Missing:
    """No number, and why: no sensor for it, or nothing to measure yet."""

    state: State = "no sensor"
    why: str = ""

    def then(self, made: Callable[[float], float]) -> Missing:  # noqa: ARG002 - the same word as a value's
        """Nothing follows from nothing."""
        return self


Taken = Value | Missing
NOT_YET = Missing("not yet")


@dataclass(frozen=True, slots=True)
class Reading:
    """A declared reading. ``low`` and ``high`` are what a meter should span; numbers may lie beyond.

    ``cost`` is in milliseconds per update at 1920 x 1080 on two CPU cores, beside the 0.7 that halving the picture
    takes for all of them together; what several share is counted with the first. ``brief`` is how the status line
    says it, with the number's format in braces; readings without one are not on that line.
    """

    address: str
    of: Of
    unit: str
    low: float
    high: float
    doc: str
    source: str
    cost: float
    brief: str
    take: Callable[..., Any]

    @property
    def key(self) -> str:
        """Its name in logs and on boards: ``/reading/noise-temperature`` is ``noise_temperature``."""
        return self.address.removeprefix(PREFIX).replace("/", "_").replace("-", "_")

    def say(self, taken: Taken) -> str:
        """The number with its unit, and its standing where that is not plainly measured."""
        if isinstance(taken, Missing):
            return f"{taken.state}: {taken.why}" if taken.why else taken.state
        return f"{taken.number:.4g} {self.unit}".strip() + (" (estimated)" if taken.estimated else "")

    def say_briefly(self, taken: Taken) -> str:
        """The same for the status line."""
        if isinstance(taken, Missing):
            return f"{self.brief.partition('{')[0]}{taken.state}"
        return self.brief.format(taken.number) + (" (estimated)" if taken.estimated else "")


_READINGS: dict[str, Reading] = {}


def reading(
    address: str,
    *,
    of: Of,
    unit: str = "",
    low: float = 0.0,
    high: float = 1.0,
    doc: str,
    source: str = "",
    cost: float = 0.0,
    brief: str = "",
) -> Callable[[Estimator], Estimator]:
    """File an estimator under an address. Raises ``ValueError`` when the address is taken.

    Of a picture it is called with two ``Look``s, the present picture and its origin; of the window with the
    ``Window``; both give a float, NaN where there is nothing to measure. Of the machine it is called with the
    ``Account`` and gives a ``Value`` or ``Missing``. What a guest says is declared with ``told``.
    """

    def file(estimator: Estimator) -> Estimator:
        if address in _READINGS:
            raise ValueError(f"Two readings at {address}.")
        _READINGS[address] = Reading(address, of, unit, low, high, doc, source, cost, brief, estimator)
        return estimator

    return file


def told(
    address: str, *, unit: str = "", low: float = 0.0, high: float = 1.0, doc: str, source: str = "", brief: str = ""
) -> str:
    """Declare a reading that a guest of the conductor says (``Guest.readings``); gives its address.

    Raises ``ValueError`` when the address is taken.
    """

    def take(said: Mapping[str, Taken]) -> Taken:
        """What its guest says; not yet, where none does."""
        return said.get(address, NOT_YET)

    reading(address, of="guest", unit=unit, low=low, high=high, doc=doc, source=source, brief=brief)(take)
    return address


def declared(*of: Of) -> dict[str, Reading]:
    """Every reading declared so far, or those of some kinds only, by address in alphabetical order."""
    return {address: filed for address, filed in sorted(_READINGS.items()) if not of or filed.of in of}


def taken(number: float) -> Taken:
    """A measured number, or nothing where it is NaN: how the engine's readings come off its board."""
    return NOT_YET if math.isnan(number) else Value(number)


def markdown(readings: Mapping[str, Reading]) -> str:
    """The table of readings for the README."""
    lines = ["| address | of | unit | what it is | source | ms |", "| --- | --- | --- | --- | --- | --- |"]
    for each in readings.values():
        cells = (f"`{each.address}`", each.of, each.unit, each.doc, each.source, f"{each.cost:g}" if each.cost else "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
