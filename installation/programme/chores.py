"""Nightly chores: what is to be done at which time, and when that is next. The calendar wakes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LOGS_DAYS = 30


@dataclass(frozen=True, slots=True)
class Chores:
    """What a plan says about the night, in minutes after midnight; None leaves a chore out.

    ``collapse`` retrains ember on its own pictures from then on until the doors open.
    ``publish`` is what ``export`` makes of the last take: names of forms, ``bag``, and ``site`` for the catalogue;
    ``closing`` exports after every closing of the doors, at no time of day.
    ``takes_bytes`` is how much room takes may use before ``tidy`` deletes the oldest; without it nothing is deleted.
    ``logs_days`` is for how many days ``rotate`` keeps yesterday's logs.
    """

    restart: int | None = None
    export: int | None = None
    rotate: int | None = None
    tidy: int | None = None
    collapse: int | None = None
    closing: bool = False
    publish: tuple[str, ...] = ()
    takes_bytes: int | None = None
    logs_days: int = LOGS_DAYS


@dataclass(frozen=True, slots=True)
class Chore:
    """Do this once a day, at minutes after midnight. ``grace``: by how many seconds it may be late, None for any."""

    at: int
    do: Callable[[], None]
    grace: int | None = None


def next_time(after: datetime, minutes: int, zone: ZoneInfo) -> datetime:
    """The first instant later than ``after`` at which the clock on the wall begins to show this time, in UTC.

    Once a day, every day: in a repeated hour the first time, in an hour left out as much after the jump.
    """
    today = after.astimezone(zone).date()
    times = (_instant(today + timedelta(days=shift), minutes, zone) for shift in range(-1, 4))
    return min(time for time in times if time > after)


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    shown = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)  # on the wall: no change
    return shown.replace(fold=0).astimezone(UTC)
