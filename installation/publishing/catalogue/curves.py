"""What was measured during a take: each reading as a curve over its time, and what the take cost."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from installation.readings import declared
from installation.readings.register import PREFIX
from installation.recording import journal
from installation.recording.takes import LOG

if TYPE_CHECKING:
    from installation.readings.register import Reading
    from installation.recording.takes import Take

MOST = 240  # points of a curve: finer than a phone or a page can show
SPENT = ("energy", "co2", "cost")  # readings that only grow: a take has used what they have grown by

Line = tuple[float, Mapping[str, float], Mapping[str, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """A reading over a take. ``points`` are (time, height), both 0 to 1 between the ends; ``last`` is in its unit."""

    name: str
    doc: str
    unit: str
    points: Sequence[tuple[float, float]]
    low: float
    high: float
    last: float
    estimated: bool = False

    def path(self, width: float, height: float) -> str:
        """The curve as the data of an SVG path: what is high stands above."""
        return "M" + " L".join(f"{x * width:.1f} {(1 - y) * height:.1f}" for x, y in self.points)


@dataclasses.dataclass(frozen=True, slots=True)
class Spending:
    """What a take has used up: a name, and the amount in words, or why there is none."""

    name: str
    words: str


def curves(take: Take) -> list[Curve]:
    """Every reading that has at least two numbers, in the order of the register.

    What is counted up since the piece began is left to ``spending``.
    """
    lines = list(_lines(take))
    known = declared()
    return [
        drawn
        for address, reading in known.items()
        if _name(address) not in SPENT and (drawn := _curve(reading, lines)) is not None
    ]


def spending(take: Take) -> list[Spending]:
    """Energy, carbon dioxide and money that the take has used, each with its standing: never a number unmeasured."""
    lines, known = list(_lines(take)), declared()
    return [_spent(known[PREFIX + name], lines) for name in SPENT if PREFIX + name in known]


def thinned(points: Sequence[tuple[float, float]], most: int = MOST) -> list[tuple[float, float]]:
    """At most ``most`` of them, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(place * step)] for place in range(most)]


def _curve(reading: Reading, lines: Sequence[Line]) -> Curve | None:
    found = [(at, said[reading.address]) for at, said, _ in lines if _is_number(said.get(reading.address))]
    if len(found) < 2 or found[0][0] == found[-1][0]:  # noqa: PLR2004 - the ends of a line
        return None
    (begun, _), (ended, last) = found[0], found[-1]
    low, high = min(value for _, value in found), max(value for _, value in found)
    points = thinned([((at - begun) / (ended - begun), _height(value, low, high)) for at, value in found])
    estimated = any(states.get(reading.address) == "estimated" for _, _, states in lines)
    return Curve(_name(reading.address), reading.doc, reading.unit, points, low, high, last, estimated)


def _height(value: float, low: float, high: float) -> float:
    """Between its ends, 0 to 1; what never moved stands in the middle."""
    return (value - low) / (high - low) if high > low else 0.5


def _spent(reading: Reading, lines: Sequence[Line]) -> Spending:
    values = [said[reading.address] for _, said, _ in lines if _is_number(said.get(reading.address))]
    states = [states.get(reading.address, "") for _, _, states in lines]
    if not values:
        return Spending(_name(reading.address), next((state for state in reversed(states) if state), "not measured"))
    estimated = " (estimated)" if "estimated" in states else ""
    return Spending(_name(reading.address), f"{values[-1] - values[0]:.3g} {reading.unit}{estimated}")


def _lines(take: Take) -> Iterator[Line]:
    """When, the numbers and the standings of every line about readings; of older takes those of each generation."""
    logged = [line for line in journal.read(take.folder / LOG) if isinstance(line.get("at_ns"), int)]
    told = [line for line in logged if isinstance(line.get("readings"), dict)]
    for line in told:
        yield line["at_ns"] / 1e9, line["readings"], _table(line.get("states"))
    if not told:
        known = {reading.key: address for address, reading in declared().items()}
        for line in logged:
            said = _table(_table(line.get("generation")).get("readings"))
            yield line["at_ns"] / 1e9, {known[key]: value for key, value in said.items() if key in known}, {}


def _table(said: Any) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _name(address: str) -> str:
    return address.removeprefix(PREFIX)
