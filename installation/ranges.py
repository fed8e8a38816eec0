"""Ranges: what a scene's ``[edition]`` table lets its variants differ in, knob by knob.

``[low, high]`` is where a knob may stand, instead of its constant or score; ``{ shift = [low, high] }`` moves the
constant, or the whole score, by as much, and stops at the ends of the knob; a choice or a switch takes a list of what
it may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from installation.knobs import Knob, nearest
from installation.scores import dotted, flat
from installation.tables import TableError, number, shown

PLACES = 6  # decimals of what is drawn: a certificate can say it, and nothing is lost between it and the film
#: The rooms whose knobs can be seen in a performance that has no performer.
ROOMS = ("/burn/", "/restore/", "/lesion/", "/loop/", "/stage/")


@dataclass(frozen=True, slots=True)
class Range:
    """From ``low`` to ``high``, or one of ``choices``, in board values; with ``shifts`` it is added to the scene's."""

    low: float
    high: float
    choices: tuple[float, ...] = ()
    shifts: bool = False

    def drawn(self, share: float) -> float:
        """What stands at this share of the range, 0 <= share < 1; every choice has as much of it as any other."""
        if self.choices:
            return self.choices[int(share * len(self.choices))]
        return round(self.low + share * (self.high - self.low), PLACES)


def read(table: Any, knobs: Mapping[str, Knob]) -> dict[str, Range]:
    """The ranges of an ``[edition]`` table by knob address.

    Raises ``TableError`` where no knob listens, where one cannot be seen, and for a range that leaves the knob's.
    """
    if not isinstance(table, dict):
        raise TableError(f"edition takes a table, not {shown(table)}.")
    seen = {address: knob for address, knob in knobs.items() if address.startswith(ROOMS)}
    found = {}
    for address, raw in flat(table, "", knobs):
        if address not in seen:
            hint = nearest(dotted(address), map(dotted, seen))
            raise TableError(f"edition.{dotted(address)} changes no picture; vary what burns, restores or shows.{hint}")
        found[address] = _range(knobs[address], raw)
    return found


def _range(knob: Knob, raw: Any) -> Range:
    key = f"edition.{dotted(knob.address)}"
    if knob.kind in {"choice", "switch"}:
        return _among(key, knob, raw)
    if isinstance(raw, dict):
        if set(raw) != {"shift"}:
            raise TableError(f"{key} takes [low, high], or {{ shift = [low, high] }}, not {shown(raw)}.")
        span = knob.high - knob.low
        return _spread(knob, *_ends(f"{key}.shift", knob, raw["shift"], -span, span), shifts=True)
    return _spread(knob, *_ends(key, knob, raw, knob.low, knob.high))


def _ends(key: str, knob: Knob, raw: Any, lowest: float, highest: float) -> tuple[float, float]:
    """Low and high of a range that lies between these; whole numbers where the knob takes nothing else."""
    if not isinstance(raw, list) or len(raw) != 2:  # noqa: PLR2004 - the two ends
        raise TableError(f"{key} takes [low, high], not {shown(raw)}.")
    low, high = (number(key, each, lowest, highest) for each in raw)
    if knob.kind == "whole" and any(type(each) is not int for each in raw):
        raise TableError(f"{key} takes whole numbers, not {shown(raw)}.")
    if low >= high:
        raise TableError(f"{key} takes [low, high], the lower one first, not {shown(raw)}.")
    return low, high


def _spread(knob: Knob, low: float, high: float, *, shifts: bool = False) -> Range:
    whole = range(round(low), round(high) + 1) if knob.kind == "whole" else ()
    return Range(low, high, tuple(map(float, whole)), shifts)


def _among(key: str, knob: Knob, raw: Any) -> Range:
    known: tuple[Any, ...] = knob.choices or (False, True)
    if not isinstance(raw, list) or len(raw) < 2 or len({*map(repr, raw)}) < len(raw):  # noqa: PLR2004 - or all alike
        raise TableError(f"{key} takes a list of two or more of {', '.join(map(_toml, known))}, not {shown(raw)}.")
    for each in raw:
        if each not in known or isinstance(each, bool) != (knob.kind == "switch"):
            hint = nearest(each, knob.choices) if isinstance(each, str) else ""
            raise TableError(f"{key} takes {', '.join(map(_toml, known))}, not {shown(each)}.{hint}")
    chosen = tuple(map(knob.parse, raw))
    return Range(min(chosen), max(chosen), chosen)


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
