"""Reading programme.toml: the plan of a house, checked completely, or a sentence that says what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from installation.knobs import nearest
from installation.programme.chores import LOGS_DAYS, Chores
from installation.programme.hours import DAY_MINUTES, WEEKDAYS, Play, Programme, Rule, Span
from installation.programme.sun import Place
from installation.programme.times import ProgrammeError, clock, minutes, moment, shown, span, when

__all__ = ["ProgrammeError", "load", "overruled"]

Read = TypeVar("Read")
TABLES = ("timezone", "place", "hours", "exception", "holiday", "late", "play", "chores")
CHORES = ("restart", "export", "rotate", "tidy", "collapse")
CLOSING = "closing"  # instead of a time of day for export
LONGEST_EXCEPTION = 366  # days
LONGEST_NAME = 80  # letters of a holiday's, a late night's or an exception's
GIGABYTE = 10**9
MOST_GIGABYTES, MOST_DAYS = 1e6, 3650


def load(path: Path | None, scene_names: Collection[str], zone: ZoneInfo, exceptions: Path | None = None) -> Programme:
    """The plan of a file; without one the doors are always open and nothing changes.

    ``scene_names`` are the scenes there are, ``zone`` holds where the file names none. ``exceptions`` is a file of more
    of them, where there is one: they go before those of the plan. Raises ``ProgrammeError`` naming file, line, key and
    the nearest valid name.
    """
    if path is None:
        return Programme(zone)
    plan = replace(_checked(path, lambda raw: _programme(raw, scene_names, zone)), path=path)
    if exceptions is None or not exceptions.exists():
        return plan
    return _checked(exceptions, lambda raw: overruled(plan, raw))


def overruled(programme: Programme, raw: Mapping[str, Any]) -> Programme:
    """A plan with exceptions that go before its own on the same dates: ``{"exception": [{"date": …}, …]}``.

    Raises ``ProgrammeError`` for whatever a programme.toml might not say either.
    """
    _require_known("", raw, ("exception",))
    found, reasons = _exceptions(raw, programme.place)
    kept = {day: reason for day, reason in programme.reasons.items() if day not in found}
    return replace(programme, exceptions={**programme.exceptions, **found}, reasons={**kept, **reasons})


def _checked(path: Path, read: Callable[[Mapping[str, Any]], Programme]) -> Programme:
    """What is read of a TOML file; whatever is wrong with it is said with the file's name and the line."""
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProgrammeError(f"{path} is not TOML in UTF-8: {error}.") from error
    try:
        return read(raw)
    except ProgrammeError as error:
        line = _line(text, str(error), error.number)
        raise ProgrammeError(f"{path}{f', line {line}' if line else ''}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ProgrammeError(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise ProgrammeError(f"{path} is not TOML in UTF-8: {error}.") from error


def _programme(raw: Mapping[str, Any], scene_names: Collection[str], zone: ZoneInfo) -> Programme:
    _require_known("", raw, TABLES)
    place = _place(_table("place", raw["place"])) if "place" in raw else None
    holidays = _each("holiday", raw, lambda table: _rule("holiday", table, [], place))
    nights = _each("late", raw, lambda table: _rule("late", table, None, place))
    exceptions, reasons = _exceptions(raw, place)
    return Programme(
        _zone(raw["timezone"]) if "timezone" in raw else zone,
        week=_week(raw["hours"], place) if "hours" in raw else None,
        exceptions=exceptions,
        plays=_plays(raw, scene_names, place),
        rules=(*holidays, *nights),
        chores=_chores(_table("chores", raw.get("chores", {}))),
        reasons=reasons,
        place=place,
    )


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError, TypeError, AttributeError):  # an unknown zone is a KeyError
        raise ProgrammeError(f"timezone takes a name like Europe/Berlin, not {shown(name)}.") from None


def _place(table: Mapping[str, Any]) -> Place:
    _require_known("place.", table, ("latitude", "longitude"))
    return Place(_degrees("latitude", table, 90), _degrees("longitude", table, 180))


def _degrees(key: str, table: Mapping[str, Any], most: int) -> float:
    return _number(f"place.{key}", table.get(key), -most, most, "degrees")


def _week(raw: Any, place: Place | None) -> dict[int, tuple[Span, ...]]:
    """``daily`` is for every day that is not named; a day that neither names is closed."""
    days = _table("hours", raw)
    _require_known("hours.", days, ("daily", *WEEKDAYS))
    daily = days.get("daily", [])
    return {n: _spans(f"hours.{day}", days.get(day, daily), place) for n, day in enumerate(WEEKDAYS)}


def _exceptions(raw: Mapping[str, Any], place: Place | None) -> tuple[dict[date, tuple[Span, ...]], dict[date, str]]:
    """Hours by date, and names by date where there are any."""
    found: dict[date, tuple[Span, ...]] = {}
    names: dict[date, str] = {}

    def read(table: dict[str, Any]) -> None:
        _require_known("exception.", table, ("date", "until", "hours", "name"))
        first = _date("exception.date", table.get("date"))
        last = _date("exception.until", table.get("until", first))
        if not 0 <= (last - first).days < LONGEST_EXCEPTION:
            raise ProgrammeError(f"exception.until: {last} must lie 0 to {LONGEST_EXCEPTION - 1} days after {first}.")
        spans = _spans(f"exception.hours of {first}", table.get("hours"), place)
        name = _name("exception", table.get("name", ""))
        for day in (first + timedelta(days=count) for count in range((last - first).days + 1)):
            if day in found:
                raise ProgrammeError(f"exception.date: {day} stands twice. Put all its hours into one.")
            found[day] = spans
            if name:
                names[day] = name

    _each("exception", raw, read)
    return found, names


def _date(key: str, raw: Any) -> date:
    if not isinstance(raw, date) or isinstance(raw, datetime):
        raise ProgrammeError(f"{key} takes a date like 2026-12-24, without quotes, not {shown(raw)}.")
    if not 1970 <= raw.year <= 9000:  # noqa: PLR2004 - beyond lie the ends of the calendar
        raise ProgrammeError(f"{key}: {raw} lies outside the years 1970 to 9000.")
    return raw


def _rule(kind: str, table: Mapping[str, Any], usual: list[str] | None, place: Place | None) -> Rule:
    _require_known(f"{kind}.", table, ("name", "on", "hours"))
    on, name = when(f"{kind}.on", table.get("on")), _name(kind, table.get("name", kind))
    return Rule(name, on, _spans(f"{kind}.hours", table.get("hours", usual), place))


def _name(kind: str, raw: Any) -> str:
    """What people call it: a line that can be shown."""
    if not isinstance(raw, str) or not raw.isprintable() or len(raw) > LONGEST_NAME:
        raise ProgrammeError(f"{kind}.name takes a text of one line, {LONGEST_NAME} letters at most, not {shown(raw)}.")
    return raw


def _plays(raw: Mapping[str, Any], scene_names: Collection[str], place: Place | None) -> tuple[Play, ...]:
    taken: set[tuple[object, int]] = set()

    def read(table: dict[str, Any]) -> Play:
        play = _play(table, scene_names, place)
        slots = {(play.at, day) for day in play.days}
        if slots & taken:
            at = clock(play.at) if isinstance(play.at, int) else table["at"]
            raise ProgrammeError(f"play.at: two scenes at {at} on one day. Move {play.scene} or take it out.")
        taken.update(slots)
        return play

    return tuple(_each("play", raw, read))


def _play(table: Mapping[str, Any], scene_names: Collection[str], place: Place | None) -> Play:
    _require_known("play.", table, ("at", "scene", "days"))
    scene = table.get("scene")
    if not isinstance(scene, str) or scene not in scene_names:
        hint = nearest(scene, scene_names) if isinstance(scene, str) else ""
        raise ProgrammeError(f"play.scene takes the name of a scene, not {shown(scene)}.{hint}")
    at = moment("play.at", table.get("at"), place)
    if at == DAY_MINUTES:
        raise ProgrammeError('play.at: say "00:00" on the day after instead of "24:00".')
    return Play(at, scene, _weekdays(table.get("days", list(WEEKDAYS))))


def _weekdays(raw: Any) -> frozenset[int]:
    if not isinstance(raw, list) or not raw:
        raise ProgrammeError(f'play.days takes a list of weekdays like ["saturday", "sunday"], not {shown(raw)}.')
    for day in raw:
        if day not in WEEKDAYS:
            hint = nearest(day, WEEKDAYS) if isinstance(day, str) else ""
            raise ProgrammeError(f"play.days: {shown(day)} is no weekday.{hint}")
    return frozenset(WEEKDAYS.index(day) for day in raw)


def _chores(table: Mapping[str, Any]) -> Chores:
    _require_known("chores.", table, (*CHORES, "publish", "takes_gb", "logs_days"))
    closing = table.get("export") == CLOSING
    timed = [name for name in CHORES if name in table and not (closing and name == "export")]
    times = {name: minutes(f"chores.{name}", table[name]) for name in timed}
    publish = _names("chores.publish", table.get("publish", []))
    if publish and "export" not in table:
        raise ProgrammeError('chores.publish needs a time: add export = "closing", or a time of day.')
    budget, days = table.get("takes_gb"), table.get("logs_days", LOGS_DAYS)
    if budget is not None and "tidy" not in times:
        raise ProgrammeError('chores.takes_gb needs a time to look: add tidy = "06:00".')
    kept = None if budget is None else int(_number("chores.takes_gb", budget, 0.1, MOST_GIGABYTES, "GB") * GIGABYTE)
    logs = int(_number("chores.logs_days", days, 1, MOST_DAYS, "days"))
    return Chores(**times, closing=closing, publish=publish, takes_bytes=kept, logs_days=logs)


def _names(key: str, raw: Any) -> tuple[str, ...]:
    """Names as the command line takes them; whether each is one, publishing itself says."""
    if not isinstance(raw, list) or not all(isinstance(each, str) and re.fullmatch("[a-z0-9-]+", each) for each in raw):
        raise ProgrammeError(f'{key} takes a list of names like ["h264", "bag", "site"], not {shown(raw)}.')
    return tuple(dict.fromkeys(raw))


def _number(key: str, raw: Any, low: float, high: float, unit: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
        raise ProgrammeError(f"{key} takes a number from {low:g} to {high:g} {unit}, not {shown(raw)}.")
    return float(raw)


def _spans(key: str, raw: Any, place: Place | None) -> tuple[Span, ...]:
    if not isinstance(raw, list):
        raise ProgrammeError(f'{key} takes a list of spans like ["10:00-18:00"], not {shown(raw)}; [] is closed.')
    return tuple(span(key, each, place) for each in raw)


def _each(key: str, raw: Mapping[str, Any], read: Callable[[dict[str, Any]], Read]) -> list[Read]:
    """Every [[table]] of one name; what is wrong in one remembers which of them it was."""
    tables = raw.get(key, [])
    if not isinstance(tables, list):
        raise ProgrammeError(f"{key} is written with two brackets, [[{key}]], once for each.")
    found = []
    for number, table in enumerate(tables):
        try:
            found.append(read(_table(key, table)))
        except ProgrammeError as error:
            error.number = number
            raise
    return found


def _table(key: str, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ProgrammeError(f"{key} is a table, not {shown(raw)}.")
    return raw


def _require_known(prefix: str, table: Mapping[str, Any], known: Collection[str]) -> None:
    for key in table:
        if key not in known:
            raise ProgrammeError(f"nothing is known of {shown(prefix + key)}.{nearest(key, known)}")


def _line(text: str, sentence: str, number: int) -> int | None:
    """Where the key stands that a sentence begins with, in the ``number``th of its tables; else where that begins."""
    table, key = _key(sentence)
    best, seen, inside = None, -1, False
    for count, line in enumerate(text.splitlines(), 1):
        header, word = re.match(r"\s*\[+\s*(\w+)", line), re.match(r"\s*['\"]?(\w+)['\"]?\s*[=.]", line)
        if header:
            seen += header[1] == table
            inside = header[1] == table and seen == number
            best = count if inside else best
        elif word and ((inside and word[1] == key) or (seen < 0 and word[1] == table)):
            return count
    return best


def _key(sentence: str) -> tuple[str, str]:
    """``hours`` and ``monday`` of ``hours.monday takes a list …``."""
    found = re.match(r"(?:nothing is known of ['\"])?(\w*)\.?(\w*)", sentence)
    return (found[1], found[2]) if found else ("", "")
