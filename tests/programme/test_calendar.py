"""The calendar posts what the plan wants, once for every change, however the clock behaves."""

import logging
import queue
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.programme.calendar import Calendar, _daily, _every, next_look, utc_now
from installation.programme.chores import Chore
from installation.programme.hours import WEEKDAYS, Play, Programme, Span, desired_state
from tests.support import until

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = dict.fromkeys(range(len(WEEKDAYS)), (Span(600, 1080),))
PLAYS = (Play(0, "hearth"), Play(720, "dementia"))
OPEN, SHUT = ("/programme/open", (True,)), ("/programme/open", (False,))


class House:
    """A calendar with a clock that is set by hand."""

    def __init__(self, programme, now):
        self.now = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
        self.posted = []
        self.calendar = Calendar(programme, lambda: self.now.astimezone(UTC), self._post)

    def _post(self, message):
        self.posted.append((message.address, message.arguments))

    def at(self, clock):
        """Set the clock, let it wake, and give what was posted."""
        self.now = datetime.fromisoformat(clock).replace(tzinfo=BERLIN)
        self.posted.clear()
        self.calendar.wake()
        return list(self.posted)


@pytest.fixture
def house():
    return House(Programme(BERLIN, WEEK, plays=PLAYS), "2026-07-01T09:00")


def load(name):
    return ("/scene/load", (name,))


def test_the_first_look_says_everything(house):
    assert house.at("2026-07-01T11:00") == [load("hearth"), OPEN]


def test_only_changes_are_posted(house):
    house.at("2026-07-01T11:00")
    assert house.at("2026-07-01T11:01") == []
    assert house.at("2026-07-01T12:00") == [load("dementia")]
    assert house.at("2026-07-01T18:00") == [SHUT]


def test_an_opening_brings_the_planned_scene_back(house):
    house.at("2026-07-01T18:00")
    house.at("2026-07-02T00:00")
    assert house.at("2026-07-02T10:00") == [load("hearth"), OPEN]


def test_what_was_slept_through_is_made_up_for(house):
    house.at("2026-07-01T11:00")
    assert house.at("2026-09-15T19:00") == [load("dementia"), SHUT]


def test_a_clock_set_back_is_believed(house):
    house.at("2026-07-01T12:30")
    assert house.at("2026-07-01T09:30") == [load("hearth"), SHUT]


def test_midnight_after_the_change_of_clocks_is_not_two_days_late():
    house = House(
        Programme(BERLIN, plays=(Play(0, "monday", frozenset({0})), Play(0, "sunday", frozenset({6})))),
        "2026-03-28T12:00",
    )
    house.calendar.wake()
    assert house.at("2026-03-29T00:00") == [load("sunday")]
    assert house.at("2026-03-30T00:00") == [load("monday")]


def test_the_repeated_hour_is_not_posted_twice():
    house = House(Programme(BERLIN, plays=(Play(0, "before"), Play(150, "odd"))), "2026-10-25T00:00")
    midnight = house.now.astimezone(UTC)
    for minute in range(6 * 60):
        house.now = midnight + timedelta(minutes=minute)
        house.calendar.wake()
    assert house.posted == [load("before"), OPEN, load("odd")]


def test_what_could_not_be_posted_is_tried_again():
    programme = Programme(BERLIN, plays=PLAYS)
    heard: list[object] = []
    refuse = iter([True, False, False])

    def post(message):
        if next(refuse):
            raise RuntimeError("no room")
        heard.append(message.address)

    calendar = Calendar(programme, lambda: datetime(2026, 7, 1, tzinfo=UTC), post)
    with pytest.raises(RuntimeError, match="no room"):
        calendar.wake()
    calendar.wake()
    assert heard == ["/scene/load", "/programme/open"]


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.integers(1, 3600))  # noqa: DTZ001 - made aware below
def test_the_next_look_is_always_ahead_and_never_far(moment, period):
    now = moment.replace(tzinfo=UTC)
    assert timedelta(0) < next_look(now, period) - now <= timedelta(seconds=period)


def test_every_moment_of_a_programme_is_a_moment_of_looking():
    ten = datetime(2026, 7, 1, 10, tzinfo=BERLIN)
    assert next_look(ten - timedelta(seconds=1), 60) == ten
    assert desired_state(ten, Programme(BERLIN, WEEK)).open


def test_a_clock_corrected_by_fifty_years_costs_one_look():
    dead_battery, now = datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    assert _every(60).get_next_fire_time(dead_battery, now) == now + timedelta(minutes=1)


def test_apscheduler_really_wakes_it():
    posted: queue.Queue[object] = queue.Queue()
    times = iter([datetime(2026, 7, 1, 9, tzinfo=BERLIN)])
    opened = datetime(2026, 7, 1, 10, tzinfo=BERLIN)
    calendar = Calendar(
        Programme(BERLIN, WEEK), lambda: next(times, opened), lambda m: posted.put(m.arguments), period=1
    )
    calendar.start()
    try:
        assert [posted.get(timeout=10), posted.get(timeout=10)] == [(False,), (True,)]
    finally:
        calendar.close()


def test_a_failed_look_is_said_and_the_next_one_comes(caplog):
    looks: queue.Queue[bool] = queue.Queue()

    def clock():
        looks.put(item=True)
        if looks.qsize() == 2:
            raise RuntimeError("the battery is empty")
        return utc_now()

    calendar = Calendar(Programme(BERLIN), clock, lambda _: None, period=1)
    with caplog.at_level(logging.ERROR, "installation.programme"):
        calendar.start()
        try:
            until(lambda: looks.qsize() >= 3)
        finally:
            calendar.close()
    assert "A look at the programme failed (the battery is empty)." in caplog.text


def test_a_calendar_may_be_closed_before_it_starts_and_twice(house):
    house.calendar.close()
    house.calendar.start()
    house.calendar.close()
    house.calendar.close()


def test_a_chore_missed_for_a_year_has_one_next_time():
    long_ago, now = datetime(2025, 7, 1, 3, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert _daily(300, Programme(BERLIN)).get_next_fire_time(long_ago, now) == datetime(2026, 7, 2, 3, tzinfo=UTC)


def scheduled(chores, clock=utc_now):
    calendar = Calendar(Programme(BERLIN), clock, lambda _: None, chores=chores)
    calendar.start()
    return calendar


def test_every_chore_is_set_for_months():
    calendar = scheduled({"restart": Chore(300, lambda: None, 3600), "tidy": Chore(360, lambda: None)})
    try:
        jobs = {job.id: job for job in calendar._scheduler.get_jobs()}
        assert {name: job.misfire_grace_time for name, job in jobs.items()} == {
            "programme": None,
            "restart": 3600,
            "tidy": None,
        }
        assert all(job.coalesce and job.max_instances == 1 for job in jobs.values())
        assert all(job.next_run_time.tzinfo is UTC for job in jobs.values())
    finally:
        calendar.close()


def test_a_chore_is_really_done_and_may_fail(caplog):
    done: queue.Queue[str] = queue.Queue()

    def fail():
        done.put("tried")
        raise OSError("the disk will not let go")

    calendar = scheduled({"tidy": Chore(0, fail)})
    with caplog.at_level(logging.ERROR, "installation.programme"):
        try:
            calendar._scheduler.get_job("tidy").modify(next_run_time=utc_now())
            assert done.get(timeout=10) == "tried"
            until(lambda: "The nightly chore tidy failed (the disk will not let go)." in caplog.text)
        finally:
            calendar.close()


def test_a_restart_that_was_slept_through_is_not_made_up_for_before_the_public(caplog):
    calendar = scheduled({"restart": Chore(300, lambda: pytest.fail("in the middle of the day"), 3600)})
    with caplog.at_level(logging.ERROR, "installation.programme"):
        try:
            calendar._scheduler.get_job("restart").modify(next_run_time=utc_now() - timedelta(hours=6))
            until(lambda: "The nightly chore restart was missed." in caplog.text)
        finally:
            calendar.close()


def test_a_clock_set_back_by_a_month_does_not_leave_the_chores_asleep_for_one():
    clock = [utc_now()]
    calendar = scheduled({"tidy": Chore(360, lambda: None)}, lambda: clock[0])
    try:
        clock[0] -= timedelta(days=31)
        calendar.wake()
        assert calendar._scheduler.get_job("tidy").next_run_time - clock[0] <= timedelta(hours=26)
    finally:
        calendar.close()


def test_another_plan_counts_from_the_next_look_on(house):
    house.at("2026-07-01T11:00")
    house.calendar.follow(Programme(BERLIN, dict.fromkeys(WEEK, ()), plays=PLAYS))
    assert house.at("2026-07-01T11:01") == [SHUT]
