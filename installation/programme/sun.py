"""The sun as a clock: when it rises and sets at a place, as the clock on the wall of that place shows it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Event = Literal["dawn", "sunrise", "noon", "sunset", "dusk"]

HALF_DAY = 720  # minutes from the sun's highest to its lowest
#: Degrees of the sun's middle at each event: its upper edge on the horizon with 34' of refraction; civil twilight.
ALTITUDE: Mapping[Event, float] = {"dawn": -6.0, "sunrise": -0.833, "noon": 90.0, "sunset": -0.833, "dusk": -6.0}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the house stands, in degrees: north and east are positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Sun:
    """So many minutes after (or before) an event of the sun, on the day or so many days after it."""

    event: Event
    place: Place
    offset: int = 0
    days: int = 0


def sun_minutes(sun: Sun, day: date, zone: ZoneInfo) -> int:
    """Minutes from the midnight of ``day`` on the wall to the moment, whole; may lie outside the day.

    Where the sun stays up it sets at its lowest point, where it stays down at its highest: what the times tend to as
    the latitude rises, so that hours by the sun shrink and grow and never jump.
    """
    asked = day + timedelta(days=sun.days)
    shown = _event(sun.event, asked, sun.place, zone).astimezone(zone).replace(tzinfo=None)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock has no zone
    return round((shown - midnight) / timedelta(minutes=1)) + sun.offset


@lru_cache(maxsize=1024)  # the calendar asks for the same ten days every five seconds
def _event(event: Event, day: date, place: Place, zone: ZoneInfo) -> datetime:
    """The instant, to the minute, counted from the sun's highest point: between that and its lowest it only falls."""
    from astral import Observer
    from astral.sun import elevation

    observer, noon = Observer(place.latitude, place.longitude), _noon(day, place, zone)
    step = timedelta(minutes=-1 if event in {"dawn", "sunrise"} else 1)

    def is_below(minute: int) -> bool:
        return elevation(observer, noon + minute * step, with_refraction=False) <= ALTITUDE[event]

    return noon + bisect_left(range(HALF_DAY), 1, key=is_below) * step


def _noon(day: date, place: Place, zone: ZoneInfo) -> datetime:
    """The sun's highest point of a local day. Astral counts days of UTC, which beyond the date line are others."""
    from astral import Observer
    from astral.sun import noon

    observer = Observer(place.latitude, place.longitude)
    midday = datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC)
    found = [noon(observer, day + timedelta(days=shift)) for shift in (-1, 0, 1)]
    return min(found, key=lambda each: abs(each - midday)).astimezone(UTC)
