"""Signs: the words and figures that a scene lays over the picture, as its ``[[overlay]]`` tables say.

A sign is what is asked for; the stage draws it. Texts may hold placeholders: ``{reading:entropy:.2f}`` a reading,
``{knob:/burn/gaussian/temperature:.2f}`` a knob, ``{generation}`` the loop's count, ``{sigma:.2f}`` the noise of what
is shown; what follows the last colon is Python's number format. ``{phase:burnt|restored|done}`` is one of three words:
for a stage of burning, a step of restoring, a finished generation. Braces themselves are written twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from string import Formatter
from typing import Any, Literal

from installation.errors import Refusal
from installation.knobs import Knob, nearest
from installation.tables import number, one_of, shown

READING = "/reading/"
PHASES = ("burn", "restore", "generation")  # of what is shown, in the order of a phase's words
MOST_SIGNS = 12  # on one wall
MOST_LETTERS = 4000  # of one text: a page
MOST_ITEMS = 64  # of a ticker
MOST_COLUMNS = 6
FORMAT = re.compile(r"\+?,?(\.\d)?[feg%]")  # no widths: {…:999999999f} would fill the memory
USUAL = ".4g"
ANY = (-1e300, 1e300)
PLACES = (
    "top-left", "top", "top-right", "left", "centre", "right", "bottom-left", "bottom", "bottom-right",
)  # fmt: skip


class SignError(Refusal):
    """An overlay that cannot be shown: which key, and what it takes."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A number inside a text: what gives it, at which address, in which format; of a phase, its three ``words``."""

    what: Literal["reading", "knob", "generation", "sigma", "phase"]
    address: str = ""
    format: str = USUAL
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """One overlay as a scene asks for it.

    ``size`` is the height of its letters, ``height`` that of what is drawn, both as shares of the canvas's height;
    ``width`` is a share of the canvas's width. ``window`` is how far back a curve goes, in seconds. ``reading`` and
    ``second`` are addresses; ``theory`` is one too, or a level. Where ``low`` or ``high`` is None the reading decides.
    """

    kind: str
    where: str
    size: float
    width: float
    height: float
    text: str = ""
    label: str = ""
    unit: str = ""
    items: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    reading: str = ""
    second: str = ""
    theory: str | float | None = None
    window: float = 120.0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of sign is, which keys it must and may have, and where and how large it is if nobody says."""

    doc: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    where: str
    size: float
    width: float = 0.4
    height: float = 0.2


_AXIS = ("label", "unit", "low", "high", "width", "height")
#: Sizes are for ten metres and a picture two metres high: letters of a thirtieth of its height have caps of 47 mm,
#: 16 minutes of arc there, three times what normal sight needs.
KINDS: Mapping[str, Kind] = {
    "caption": Kind("Prose in a few lines.", (), ("text", "width"), "bottom-left", 0.036, 0.5),
    "text": Kind("One line.", ("text",), (), "top-left", 0.032),
    "counter": Kind("One large number with its unit.", ("text",), ("label", "unit"), "bottom-right", 0.13),
    "ticker": Kind("A line of short texts that runs along an edge.", ("items",), (), "bottom", 0.036),
    "curve": Kind(
        "A reading over time.", ("reading",), (*_AXIS, "second", "theory", "window"), "bottom-right", 0.024, 0.32, 0.2
    ),
    "bar": Kind("A reading as the length of a bar.", ("reading",), _AXIS, "bottom-left", 0.026, 0.3, 0.012),
    "ladder": Kind(
        "The picture's spectrum: power over wavelength.", (), ("label", "width", "height"), "right", 0.024, 0.24, 0.3
    ),
    "columns": Kind("Prose in columns side by side.", (), ("columns", "width", "height"), "centre", 0.034, 0.9, 0.8),
    "sources": Kind(
        "Small pictures with their names.", (), ("label", "width", "height"), "bottom-left", 0.024, 0.9, 0.12
    ),
}
_ALWAYS = ("kind", "where", "size")


def read(raw: Any, knobs: Mapping[str, Knob], readings: Collection[str] | None = None) -> tuple[Sign, ...]:
    """The signs of a scene's ``[[overlay]]`` tables, checked completely.

    ``readings`` are the addresses there are; without readings their names are taken as they come.
    Raises ``SignError`` naming the table, the key and the nearest valid word.
    """
    if not isinstance(raw, list) or not all(isinstance(table, dict) for table in raw):
        raise SignError("overlay takes tables; head each with [[overlay]], in two brackets.")
    if len(raw) > MOST_SIGNS:
        raise SignError(f"overlay: {len(raw)} of them; a wall takes {MOST_SIGNS} at most.")
    return tuple(_numbered(place, table, knobs, readings) for place, table in enumerate(raw, start=1))


def parts(text: str) -> tuple[str | Placeholder, ...]:
    """A text taken apart into words and placeholders. Raises ``SignError`` for one that nobody can fill."""
    try:
        pieces = [piece[:4] for piece in Formatter().parse(text)]
    except ValueError as error:
        raise SignError(f"{shown(text)}: {error}. Write a brace that is only a brace twice.") from error
    found: list[str | Placeholder] = []
    for words, name, told, conversion in pieces:
        found += [words] if words else []
        found += [] if name is None else [_placeholder(name, told or "", conversion)]
    return tuple(found)


def address(name: str) -> str:
    """A reading's address, whether or not it was called by it: ``entropy`` is ``/reading/entropy``."""
    return name if name.startswith(READING) else READING + name


def _placeholder(name: str, told: str, conversion: str | None) -> Placeholder:
    if conversion or name not in {"reading", "knob", "generation", "sigma", "phase"}:
        raise SignError(
            f"{{{name[:40]}}} is no placeholder. Write {{reading:entropy:.2f}}, {{knob:/stage/brightness:.1f}}, "
            "{generation}, {sigma:.2f} or {phase:burnt|restored|done}."
        )
    if name == "phase":
        return Placeholder("phase", words=_three(told))
    of, _, style = (told if name != "sigma" else f":{told}").partition(":")
    if style and not FORMAT.fullmatch(style):
        raise SignError(f"{shown(style)} is no format for a number. Write .2f, .3g, ,.0f or .0%.")
    if name == "generation":
        return Placeholder("generation")
    if name == "sigma":
        return Placeholder("sigma", format=style or USUAL)
    if not of:
        raise SignError(f"{{{name}}} needs a name, like {{{name}:{'entropy' if name == 'reading' else '/loop/pace'}}}.")
    if name == "knob":
        return Placeholder("knob", of, style or USUAL)
    return Placeholder("reading", address(of), style or USUAL)


def _three(told: str) -> tuple[str, ...]:
    words = tuple(told.split("|"))
    if len(words) != len(PHASES):
        raise SignError(f"{{phase}} takes three words, {{phase:burnt|restored|done}}, not {shown(told)}.")
    return words


def _numbered(
    place: int, table: Mapping[str, Any], knobs: Mapping[str, Knob], readings: Collection[str] | None
) -> Sign:
    try:
        sign = _sign(table)
        _require_names(sign, knobs, readings)
    except Refusal as error:
        raise SignError(f"overlay {place}: {error}") from None
    return sign


def _sign(table: Mapping[str, Any]) -> Sign:
    kind = KINDS[one_of("kind", table.get("kind"), KINDS)]
    known = (*_ALWAYS, *kind.needs, *kind.takes)
    for key in table:
        if key not in known:
            raise SignError(f"a {table['kind']} has no {shown(key)}.{nearest(key, known)}")
    for key in kind.needs:
        if key not in table:
            raise SignError(f"a {table['kind']} needs {key}.")
    usual = {"where": kind.where, "size": kind.size, "width": kind.width, "height": kind.height}
    sign = Sign(**{**usual, **{key: _CHECKS[key](key, value) for key, value in table.items()}})
    if sign.kind == "ticker" and sign.where not in {"top", "bottom"}:
        raise SignError(f"a ticker runs along the top or the bottom, not {sign.where}.")
    if sign.low is not None and sign.high is not None and sign.low >= sign.high:
        raise SignError("low must lie below high.")
    return sign


def _require_names(sign: Sign, knobs: Mapping[str, Knob], readings: Collection[str] | None) -> None:
    """Every name in it must be known. Theory may be a number."""
    places = [part for text in (sign.text, *sign.items) for part in parts(text) if isinstance(part, Placeholder)]
    for place in places:
        if place.what == "knob":
            _require_number(place.address, knobs)
    of_texts = [place.address for place in places if place.what == "reading"]
    for name in (sign.reading, sign.second, sign.theory, *of_texts):
        if isinstance(name, str) and name and readings is not None and name not in readings:
            raise SignError(f"there is no reading {shown(name)}.{nearest(name, readings)}")


def _require_number(address: str, knobs: Mapping[str, Knob]) -> None:
    if address not in knobs:
        raise SignError(f"there is no knob {shown(address)}.{nearest(address, knobs)}")
    if knobs[address].kind not in {"number", "whole"}:
        raise SignError(f"{address} is no number: it takes {knobs[address].expects()}. A text can show numbers only.")


# What each key takes ------------------------------------------------------------------------------------------------


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_LETTERS:
        raise SignError(f"{key} takes a text of at most {MOST_LETTERS} letters, not {shown(value)}.")
    return value


def _reading(key: str, value: Any) -> str:
    return address(_text(key, value))


def _theory(key: str, value: Any) -> str | float:
    return _reading(key, value) if isinstance(value, str) else number(key, value, *ANY)


def _items(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_ITEMS:
        raise SignError(f"{key} takes a list of 1 to {MOST_ITEMS} texts, not {shown(value)}.")
    return tuple(_text(key, item) for item in value)


def _columns(key: str, value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_COLUMNS:
        raise SignError(f'{key} takes 1 to {MOST_COLUMNS} pairs ["Gen 0", "its text"], not {shown(value)}.')
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004 - a pair
            raise SignError(f'{key}: a column is ["its head", "its text"], not {shown(pair)}.')
    return tuple((_text(key, head), _text(key, text)) for head, text in value)


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "kind": _text,
    "where": partial(one_of, known=PLACES),
    "size": partial(number, low=0.01, high=0.4),
    "width": partial(number, low=0.05, high=0.9),  # what the safe margins leave
    "height": partial(number, low=0.005, high=0.9),
    "text": _text,
    "label": _text,
    "unit": _text,
    "items": _items,
    "columns": _columns,
    "reading": _reading,
    "second": _reading,
    "theory": _theory,
    "window": partial(number, low=5.0, high=1800.0),
    "low": partial(number, low=ANY[0], high=ANY[1]),
    "high": partial(number, low=ANY[0], high=ANY[1]),
}
