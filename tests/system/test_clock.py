"""The machine's clock is moved while the piece plays: the doors follow, and nothing else notices.

libfaketime stands between every process and the wall clock; the monotonic clock goes on, as it does on a real machine.
"""

import contextlib
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support import until
from tests.system.performance import PATIENCE, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

BERLIN = ZoneInfo("Europe/Berlin")
PRELOAD = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
#: Open until half past two at night, which one night of the year does not have and another has twice.
PROGRAMME = """
timezone = "Europe/Berlin"
[hours]
daily = ["10:00-02:30"]
monday = []
[[exception]]
date = 2027-07-06
hours = []
[chores]
restart = "05:00"
"""
SUNDAY, MONDAY, A_MONTH_LATER = "2027-06-06T12:00", "2027-06-07T12:00", "2027-07-06T12:00"
SOON = 6  # seconds: the programme is looked at every five


#: Elsewhere the nights lie otherwise: what is shown before the hour that is left out, and before the end of the one
#: that comes twice; on Lord Howe both are half an hour. Each night's hours end in the midst of it.
ELSEWHERE = {
    "America/New_York": (("2027-03-14", "01:59:58", "02:30"), ("2027-11-07", "01:44:58", "01:45")),
    "Australia/Lord_Howe": (("2027-10-03", "01:59:58", "02:15"), ("2027-04-04", "01:44:58", "01:45")),
}


class Clock:
    """The wall clock of everybody who was started with ``environ``."""

    def __init__(self, folder):
        self._file = folder / "clock"
        self.environ = {
            "LD_PRELOAD": str(PRELOAD),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def show(self, wall, fold=0, zone=BERLIN):
        """Let it be this time there from now on, which everybody sees within a second."""
        wanted = datetime.fromisoformat(wall).replace(tzinfo=zone, fold=fold)
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{wanted.timestamp() - time.time():+.0f}")
        beside.replace(self._file)


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    if PRELOAD is None:
        pytest.skip("libfaketime is missing; install the package libfaketime")
    clock = Clock(tmp_path_factory.mktemp("clock"))
    clock.show(SUNDAY)
    return clock


@contextlib.contextmanager
def keeping(programme, home, clock):
    """A piece that keeps opening hours."""
    (home / "state").mkdir()
    (home / "programme.toml").write_text(programme)
    (home / "machine.toml").write_text("[stage]\nrate = 10\nwidth = 320\nheight = 180\n")
    scene = scene_file(home, loop="pace = 0.2\nstages = 1")
    options = ("--fresh", "--config", str(home / "machine.toml"), "--programme", str(home / "programme.toml"))
    with performing(scene, home / "state", *options, **clock.environ) as playing:
        playing.reaches(2)
        yield playing


@pytest.fixture(scope="module")
def show(clock, tmp_path_factory):
    """A piece in Berlin, at noon on a Sunday in June."""
    with keeping(PROGRAMME, tmp_path_factory.mktemp("hours"), clock) as playing:
        yield playing


def is_open(show):
    """Whether the audience sees light."""
    return show.vital("stage", "light") > 0.0


def is_closed(show):
    return show.vital("stage", "light") == 0.0


def everybody(show):
    return {name: show.pid(name) for name in ("engine", "stage", "recorder")}


def stays_open(show):
    """Wait until the programme was looked at in any case, five generations a second; the doors must not have moved."""
    closings = show.said().count("The house is closed")
    show.reaches(show.generation() + 5 * SOON)
    assert show.said().count("The house is closed") == closings


def test_the_doors_follow_a_clock_that_is_moved_by_a_day_a_month_and_back_and_nobody_else_does(show, clock, ledger):
    before, serial = everybody(show), show.generation()
    until(lambda: is_open(show), PATIENCE)
    with ledger.provoked(
        show, "The clock is moved by a day, a month, and back", "libfaketime; the house is closed on both those days"
    ) as fault:
        for elsewhere in (MONDAY, A_MONTH_LATER):
            clock.show(elsewhere)
            fault.over(lambda: is_closed(show))
            clock.show(SUNDAY)
            fault.began = time.monotonic()
            fault.over(lambda: is_open(show))
        fault.says("The house is closed")
        fault.says("The house is open")
    assert everybody(show) == before
    show.reaches(serial + 2)


def test_a_night_that_leaves_an_hour_out_closes_the_doors_when_the_clock_jumps(show, clock, ledger):
    how = "libfaketime; open until 2:30, and at 2:00 the clock says 3:00"
    with ledger.provoked(show, "The night leaves an hour out", how) as fault:
        clock.show("2027-03-28T01:57:00")
        stays_open(show)
        clock.show("2027-03-28T01:59:58")
        fault.began = time.monotonic() + 2.0
        fault.over(lambda: is_closed(show))
        fault.says("The house is closed")
        clock.show(SUNDAY)
        until(lambda: is_open(show), PATIENCE)


def test_a_night_that_repeats_an_hour_keeps_the_doors_open_until_it_has_shown_their_time_twice(show, clock, ledger):
    how = "libfaketime; open until 2:30, which the clock shows twice"
    with ledger.provoked(show, "The night repeats an hour", how) as fault:
        for time_shown, fold in (("02:31:00", 0), ("02:27:00", 1)):
            clock.show(f"2027-10-31T{time_shown}", fold)
            stays_open(show)
        clock.show("2027-10-31T02:29:58", fold=1)
        fault.began = time.monotonic() + 2.0
        fault.over(lambda: is_closed(show))
        fault.says("The house is closed")
        clock.show(SUNDAY)
        until(lambda: is_open(show), PATIENCE)


def test_through_all_this_nobody_died_and_no_night_was_made_up_for(show):
    said = show.stop()
    assert show.process.returncode == 0
    for trouble in ("Traceback", "Death", "has been silent", "starting it again"):
        assert trouble not in said


class Elsewhere:
    """A piece in another zone, open in nothing but its two odd nights, and the clock it goes by."""

    def __init__(self, zone, home, stack):
        self.zone = ZoneInfo(zone)
        (self.skips, self.before, _), (self.repeats, self.ending, _) = nights = ELSEWHERE[zone]
        programme = f'timezone = "{zone}"\n[hours]\ndaily = []\n'
        for night, _, end in nights:
            eve = date.fromisoformat(night) - timedelta(1)
            programme += f'[[exception]]\ndate = {eve}\nhours = ["10:00-{end}"]\n'
        home.mkdir()
        self._clock = Clock(home)
        self.shows(f"{self.skips}T01:00")
        self.show = stack.enter_context(keeping(programme, home, self._clock))

    def shows(self, wall, fold=0):
        self._clock.show(wall, fold, self.zone)


@pytest.mark.skipif(PRELOAD is None, reason="libfaketime is missing; install the package libfaketime")
def test_both_nights_close_the_doors_in_other_zones_too(tmp_path):
    with contextlib.ExitStack() as stack:
        pieces = [Elsewhere(zone, tmp_path / str(place), stack) for place, zone in enumerate(ELSEWHERE)]

        def all_are(wanted):
            until(lambda: all(wanted(each.show) for each in pieces), PATIENCE)

        all_are(is_open)
        for each in pieces:
            each.shows(f"{each.skips}T{each.before}")
        all_are(is_closed)
        for each in pieces:
            each.shows(f"{each.repeats}T01:31", fold=1)  # after its time had come once, in the first of the two hours
        all_are(is_open)
        for each in pieces:
            each.shows(f"{each.repeats}T{each.ending}", fold=1)
        all_are(is_closed)
