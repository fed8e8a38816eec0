"""Reading programme.toml: the plan of a house, checked completely, or a sentence that says what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from installation.errors import Refusal
from installation.knobs import nearest
from installation.programme.hours import DAY_MINUTES, WEEKDAYS, Play, Programme, Span

_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
SHOWN = 60  # characters of a wrong value that fit into a sentence


class ProgrammeError(Refusal):
    """A programme.toml that cannot be kept: file, key and reason."""


def load(path: Path | None, scene_names: Collection[str], zone: ZoneInfo) -> Programme:
    """The plan of a file; without one the doors are always open and nothing changes.

    ``scene_names`` are the scenes there are. Raises ``ProgrammeError`` naming file, key and the nearest valid name.
    """
    if path is None:
        return Programme(zone)
    raw = _read(path)
    try:
        _require_known("", raw, ("hours", "exception", "play"))
        return Programme(
            zone,
            week=_week(raw["hours"]) if "hours" in raw else None,
            exceptions=_exceptions(_tables("exception", raw)),
            plays=_plays(_tables("play", raw), scene_names),
        )
    except ProgrammeError as error:
        raise ProgrammeError(f"{path}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ProgrammeError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise ProgrammeError(f"{path} is not TOML in UTF-8: {error}.") from error


def _week(raw: Any) -> dict[int, tuple[Span, ...]]:
    """``daily`` is for every day that is not named; a day that neither names is closed."""
    days = _table("hours", raw)
    _require_known("hours.", days, ("daily", *WEEKDAYS))
    daily = days.get("daily", [])
    return {n: _spans(f"hours.{day}", days.get(day, daily)) for n, day in enumerate(WEEKDAYS)}


def _exceptions(tables: list[dict[str, Any]]) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    for table in tables:
        _require_known("exception.", table, ("date", "hours"))
        day = table.get("date")
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ProgrammeError(f"exception.date takes a date like 2026-12-24, without quotes, not {_shown(day)}.")
        if day in found:
            raise ProgrammeError(f"exception.date: {day} stands twice. Put all its hours into one.")
        found[day] = _spans(f"exception.hours of {day}", table.get("hours"))
    return found


def _plays(tables: list[dict[str, Any]], scene_names: Collection[str]) -> tuple[Play, ...]:
    plays = tuple(_play(table, scene_names) for table in tables)
    taken: set[tuple[int, int]] = set()
    for play in plays:
        slots = {(play.at, day) for day in play.days}
        if slots & taken:
            raise ProgrammeError(
                f"play.at: two scenes at {_clock(play.at)} on one day. Move {play.scene} or take it out."
            )
        taken |= slots
    return plays


def _play(table: Mapping[str, Any], scene_names: Collection[str]) -> Play:
    _require_known("play.", table, ("at", "scene", "days"))
    scene = table.get("scene")
    if not isinstance(scene, str) or scene not in scene_names:
        hint = nearest(scene, scene_names) if isinstance(scene, str) else ""
        raise ProgrammeError(f"play.scene takes the name of a scene, not {_shown(scene)}.{hint}")
    at = _minutes("play.at", table.get("at"))
    if at == DAY_MINUTES:
        raise ProgrammeError('play.at: say "00:00" on the day after instead of "24:00".')
    return Play(at, scene, _weekdays(table.get("days", list(WEEKDAYS))))


def _weekdays(raw: Any) -> frozenset[int]:
    if not isinstance(raw, list) or not raw:
        raise ProgrammeError(f'play.days takes a list of weekdays like ["saturday", "sunday"], not {_shown(raw)}.')
    for day in raw:
        if day not in WEEKDAYS:
            hint = nearest(day, WEEKDAYS) if isinstance(day, str) else ""
            raise ProgrammeError(f"play.days: {_shown(day)} is no weekday.{hint}")
    return frozenset(WEEKDAYS.index(day) for day in raw)


def _spans(key: str, raw: Any) -> tuple[Span, ...]:
    if not isinstance(raw, list):
        raise ProgrammeError(f'{key} takes a list of spans like ["10:00-18:00"], not {_shown(raw)}; [] is closed.')
    return tuple(_span(key, span) for span in raw)


def _span(key: str, raw: Any) -> Span:
    """``10:00-18:00``, or ``20:00-02:00`` past midnight: the night belongs to the day it begins on."""
    start, dash, end = raw.partition("-") if isinstance(raw, str) else ("", "", "")
    if not dash:
        raise ProgrammeError(f'{key}: a span looks like "10:00-18:00", not {_shown(raw)}.')
    begins, ends = _minutes(key, start.strip()), _minutes(key, end.strip())
    if begins == ends:
        raise ProgrammeError(f'{key}: {_shown(raw)} has no length. Say "00:00-24:00" for a whole day, [] for closed.')
    return Span(begins, ends if ends > begins else ends + DAY_MINUTES)


def _minutes(key: str, raw: Any) -> int:
    found = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if minutes > DAY_MINUTES:
        raise ProgrammeError(f'{key}: a time of day looks like "09:30", up to "24:00", not {_shown(raw)}.')
    return minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _tables(key: str, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    tables = raw.get(key, [])
    if not isinstance(tables, list):
        raise ProgrammeError(f"{key} is written with two brackets, [[{key}]], once for each.")
    return [_table(key, table) for table in tables]


def _table(key: str, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ProgrammeError(f"{key} is a table, not {_shown(raw)}.")
    return raw


def _require_known(prefix: str, table: Mapping[str, Any], known: Collection[str]) -> None:
    for key in table:
        if key not in known:
            raise ProgrammeError(f"nothing is known of {_shown(prefix + key)}.{nearest(key, known)}")


def _shown(value: Any) -> str:
    try:
        text = repr(value) if value is not None else "nothing"
    except (ValueError, RecursionError):
        return "what cannot be spelt out"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
