"""Opening hours are right on every day of the year, the two odd ones included."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.programme.days import AfterEaster, Monthly, Yearly
from installation.programme.hours import (
    Desired,
    Play,
    Programme,
    Rule,
    Span,
    desired_state,
    hours_of,
    is_open,
    next_change,
    plays_of,
    reason,
    scene_for,
)
from installation.programme.sun import Place, Sun

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",  # 2018: midnight did not exist
        "America/Havana",  # an hour is repeated at midnight
        "Australia/Lord_Howe",  # half an hour is left out
        "Asia/Kathmandu",
        "Pacific/Apia",  # 30 December 2011 did not exist
        "UTC",
    )
]
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
MINUTE = timedelta(minutes=1)

deliberate = settings(deadline=None, max_examples=150)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes(clock):
    return int(clock[:2]) * 60 + int(clock[3:])


def span(text):
    start, end = (minutes(clock) for clock in text.split("-"))
    return Span(start, end if end > start else end + 1440)


def house(*spans, **words):
    return Programme(BERLIN, dict.fromkeys(range(7), tuple(map(span, spans))), **words)


def changes(programme, day, hours=36):
    """The moments, in UTC, at which the doors open or shut, from the local day's midnight on."""
    now = datetime(day.year, day.month, day.day, tzinfo=programme.zone).astimezone(UTC)
    found, before = [], is_open(now - MINUTE, programme)
    for _ in range(hours * 60):
        if (present := is_open(now, programme)) != before:
            found.append(f"{now:%H:%M} {'open' if present else 'shut'}")
        before, now = present, now + MINUTE
    return found


def test_without_a_plan_the_doors_are_always_open():
    assert desired_state(at("2026-07-01T03:00"), Programme(BERLIN)) == Desired(open=True, scene=None)


def test_the_doors_open_and_shut_on_the_minute():
    programme = house("10:00-13:00", "14:00-18:00")
    assert changes(programme, date(2026, 7, 1), 24) == ["08:00 open", "11:00 shut", "12:00 open", "16:00 shut"]


def test_a_night_past_midnight_belongs_to_the_day_it_begins_on():
    friday = 4
    programme = Programme(BERLIN, {friday: (span("20:00-02:00"),)})
    assert changes(programme, date(2026, 7, 3)) == ["18:00 open", "00:00 shut"]
    assert changes(programme, date(2026, 7, 4)) == ["00:00 shut"]


def test_an_exception_replaces_its_date_and_the_night_that_begins_on_it():
    programme = house("20:00-02:00", exceptions={date(2026, 12, 24): (), date(2026, 12, 25): (span("12:00-13:00"),)})
    assert changes(programme, date(2026, 12, 24), 48) == ["01:00 shut", "11:00 open", "12:00 shut"]


def test_in_spring_the_doors_open_on_the_day_of_the_change_and_on_the_day_after():
    programme = house("00:00-06:00")
    assert changes(programme, SPRING, 44) == ["23:00 open", "04:00 shut", "22:00 open", "04:00 shut"]


def test_what_would_begin_in_the_hour_left_out_begins_when_the_clock_jumps():
    assert changes(house("02:30-05:00"), SPRING, 20) == ["01:00 open", "03:00 shut"]


def test_what_would_end_in_the_hour_left_out_ends_when_the_clock_jumps():
    assert changes(house("00:30-02:30"), SPRING, 20) == ["23:30 open", "01:00 shut"]


def test_a_span_inside_the_hour_left_out_does_not_happen():
    assert changes(house("02:10-02:50"), SPRING, 20) == []


def test_in_autumn_what_begins_in_the_repeated_hour_begins_the_first_time():
    assert changes(house("02:30-05:00"), AUTUMN, 20) == ["00:30 open", "04:00 shut"]


def test_in_autumn_what_ends_in_the_repeated_hour_ends_the_second_time():
    assert changes(house("22:00-02:30"), date(2026, 10, 24), 30) == ["00:30 shut", "20:00 open", "01:30 shut"]


def test_where_midnight_does_not_exist_the_day_opens_all_the_same():
    programme = Programme(ZoneInfo("America/Sao_Paulo"), {6: (span("00:00-04:00"),)})
    assert [is_open(at(f"2018-11-04T{hour:02}:30"), programme) for hour in range(2, 7)] == [
        False,
        True,
        True,
        True,
        False,
    ]


programmes = st.builds(
    lambda zone, start, length: Programme(zone, dict.fromkeys(range(7), (Span(start, start + length),))),
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
#: Every hour from 2009 to 2028, as minutes since 1970, and the minutes around the changes of clocks.
moments = st.integers(20_500_000, 30_500_000).map(lambda minute: datetime.fromtimestamp(minute * 60, UTC))
odd_days = st.builds(
    lambda day, minute: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute),
    st.sampled_from(
        [SPRING, AUTUMN, date(2018, 11, 4), date(2018, 2, 18), date(2026, 11, 1), date(2011, 12, 30), date(2026, 4, 4)]
    ),
    st.integers(-600, 2000),
)


@deliberate
@given(programmes, moments | odd_days)
def test_the_doors_are_open_whenever_the_wall_clock_says_so(programme, now):
    local = now.astimezone(programme.zone)
    clock = local.hour * 60 + local.minute
    ((start, end),) = {(one.start, one.end) for spans in programme.week.values() for one in spans}
    if start <= clock < end or clock + 1440 < end:
        assert is_open(now, programme)


@deliberate
@given(programmes, odd_days)
def test_the_doors_never_flicker(programme, now):
    states = [is_open(now + 10 * n * MINUTE, programme) for n in range(144)]
    assert sum(before != after for before, after in pairwise(states)) <= 3


def test_what_plays_is_what_began_last():
    programme = Programme(BERLIN, plays=(Play(600, "morning"), Play(1080, "evening")))
    assert scene_for(at("2026-07-01T07:59"), programme) == "evening"
    assert scene_for(at("2026-07-01T08:00"), programme) == "morning"
    assert scene_for(at("2026-07-01T16:00"), programme) == "evening"


def test_a_weekly_scene_plays_until_the_next_begins():
    programme = Programme(BERLIN, plays=(Play(600, "week", frozenset({0})), Play(600, "sunday", frozenset({6}))))
    assert scene_for(at("2026-07-04T12:00"), programme) == "week"
    assert scene_for(at("2026-07-05T12:00"), programme) == "sunday"
    assert scene_for(at("2026-07-06T07:59"), programme) == "sunday"


def test_a_plan_without_scenes_has_no_wish():
    assert scene_for(at("2026-07-01T12:00"), house("10:00-18:00")) is None


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_scene_in_an_odd_hour_begins_once(day):
    programme = Programme(BERLIN, plays=(Play(0, "before"), Play(150, "odd")))
    midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    played = [scene_for(midnight + n * MINUTE, programme) for n in range(12 * 60)]
    assert sum(before != after for before, after in pairwise(played)) == 1


def test_a_clock_that_lost_its_battery_is_only_a_moment_like_any_other():
    assert desired_state(datetime.fromtimestamp(0, UTC), house("10:00-18:00")).open is False


CHRISTMAS = Rule("Christmas", Yearly(12, 25), ())
LAST_FRIDAY = Rule("long Friday", Monthly(-1, 4), (span("20:00-24:00"),))
HERE = Place(52.52, 13.405)


def test_a_rule_replaces_the_week_an_exception_both_and_each_is_named():
    programme = house("10:00-18:00", exceptions={date(2026, 11, 27): ()}, rules=(CHRISTMAS, LAST_FRIDAY))
    days = [date(2026, 10, 30), date(2026, 11, 27), date(2026, 12, 25), date(2026, 12, 26)]
    assert [reason(day, programme) for day in days] == ["long Friday", "exception", "Christmas", ""]
    assert [hours_of(day, programme) for day in days] == [[(1200, 1440)], [], [], [(600, 1080)]]


def test_of_two_rules_on_one_day_the_first_holds():
    programme = house(rules=(CHRISTMAS, LAST_FRIDAY))
    assert date(2026, 12, 25).weekday() == 4
    assert not is_open(at("2026-12-25T20:00"), programme)
    assert is_open(at("2026-10-30T20:00"), programme)


def test_a_night_before_a_holiday_lasts_into_it():
    programme = house("20:00-02:00", rules=(Rule("Easter", AfterEaster(0), ()),))
    assert is_open(at("2026-04-04T23:30"), programme)
    assert not is_open(at("2026-04-05T20:30"), programme)


def test_hours_by_the_sun_follow_the_year():
    programme = Programme(BERLIN, dict.fromkeys(range(7), (Span(Sun("sunset", HERE, -30), 1380),)))
    ((winter, _),), ((summer, _),) = (hours_of(day, programme) for day in (date(2026, 12, 21), date(2026, 6, 21)))
    assert winter == pytest.approx(15 * 60 + 24, abs=2)
    assert summer == pytest.approx(21 * 60 + 3, abs=2)
    assert is_open(at("2026-12-21T15:00"), programme)
    assert not is_open(at("2026-06-21T15:00"), programme)


def test_a_span_that_would_end_before_it_starts_does_not_happen_that_day():
    programme = Programme(BERLIN, dict.fromkeys(range(7), (Span(1080, Sun("sunset", HERE)),)))
    assert hours_of(date(2026, 12, 21), programme) == []
    assert len(hours_of(date(2026, 6, 21), programme)) == 1


def test_what_plays_at_sunset_begins_then():
    programme = Programme(BERLIN, plays=(Play(0, "day"), Play(Sun("sunset", HERE), "night")))
    assert [play.scene for _, play in plays_of(date(2026, 6, 21), programme)] == ["day", "night"]
    assert [scene_for(at(f"2026-12-21T{hour}:30"), programme) for hour in ("14", "15", "22")] == [
        "day",
        "night",
        "night",
    ]
    assert scene_for(at("2026-12-21T23:00"), programme) == "day"


THREE = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
#: Hours before the two nights of each zone's 2027, in UTC.
NIGHTS = {
    "Europe/Berlin": ("2027-03-27T18:00", "2027-10-30T18:00"),
    "America/New_York": ("2027-03-14T00:00", "2027-11-06T22:00"),
    "Australia/Lord_Howe": ("2027-04-03T09:00", "2027-10-02T09:00"),
}
whole_days = st.integers(0, 1439)
full_plans = st.builds(
    lambda zone, start, length, early, late: Programme(
        zone,
        dict.fromkeys(range(7), (Span(start, start + length),)),
        plays=(Play(early, "early"), Play(late, "late", frozenset({5, 6}))),
    ),
    st.sampled_from(THREE),
    whole_days,
    st.integers(1, 1440),
    whole_days,
    whole_days,
)


@settings(deadline=None, max_examples=40)
@given(full_plans, st.sampled_from([0, 1]), st.integers(0, 600))
def test_the_next_change_is_the_one_that_looking_every_minute_finds_in_both_odd_nights(programme, night, shift):
    now = at(NIGHTS[programme.zone.key][night]) + shift * MINUTE
    state = desired_state(now, programme)
    looked = next(
        (now + n * MINUTE for n in range(1, 2000) if desired_state(now + n * MINUTE, programme) != state), None
    )
    found = next_change(now, programme, days=3)
    assert found == looked or (looked is None and (found is None or found > now + 1999 * MINUTE))


@deliberate
@given(full_plans, st.sampled_from([0, 1]), st.integers(0, 59))
def test_a_look_in_the_middle_of_a_minute_finds_the_same_change(programme, night, seconds):
    now = at(NIGHTS[programme.zone.key][night])
    assert next_change(now + timedelta(seconds=seconds), programme, 2) == next_change(now, programme, 2) or (
        next_change(now, programme, 2) == now + MINUTE
    )


@deliberate
@given(full_plans, moments, st.sampled_from([-31, -1, 1, 31]))
def test_a_clock_that_jumps_by_a_day_or_a_month_and_back_finds_what_it_left(programme, now, days):
    before = desired_state(now, programme)
    desired_state(now + timedelta(days=days), programme)
    assert desired_state(now, programme) == before


def test_a_plan_that_never_changes_has_no_next_change():
    assert next_change(at("2026-07-01T12:00"), Programme(BERLIN)) is None
