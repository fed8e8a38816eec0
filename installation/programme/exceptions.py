"""Exceptions that were made at the console: a file of their own in the state, whose dates go before the programme's.

programme.toml belongs to the curator, with its comments and its order, and on a gallery machine only root may write it.
So what an attendant changes stands elsewhere, in the same words, and is read by the same parser.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from installation.machine.files import older, write_and_keep, write_atomically
from installation.programme.times import ProgrammeError

NAME = "exceptions.toml"
KEPT = 20  # files: so many changes less one can be taken back
MOST = 400  # exceptions that stand at once
HEADER = "# Made at the console. These dates go before those of programme.toml.\n"


@dataclass(frozen=True, slots=True)
class OtherHours:
    """From a first to a last day these hours (``10:00-13:00``), none for closed, and why."""

    first: date
    last: date
    hours: tuple[str, ...]
    name: str = ""

    def table(self) -> dict[str, Any]:
        """As a ``[[exception]]`` of a programme says it."""
        until = {"until": self.last} if self.last != self.first else {}
        name = {"name": self.name} if self.name else {}
        return {"date": self.first, **until, "hours": list(self.hours), **name}


def read(path: Path | None) -> tuple[OtherHours, ...]:
    """The exceptions of a file that was found good, in its order; none where there is no file.

    Raises ``ProgrammeError`` for a file that has become unreadable since.
    """
    if path is None or not path.exists():
        return ()
    try:
        tables = tomllib.loads(path.read_bytes().decode("utf-8-sig")).get("exception", [])
        return tuple(_other_hours(table) for table in tables)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProgrammeError(f"The exceptions in {path} cannot be read ({error}). Mend the file first.") from error


def tables(found: Iterable[OtherHours]) -> dict[str, Any]:
    """What the parser of programmes takes (``plan.overruled``)."""
    return {"exception": [each.table() for each in found]}


def added(found: Sequence[OtherHours], new: OtherHours) -> tuple[OtherHours, ...]:
    """With a new one, by date; one of the very same days gives way. Raises ``ProgrammeError`` where days overlap."""
    others = [each for each in found if (each.first, each.last) != (new.first, new.last)]
    for each in others:
        if each.first <= new.last and new.first <= each.last:
            raise ProgrammeError(f"There is an exception from {each.first} to {each.last} already. Remove it first.")
    if len(others) >= MOST:
        raise ProgrammeError(f"{MOST} exceptions stand already. Remove some that are over.")
    return tuple(sorted([*others, new], key=lambda each: each.first))


def removed(found: Sequence[OtherHours], first: date) -> tuple[OtherHours, ...]:
    """Without the one that begins on this day. Raises ``ProgrammeError`` where there is none."""
    others = tuple(each for each in found if each.first != first)
    if len(others) == len(found):
        raise ProgrammeError(f"No exception that was made here begins on {first}. Somebody may have removed it.")
    return others


def text(found: Iterable[OtherHours]) -> str:
    """The file."""
    return HEADER + "".join(f"\n[[exception]]\n{_lines(each)}" for each in found)


def save(path: Path, found: Iterable[OtherHours]) -> None:
    """Replace the file; what stood there before can be had back. Raises ``StorageError``."""
    if not path.exists():
        write_atomically(path, text(()))
    write_and_keep(path, text(found), KEPT)


def was_changed(path: Path) -> bool:
    """Whether there is a change to take back."""
    return older(path, 1).exists()


def before(path: Path) -> tuple[OtherHours, ...]:
    """What stood in the file before the last change. Raises ``ProgrammeError`` where nothing did."""
    if not was_changed(path):
        raise ProgrammeError("There is no change to take back.")
    return read(older(path, 1))


def take_back(path: Path) -> None:
    """Let the file be again what it was before its last change, and so on for those before it."""
    for place in range(KEPT - 1):
        if older(path, place + 1).exists():
            older(path, place + 1).replace(older(path, place))


def _other_hours(table: dict[str, Any]) -> OtherHours:
    first, hours, name = table["date"], tuple(table["hours"]), table.get("name", "")
    last = table.get("until", first)
    if not (type(first) is type(last) is date and all(isinstance(each, str) for each in (*hours, name))):
        raise TypeError("an exception has dates, and hours and a name in quotes")
    return OtherHours(first, last, hours, name)


def _lines(each: OtherHours) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in each.table().items())


def _toml(value: Any) -> str:
    """A date as it is; of texts and lists of them JSON's are TOML's."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
