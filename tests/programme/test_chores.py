"""Chores come once a day, every day, however the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.programme.chores import next_time

ZONES = [ZoneInfo(n) for n in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")]
minutes = st.integers(0, 1440)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware


@given(instants, minutes, st.sampled_from(ZONES))
def test_the_next_time_lies_ahead_and_within_a_day_and_the_hours_of_a_change(after, at, zone):
    assert timedelta(0) < next_time(after, at, zone) - after <= timedelta(hours=26)


@given(instants, minutes, st.sampled_from(ZONES))
def test_the_wall_shows_that_time_or_just_jumped_over_it(after, at, zone):
    local = next_time(after, at, zone).astimezone(zone)
    late = (local.hour * 60 + local.minute - at) % 1440
    assert late == 0 or (
        late <= 60 and local.utcoffset() != (local - timedelta(hours=3)).astimezone(UTC).astimezone(zone).utcoffset()
    )


@pytest.mark.parametrize("zone", ZONES[:4], ids=str)
@pytest.mark.parametrize("at", [0, 30, 120, 150, 170, 1439])
def test_a_year_has_as_many_nights_as_days(zone, at):
    noon, end = (datetime(year, 1, 1, 12, tzinfo=zone).astimezone(UTC) for year in (2018, 2019))
    found = [next_time(noon, at, zone)]
    while (following := next_time(found[-1], at, zone)) < end:
        found.append(following)
    assert len(found) == 365
    assert all(timedelta(hours=22) <= after - before <= timedelta(hours=26) for before, after in pairwise(found))


def test_in_the_repeated_hour_it_comes_once():
    berlin = ZoneInfo("Europe/Berlin")
    first = next_time(datetime(2026, 10, 24, 12, tzinfo=UTC), 150, berlin)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time(first, 150, berlin) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
