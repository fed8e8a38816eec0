"""Opening hours as a pure function of now: right after every jump of the clock, restart and change of summer time.

Spans are meant as the clock on the wall shows them. On the night an hour is repeated a span begins the first time its
beginning is shown and ends the last time its end is shown; on the night an hour is left out, what would have begun
or ended in it does so when the clock jumps. So the doors never shut while the wall clock says open, and never flicker.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from installation.programme.chores import Chores
from installation.programme.days import When
from installation.programme.sun import Place, Sun, sun_minutes

#: Minutes after a day's midnight on the wall, or a moment that the sun decides anew on every day.
Moment = int | Sun

DAY_MINUTES = 24 * 60
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOK_BACK = 8  # days: what began on a weekday a week ago may still play
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``start`` to before ``end``, which may lie on the next day.

    By the sun it may end before it starts: on that day it does not happen.
    """

    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True)
class Play:
    """From ``at`` on this scene plays, on these weekdays (0 is Monday)."""

    at: Moment
    scene: str
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Rule:
    """Hours that replace the week's on days that come again, holidays and late nights; ``name`` is for people."""

    name: str
    when: When
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """The plan. ``week`` has spans by weekday, None is always open.

    ``exceptions`` replace the spans of a date, and ``reasons`` say why; on other dates the first of the ``rules`` that
    falls on it does. ``place`` is where the sun is asked for; ``path`` is the file it was read from.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]] | None = None
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    plays: tuple[Play, ...] = ()
    rules: tuple[Rule, ...] = ()
    chores: Chores = field(default_factory=Chores)
    reasons: Mapping[date, str] = field(default_factory=dict)
    place: Place | None = field(default=None, compare=False)
    path: Path | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Desired:
    """What the plan wants at one instant. ``scene`` is None where the plan has no wish."""

    open: bool
    scene: str | None


Look = Callable[[datetime, Programme], object]


def desired_state(now: datetime, programme: Programme) -> Desired:
    """What should be on at ``now``, an aware instant."""
    return Desired(is_open(now, programme), scene_for(now, programme))


def is_open(now: datetime, programme: Programme) -> bool:
    """Whether the doors are open at ``now``, an aware instant."""
    today = now.astimezone(programme.zone).date()
    return any(
        _reached(now, day, start, programme.zone) and not _passed(now, day, end, programme.zone)
        for day in _days(today, range(-3, 3))  # the sun's offsets, the night after, a repeated hour over midnight
        for start, end in hours_of(day, programme)
    )


def scene_for(now: datetime, programme: Programme) -> str | None:
    """The scene that began last, today or on a day before; None when the plan names no scenes."""
    today = now.astimezone(programme.zone).date()
    begun = [
        (_on_the_wall(day, at), play.scene)
        for day in _days(today, range(2, -LOOK_BACK - 1, -1))
        for at, play in plays_of(day, programme)
        if _reached(now, day, at, programme.zone)
    ]
    return max(begun, key=lambda each: each[0])[1] if begun else None


def next_change(now: datetime, programme: Programme, days: int = 32, look: Look = desired_state) -> datetime | None:
    """The first full minute after ``now`` at which the plan wants something else, in UTC; None within so many days.

    ``look`` says what of it: all, or with ``is_open`` the doors alone. Whatever the plan names lies on a full minute.
    Between two such instants only a jump of the clock can change what is wanted, once, and that is found by halving.
    """
    state, before = look(now, programme), now.astimezone(UTC)
    for instant in sorted({each for each in _instants(before, programme, days) if each > before}):
        if look(instant, programme) != state:
            return _first_after(before, instant, programme, look)
        before = instant
    return None


def hours_of(day: date, programme: Programme) -> list[tuple[int, int]]:
    """The spans that begin on a date as minutes after its midnight, sun included, in order; empty ones left out."""
    found = [
        tuple(_minutes(each, day, programme) for each in (span.start, span.end)) for span in _spans(day, programme)
    ]
    return sorted((start, end) for start, end in found if start < end)


def plays_of(day: date, programme: Programme) -> list[tuple[int, Play]]:
    """What begins to play on a date, with minutes after its midnight, in order."""
    plays = [(_minutes(play.at, day, programme), play) for play in programme.plays if day.weekday() in play.days]
    return sorted(plays, key=lambda each: each[0])


def reason(day: date, programme: Programme) -> str:
    """Why a date has the hours it has, where they are not the week's: a name, ``exception``, or nothing."""
    if day in programme.exceptions:
        return programme.reasons.get(day) or "exception"
    rule = _rule(day, programme)
    return rule.name if rule else ""


def _spans(day: date, programme: Programme) -> tuple[Span, ...]:
    if day in programme.exceptions:
        return programme.exceptions[day]
    if rule := _rule(day, programme):
        return rule.spans
    return (Span(0, DAY_MINUTES),) if programme.week is None else programme.week.get(day.weekday(), ())


def _rule(day: date, programme: Programme) -> Rule | None:
    return next((rule for rule in programme.rules if rule.when.falls_on(day)), None)


def _minutes(moment: Moment, day: date, programme: Programme) -> int:
    return moment if isinstance(moment, int) else sun_minutes(moment, day, programme.zone)


def _instants(now: datetime, programme: Programme, days: int) -> Iterator[datetime]:
    """When something may change, both ways where an hour is repeated, in no order."""
    for day in _days(now.astimezone(programme.zone).date(), range(-3, days + 1)):
        begins = [at for at, _ in plays_of(day, programme)]
        for minutes in (*begins, *(each for span in hours_of(day, programme) for each in span)):
            for fold in (0, 1):
                yield _on_the_wall(day, minutes).replace(tzinfo=programme.zone, fold=fold).astimezone(UTC)


def _first_after(before: datetime, changed: datetime, programme: Programme, look: Look) -> datetime:
    """The first minute in (before, changed] at which what is wanted at ``before`` is wanted no more."""
    state, minutes = look(before, programme), range(1, math.ceil((changed - before) / MINUTE) + 1)
    start = before.replace(second=0, microsecond=0)
    at = bisect_left(minutes, 1, key=lambda count: look(start + count * MINUTE, programme) != state)
    return start + minutes[at] * MINUTE


def _days(today: date, offsets: range) -> Iterator[date]:
    return (today + timedelta(days=offset) for offset in offsets)


def _reached(now: datetime, day: date, minutes: int, zone: ZoneInfo) -> bool:
    """Whether the wall clock has ever shown this time: it shows it or later, or has shown it before going back."""
    shown = _on_the_wall(day, minutes)
    return _wall_clock(now, zone) >= shown or now >= shown.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _passed(now: datetime, day: date, minutes: int, zone: ZoneInfo) -> bool:
    """Whether the wall clock will never show a time before this one again."""
    shown = _on_the_wall(day, minutes)
    return _wall_clock(now, zone) >= shown and now >= shown.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _on_the_wall(day: date, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - a wall clock has no zone


def _wall_clock(now: datetime, zone: ZoneInfo) -> datetime:
    return now.astimezone(zone).replace(tzinfo=None)
