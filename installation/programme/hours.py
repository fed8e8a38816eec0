"""Opening hours as a pure function of now: right after every jump of the clock, restart and change of summer time.

Spans are meant as the clock on the wall shows them. On the night an hour is repeated a span begins the first time its
beginning is shown and ends the last time its end is shown; on the night an hour is left out, what would have begun
or ended in it does so when the clock jumps. So the doors never shut while the wall clock says open, and never flicker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOK_BACK = 8  # days: what began on a weekday a week ago may still play


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``start`` to before ``end``: minutes after the day's midnight, up to 2 x 1440 past the next one."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Play:
    """From ``at`` on (minutes after midnight) this scene plays, on these weekdays (0 is Monday)."""

    at: int
    scene: str
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Programme:
    """The plan. ``week`` has spans by weekday, None is always open; ``exceptions`` replace the spans of a date."""

    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]] | None = None
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    plays: tuple[Play, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """What the plan wants at one instant. ``scene`` is None where the plan has no wish."""

    open: bool
    scene: str | None


def desired_state(now: datetime, programme: Programme) -> Desired:
    """What should be on at ``now``, an aware instant."""
    return Desired(is_open(now, programme), scene_for(now, programme))


def is_open(now: datetime, programme: Programme) -> bool:
    """Whether the doors are open at ``now``, an aware instant."""
    today = now.astimezone(programme.zone).date()
    return any(
        _reached(now, day, span.start, programme.zone) and not _passed(now, day, span.end, programme.zone)
        for day in _days(today, range(-2, 2))  # a span may reach into the night after; a repeated hour, over midnight
        for span in _spans(day, programme)
    )


def scene_for(now: datetime, programme: Programme) -> str | None:
    """The scene that began last, today or on a day before; None when the plan names no scenes."""
    today = now.astimezone(programme.zone).date()
    for day in _days(today, range(1, -LOOK_BACK - 1, -1)):
        plays = [play for play in programme.plays if day.weekday() in play.days]
        for play in sorted(plays, key=lambda play: play.at, reverse=True):
            if _reached(now, day, play.at, programme.zone):
                return play.scene
    return None


def _spans(day: date, programme: Programme) -> tuple[Span, ...]:
    always = (Span(0, DAY_MINUTES),)
    usual = always if programme.week is None else programme.week.get(day.weekday(), ())
    return programme.exceptions.get(day, usual)


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
