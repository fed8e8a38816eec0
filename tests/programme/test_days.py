"""Days that come again fall where the calendar says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.programme.days import AfterEaster, Monthly, Yearly, easter

years = st.integers(1583, 4099)
YEAR = [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]


def falls(when, days=YEAR):
    return [day for day in days if when.falls_on(day)]


@pytest.mark.parametrize(
    "day",
    [date(1818, 3, 22), date(1943, 4, 25), date(2000, 4, 23), date(2026, 4, 5), date(2027, 3, 28), date(2038, 4, 25)],
)
def test_easter_is_when_it_was(day):
    assert easter(day.year) == day


@given(years)
def test_easter_is_a_sunday_from_22_march_to_25_april(year):
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


@given(years, st.integers(-100, 100))
def test_a_feast_falls_once_for_every_easter(year, days):
    assert AfterEaster(days).falls_on(easter(year) + timedelta(days=days))
    assert not AfterEaster(days).falls_on(easter(year) + timedelta(days=days + 1))


def test_a_yearly_day_falls_once_a_year():
    assert falls(Yearly(12, 25)) == [date(2028, 12, 25)]
    assert falls(Yearly(2, 29), [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]) == []


@given(st.integers(0, 6))
def test_the_first_and_the_last_of_a_weekday_fall_once_a_month(weekday):
    for which, earliest, latest in ((1, 1, 7), (-1, 22, 31)):
        found = falls(Monthly(which, weekday))
        assert [day.month for day in found] == list(range(1, 13))
        assert all(earliest <= day.day <= latest and day.weekday() == weekday for day in found)


@given(st.integers(0, 6))
def test_first_to_fifth_are_every_week_of_the_year(weekday):
    found = [day for which in range(1, 6) for day in falls(Monthly(which, weekday))]
    assert sorted(found) == [day for day in YEAR if day.weekday() == weekday]
