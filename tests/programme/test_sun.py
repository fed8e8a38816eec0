"""The sun is a clock that is right everywhere, the far north and the date line included."""

from datetime import UTC, date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.programme.sun import Place, Sun, sun_minutes

BERLIN, QUITO, TROMSO = Place(52.52, 13.405), Place(-0.22, -78.51), Place(69.65, 18.96)
ZONES = {BERLIN: ZoneInfo("Europe/Berlin"), QUITO: ZoneInfo("America/Guayaquil"), TROMSO: ZoneInfo("Europe/Oslo")}
EVENTS = ("dawn", "sunrise", "noon", "sunset", "dusk")
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))
places = st.sampled_from(list(ZONES))


def shown(event, place, day):
    return sun_minutes(Sun(event, place), day, ZONES[place])


@pytest.mark.parametrize("event", ["sunrise", "sunset", "dawn", "dusk"])
@pytest.mark.parametrize("day", [date(2026, 3, 20), date(2026, 6, 21), date(2026, 12, 21)])
def test_astrals_own_search_finds_the_same_minute(event, day):
    import astral.sun

    theirs = getattr(astral.sun, event)(astral.Observer(52.52, 13.405), day, tzinfo=UTC).astimezone(ZONES[BERLIN])
    assert abs(shown(event, BERLIN, day) - (theirs.hour * 60 + theirs.minute)) <= 2


def test_at_the_equator_days_and_nights_are_equal():
    lengths = [shown("sunset", QUITO, d) - shown("sunrise", QUITO, d) for d in (date(2026, 6, 21), date(2026, 12, 21))]
    assert all(abs(length - 12 * 60 - 7) <= 2 for length in lengths)  # 7 minutes: refraction and the sun's own width


@given(places, days)
def test_the_events_of_a_day_follow_one_another(place, day):
    order = [shown(event, place, day) for event in EVENTS]
    assert order == sorted(order)
    assert order[-1] - order[0] <= 24 * 60


@given(places, days, st.integers(-360, 360))
def test_an_offset_is_added_to_the_minute(place, day, offset):
    assert sun_minutes(Sun("sunset", place, offset), day, ZONES[place]) == shown("sunset", place, day) + offset


@given(places, days)
def test_tomorrows_sunrise_is_todays_a_day_later(place, day):
    tomorrow = sun_minutes(Sun("sunrise", place, days=1), day, ZONES[place])
    assert tomorrow == shown("sunrise", place, day + timedelta(days=1)) + 24 * 60


def test_where_the_sun_stays_up_it_sets_at_its_lowest_and_where_it_stays_down_at_its_highest():
    june, december = date(2026, 6, 21), date(2026, 12, 21)
    assert shown("sunset", TROMSO, june) == shown("noon", TROMSO, june) + 720
    assert shown("sunset", TROMSO, december) == shown("noon", TROMSO, december) == shown("sunrise", TROMSO, december)


def test_hours_by_the_sun_do_not_jump_into_the_polar_night():
    utc = ZoneInfo("UTC")
    year = [sun_minutes(Sun("sunset", TROMSO), date(2026, 1, 1) + timedelta(days=n), utc) for n in range(365)]
    assert max(abs(after - before) for before, after in pairwise(year)) < 60


def test_beyond_the_date_line_noon_is_still_at_midday():
    apia = Place(-13.83, -171.77)
    for day in (date(2011, 12, 29), date(2011, 12, 31), date(2026, 7, 1)):
        assert abs(sun_minutes(Sun("noon", apia), day, ZoneInfo("Pacific/Apia")) - 750) <= 60


def test_summer_time_moves_the_sun_by_an_hour():
    before, after = (shown("noon", BERLIN, day) for day in (date(2027, 3, 27), date(2027, 3, 28)))
    assert after - before == pytest.approx(60, abs=2)


@given(places, days, st.sampled_from(EVENTS))
def test_the_moment_is_a_whole_minute_of_the_wall(place, day, event):
    assert isinstance(shown(event, place, day), int)
