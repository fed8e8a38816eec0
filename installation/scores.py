"""Scores: what the tables of a scene say of the knobs, each a constant or a curve that moves with the generations.

A temperature may be told from the melting point: ``"melt + 0.05"``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from installation import melting
from installation.knobs import Knob, nearest
from installation.melting import MeltingPoint
from installation.tables import TableError, shown

LAST_GENERATION = 2.0**53  # beyond it a float64 no longer counts one by one


@dataclass(frozen=True, slots=True)
class Curve:
    """A moving value: straight lines between points (generation, value), generations rising.

    Before the first point its value holds. After the last it holds too, or everything repeats with the generation of
    the last point as period.
    """

    points: tuple[tuple[float, float], ...]
    repeat: bool = False

    def at(self, serial: float) -> float:
        """The value at a generation counted from the scene's start; never outside the points' values."""
        moment = math.fmod(serial, self.points[-1][0]) if self.repeat else serial
        after = bisect_right(self.points, moment, key=_generation)
        if after in {0, len(self.points)}:
            return self.points[max(after - 1, 0)][1]
        (start, origin), (end, goal) = self.points[after - 1 : after + 1]
        value = origin + (goal - origin) * ((moment - start) / (end - start))
        return min(max(value, min(origin, goal)), max(origin, goal))


@dataclass(frozen=True, slots=True)
class Melt:
    """The melting points known for the scene's restorer, by medium, and how it is called."""

    points: Mapping[str, MeltingPoint]
    restorer: str

    def resolve(self, knob: Knob, text: str) -> float:
        """The number behind ``melt + 0.05``."""
        key = dotted(knob.address)
        try:
            away = melting.offset(text)
        except melting.MeltingError as error:
            raise TableError(f"{key} takes {knob.expects()}, and it {error}.") from None
        medium = knob.address.split("/")[2]
        point = self.points.get(medium)
        if point is None:
            raise TableError(
                f"{key}: nobody has measured where {self.restorer} melts in {medium}. "
                f"Measure it: burntout melt --restorer {self.restorer} --medium {medium}."
            )
        if point.temperature is None:
            raise TableError(f"{key}: {self.restorer} does not melt in {medium} at any temperature. Write a number.")
        return round(point.temperature + away, 6)


def melting_points(raw: Mapping[str, Any], beside: Path, tables: Iterable[Path | None]) -> Melt:
    """What is known of the scene's restorer; later tables are believed before earlier ones."""
    restorer, model = raw.get("restorer", "ember"), raw.get("model")
    if isinstance(model, str) and "/" in model:
        model = str((beside / model).resolve())
    points = {}
    for table in tables:
        points.update(melting.read(table) if table else {})
    own = {medium: point for (name, given, medium), point in points.items() if (name, given) == (restorer, model)}
    return Melt(own, str(restorer))


def knob_values(
    tables: Mapping[str, Any], knobs: Mapping[str, Knob], melt: Melt, besides: Collection[str] = ()
) -> tuple[dict[str, float], dict[str, Curve]]:
    """The constants and the scores, by knob address.

    ``besides`` are the keys that have another meaning, for the hint. Raises ``TableError``.
    """
    values: dict[str, float] = {}
    score: dict[str, Curve] = {}
    for address, raw in flat(tables, "", knobs, besides):
        if isinstance(raw, dict):
            score[address] = _curve(knobs[address], raw, melt)
        else:
            values[address] = _constant(knobs[address], raw, melt)
    return values, score


def flat(
    table: Mapping[str, Any], prefix: str, knobs: Mapping[str, Knob], besides: Collection[str] = ()
) -> Iterable[tuple[str, Any]]:
    """Every knob's address with its raw value. Recursion goes no deeper than the addresses do.

    Raises ``TableError`` for a key where no knob listens, with the nearest: a knob's, or one of those ``besides``.
    """
    for key, value in table.items():
        address = f"{prefix}/{key}"
        if "/" in key:
            raise _unknown(address, knobs, besides)
        if address in knobs:
            yield address, value
        elif isinstance(value, dict) and any(known.startswith(f"{address}/") for known in knobs):
            yield from flat(value, address, knobs, besides)
        else:
            raise _unknown(address, knobs, besides)


def _unknown(address: str, knobs: Mapping[str, Knob], besides: Collection[str]) -> TableError:
    tables = {known.rsplit("/", n)[0] for known in knobs for n in range(1, known.count("/"))}
    key = dotted(address)
    hint = nearest(key, [*besides, *map(dotted, (*knobs, *sorted(tables)))])
    return TableError(f"nothing listens to the key {shown(key)}.{hint}")


def _constant(knob: Knob, raw: Any, melt: Melt) -> float:
    if isinstance(raw, str) and knob.address.startswith("/burn/") and knob.address.endswith("/temperature"):
        raw = melt.resolve(knob, raw)
    fits = {
        "number": type(raw) in {int, float},
        "whole": type(raw) is int,
        "switch": type(raw) is bool,
        "choice": type(raw) is str and raw in knob.choices,
    }
    if not fits[knob.kind] or (knob.kind != "choice" and not knob.low <= raw <= knob.high):
        hint = nearest(raw, knob.choices) if isinstance(raw, str) else ""
        raise TableError(f"{dotted(knob.address)} takes {knob.expects()}, not {shown(raw)}.{hint}")
    return knob.parse(raw)


def _curve(knob: Knob, raw: Mapping[str, Any], melt: Melt) -> Curve:
    """``{ score = [[generation, value], …], repeat = true }`` for knobs that are numbers."""
    key = dotted(knob.address)
    if knob.kind not in {"number", "whole"}:
        raise TableError(f"{key} cannot move: it takes {knob.expects()}.")
    for name in raw:
        if name not in {"score", "repeat"}:
            raise TableError(
                f"{key} has no {shown(name)}; a score has score and repeat.{nearest(name, ('score', 'repeat'))}"
            )
    repeat = _typed_switch(f"{key}.repeat", raw.get("repeat", False))
    points = _points(knob, raw.get("score"), melt)
    if repeat and points[-1][0] == 0.0:
        raise TableError(f"{key} cannot repeat: its last point must lie after generation 0.")
    return Curve(points, repeat)


def _typed_switch(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TableError(f"{key} takes true or false, not {shown(value)}.")
    return value


def _points(knob: Knob, raw: Any, melt: Melt) -> tuple[tuple[float, float], ...]:
    key = f"{dotted(knob.address)}.score"
    if not isinstance(raw, list) or not raw:
        raise TableError(f"{key} takes points [[generation, value], …], not {shown(raw)}.")
    points = tuple(_point(knob, key, point, melt) for point in raw)
    for before, after in pairwise(points):
        if after[0] <= before[0]:
            raise TableError(f"{key}: generation {after[0]:g} stands after {before[0]:g}. Put the points in order.")
    return points


def _point(knob: Knob, key: str, raw: Any, melt: Melt) -> tuple[float, float]:
    if not isinstance(raw, list) or len(raw) != 2:  # noqa: PLR2004 - a generation and a value
        raise TableError(f"{key}: a point is [generation, value], not {shown(raw)}.")
    generation, value = raw
    if type(generation) not in {int, float} or not 0 <= generation <= LAST_GENERATION:
        raise TableError(f"{key}: a generation is a number from 0 on, not {shown(generation)}.")
    return float(generation), _constant(knob, value, melt)


def _generation(point: tuple[float, float]) -> float:
    return point[0]


def dotted(address: str) -> str:
    """An address as a TOML key: ``/burn/gaussian/temperature`` is ``burn.gaussian.temperature``."""
    return address.lstrip("/").replace("/", ".")


def constants(table: Mapping[str, Any], knobs: Mapping[str, Knob], melt: Melt) -> dict[str, float]:
    """The knobs that a cue goes to."""
    values, score = knob_values(table, knobs, melt)
    if score:
        raise TableError(f"{dotted(next(iter(score)))} takes one value in a cue; a score is for the scene.")
    return values
