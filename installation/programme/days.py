"""Days that come again: holidays of the year, feasts that follow Easter, the last Friday of a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

WEEK = 7  # days


@dataclass(frozen=True, slots=True)
class Yearly:
    """The same date every year; 29 February in leap years only."""

    month: int
    day: int

    def falls_on(self, day: date) -> bool:
        """Whether it is this day."""
        return (day.month, day.day) == (self.month, self.day)


@dataclass(frozen=True, slots=True)
class AfterEaster:
    """So many days after Easter Sunday; before it when negative. Good Friday is -2, Whit Monday 50."""

    days: int

    def falls_on(self, day: date) -> bool:
        """Whether it is this day."""
        return easter((day - timedelta(days=self.days)).year) + timedelta(days=self.days) == day


@dataclass(frozen=True, slots=True)
class Monthly:
    """The first (1) to fifth, or the last (-1), of a weekday in every month; Monday is 0."""

    which: int
    weekday: int

    def falls_on(self, day: date) -> bool:
        """Whether it is this day."""
        if day.weekday() != self.weekday:
            return False
        if self.which == -1:
            return (day + timedelta(days=WEEK)).month != day.month
        return (day.day - 1) // WEEK + 1 == self.which


When = Yearly | AfterEaster | Monthly


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by Meeus, Jones and Butcher (Meeus 1991, Astronomical Algorithms, 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
