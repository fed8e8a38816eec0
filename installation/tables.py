"""What a table of TOML, or a message, may say under a key: each check gives the value, or a sentence about it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from installation.errors import Refusal
from installation.knobs import nearest

SHOWN = 60  # characters of a wrong value that fit into a sentence


class TableError(Refusal):
    """A key with a value it does not take."""


def number(key: str, value: Any, low: float, high: float, unit: str = "a number") -> float:
    """A number from ``low`` to ``high``; a switch is none. Raises ``TableError``."""
    if type(value) not in {int, float} or not low <= value <= high:
        raise TableError(f"{key} takes {unit} from {low:g} to {high:g}, not {shown(value)}.")
    return float(value)


def text(key: str, value: Any) -> str:
    """A text. Raises ``TableError``."""
    if not isinstance(value, str):
        raise TableError(f"{key} takes text in quotes, not {shown(value)}.")
    return value


def one_of(key: str, value: Any, known: Collection[str]) -> str:
    """One of the names there are. Raises ``TableError`` with the nearest."""
    if not isinstance(value, str) or value not in known:
        hint = nearest(value, known) if isinstance(value, str) else ""
        raise TableError(f"{key} takes one of {', '.join(known)}, not {shown(value)}.{hint}")
    return value


def shown(value: Any) -> str:
    """A value in a sentence, shortened. Python itself refuses to spell out some numbers and some depths."""
    try:
        spelt = repr(value)
    except (ValueError, RecursionError):
        return "what cannot be spelt out"
    return spelt if len(spelt) <= SHOWN else f"{spelt[: SHOWN - 1]}…"
