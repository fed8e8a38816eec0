"""Times as people write them in programme.toml: ``09:30``, ``sunset-30m``, ``20:00-02:00``, ``last friday``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from installation.errors import Refusal
from installation.knobs import nearest
from installation.programme.days import AfterEaster, Monthly, When, Yearly
from installation.programme.hours import DAY_MINUTES, WEEKDAYS, Moment, Span
from installation.programme.sun import Event, Place, Sun

SHOWN = 60  # characters of a wrong value that fit into a sentence
FURTHEST = 6 * 60  # minutes from an event of the sun: beyond that another event is nearer
WHICH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
#: Where the sun's events stand in a day when it is to be said whether a span ends on the same day or on the next.
#: An evening's event as an end is the same evening's: "20:00-sunset" in winter does not last until tomorrow.
_AS_START: Mapping[Event, int] = {"dawn": 330, "sunrise": 360, "noon": 720, "sunset": 1080, "dusk": 1110}
_AS_END: Mapping[Event, int] = {**_AS_START, "sunset": DAY_MINUTES, "dusk": DAY_MINUTES}

_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_SUN = re.compile(r"([a-z]+)(?:([+-])(?:(\d{1,2})h)?(?:(\d{1,3})m)?)?", re.ASCII)
_ONE = r"([\w:]+(?:[+-]\d[\dhm]*[hm])?)"
_SPAN = re.compile(rf"\s*{_ONE}\s*-\s*{_ONE}\s*")
_YEARLY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
_EASTER = re.compile(r"easter([+-]\d{1,3})?", re.ASCII)
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class ProgrammeError(Refusal):
    """A programme.toml that cannot be kept: file, line, key, reason. ``number`` counts tables of one name from 0."""

    number = 0


def shown(value: Any) -> str:
    """A wrong value in a sentence, cut where it is long."""
    try:
        text = repr(value) if value is not None else "nothing"
    except (ValueError, RecursionError):
        return "what cannot be spelt out"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def clock(minutes: int) -> str:
    """``09:30``; a time on another day is written as the clock shows it."""
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def minutes(key: str, raw: Any) -> int:
    """``09:30`` as minutes after midnight. Raises ``ProgrammeError`` naming ``key`` for anything else."""
    found = _CLOCK.fullmatch(raw) if isinstance(raw, str) else None
    count = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if count > DAY_MINUTES:
        raise ProgrammeError(f'{key}: a time of day looks like "09:30", up to "24:00", not {shown(raw)}.')
    return count


def moment(key: str, raw: Any, place: Place | None) -> Moment:
    """``09:30`` or ``sunset-30m``. Raises ``ProgrammeError``, also where the sun is asked for and no place is known."""
    found = _SUN.fullmatch(raw) if isinstance(raw, str) else None
    if not found:
        return minutes(key, raw)
    event, sign, hours, rest = found.groups()
    if event not in get_args(Event) or (sign and not (hours or rest)):
        near = nearest(event, get_args(Event))
        raise ProgrammeError(f'{key}: a time by the sun looks like "sunset" or "sunset-30m", not {shown(raw)}.{near}')
    if place is None:
        raise ProgrammeError(f"{key}: {shown(raw)} needs to know where. Add [place] with latitude and longitude.")
    offset = (int(hours or 0) * 60 + int(rest or 0)) * (-1 if sign == "-" else 1)
    if abs(offset) > FURTHEST:
        raise ProgrammeError(f"{key}: {shown(raw)} is more than 6 hours from the {event}. Say a time of day instead.")
    return Sun(event, place, offset)  # type: ignore[arg-type] # one of them, as was looked at above


def span(key: str, raw: Any, place: Place | None) -> Span:
    """``10:00-18:00``, or ``20:00-02:00`` past midnight: the night belongs to the day it begins on."""
    found = _SPAN.fullmatch(raw) if isinstance(raw, str) else None
    if not found:
        raise ProgrammeError(f'{key}: a span looks like "10:00-18:00", not {shown(raw)}.')
    start, end = (moment(key, each, place) for each in found.groups())
    if start == end:
        raise ProgrammeError(f'{key}: {shown(raw)} has no length. Say "00:00-24:00" for a whole day, [] for closed.')
    return Span(start, end if _nominal(end, _AS_END) > _nominal(start, _AS_START) else _tomorrow(end))


def when(key: str, raw: Any) -> When:
    """``12-25``, ``easter``, ``easter-2`` or ``last friday``. Raises ``ProgrammeError`` naming ``key``."""
    text = raw if isinstance(raw, str) else ""
    if found := _EASTER.fullmatch(text):
        return AfterEaster(int(found[1] or 0))
    if (found := _YEARLY.fullmatch(text)) and 1 <= int(found[1]) <= len(_LONGEST_MONTHS):
        month, day = int(found[1]), int(found[2])
        if 1 <= day <= _LONGEST_MONTHS[month - 1]:
            return Yearly(month, day)
    which, _, weekday = text.partition(" ")
    if which in WHICH and weekday in WEEKDAYS:
        return Monthly(WHICH[which], WEEKDAYS.index(weekday))
    raise ProgrammeError(f'{key} takes "12-25", "easter-2" or "last friday", not {shown(raw)}.')


def _nominal(moment: Moment, table: Mapping[Event, int]) -> int:
    return moment if isinstance(moment, int) else table[moment.event] + moment.offset


def _tomorrow(moment: Moment) -> Moment:
    if isinstance(moment, int):
        return moment + DAY_MINUTES
    return Sun(moment.event, moment.place, moment.offset, days=1)
