"""What an operator changes of the plan is checked as programmes are, counts at once, and can be taken back."""

import asyncio
import contextlib
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from installation.console.planning import told, week, wished
from installation.machine.files import share
from installation.programme import exceptions, plan
from installation.programme.exceptions import OtherHours
from installation.programme.hours import Programme, Span, is_open
from installation.programme.plan import ProgrammeError
from tests.console.hall import ELSEWHERE, PASSCODE, ask, opened, ours, standing

BERLIN = ZoneInfo("Europe/Berlin")
EVE, NOON = date(2026, 12, 24), datetime(2026, 12, 24, 11, 0, tzinfo=UTC)
TEXT = """# of the curator
timezone = "Europe/Berlin"
[hours]
daily = ["10:00-18:00"]
[[exception]]
date = 2026-12-31
hours = ["10:00-13:00"]
name = "Silvester"
[[play]]
at = "12:00"
scene = "hearth"
"""


@contextlib.contextmanager
def planned(folder):
    """A house with a programme."""
    with standing(folder, passcode=PASSCODE) as (hall, _):
        path = folder / "programme.toml"
        path.write_text(TEXT)
        hall.programme = plan.load(path, {"hearth"}, BERLIN)
        yield hall


@pytest.fixture
def hall(tmp_path):
    with planned(tmp_path) as hall:
        yield hall


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """The same, for tests in which nothing changes."""
    with planned(tmp_path_factory.mktemp("calm")) as hall:
        yield hall


def change(hall, what, **wish):
    """Status and answer."""
    headers = {**ours(hall), **wish.pop("headers", {})}
    status, _, body = asyncio.run(ask(hall, f"/exceptions/{what}", "POST", json=wish, headers=headers))
    return status, json.loads(body) if body.startswith(b"{") else body


def shut(hall, first="2026-12-24", **wish):
    """Close a day and wait until the house knows."""
    assert change(hall, "add", first=first, **wish) == (200, {})
    return hall.event()[1]


def test_the_week_is_drawn_from_today_with_the_reason_for_its_exceptions():
    spans = (Span(600, 1080),)
    found = Programme(BERLIN, dict.fromkeys(range(7), spans), exceptions={date(2026, 12, 25): ()})
    drawn = week(found, datetime(2026, 12, 23, 23, 30, tzinfo=UTC))  # in Berlin it is the 24th
    assert [each["date"] for each in drawn][:2] == ["2026-12-24", "2026-12-25"]
    assert [each["open"] for each in drawn] == [[(600, 1080)], [], *[[(600, 1080)]] * 5]
    assert drawn[1]["reason"] == "exception"


def test_a_house_without_a_programme_has_no_week(tmp_path):
    assert told(None, tmp_path, NOON) == {"week": []}


def test_the_page_hears_the_minute_what_plays_and_both_kinds_of_exceptions_that_are_not_over(tmp_path):
    path = tmp_path / "programme.toml"
    path.write_text(TEXT)
    past, ahead = OtherHours(date(2026, 12, 1), date(2026, 12, 2), ()), OtherHours(EVE, EVE, ("10:00-12:00",), "Eve")
    exceptions.save(tmp_path / exceptions.NAME, [past, ahead])
    said = told(plan.load(path, {"hearth"}, BERLIN), tmp_path, NOON)
    assert (said["minute"], said["scene"], said["undo"]) == (12 * 60, "hearth", True)
    assert [(each["first"], each["hours"], each["name"], each["here"]) for each in said["exceptions"]] == [
        ("2026-12-24", ["10:00-12:00"], "Eve", True),
        ("2026-12-31", ["10:00-13:00"], "Silvester", False),
    ]


def test_a_day_that_is_closed_counts_at_once_and_the_curators_file_is_not_touched(hall):
    assert is_open(NOON, hall.programme)
    following = shut(hall, name="private view")
    assert not is_open(NOON, following)
    assert hall.programme.path.read_text() == TEXT
    again = plan.load(hall.programme.path, {"hearth"}, BERLIN, hall.settings.state / exceptions.NAME)
    assert again == following  # a restart finds the same


def test_what_the_curator_wrote_meanwhile_counts_too(hall):
    hall.programme.path.write_text(TEXT.replace("daily", "thursday"))
    assert shut(hall).week == {day: ((Span(600, 1080),) if day == 3 else ()) for day in range(7)}


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"first": "2026-12-24", "hours": "25:00"}, "exception.hours of 2026-12-24: a span looks like"),
        ({"first": "24.12.2026"}, "A day looks like 2026-12-24"),
        ({"first": "2026-12-24", "last": "2026-12-23"}, "must lie 0 to 365 days after"),
        ({"first": "2026-12-24", "name": "x\ny"}, "a text of one line"),
        ({"first": "2026-12-24", "name": "\ud800"}, "a text of one line"),
        ({"first": "2026-12-24", "hours": "sunset-23:00"}, "needs to know where"),
        ({"first": 7}, "A day looks like"),
        ({}, "A day looks like"),
        ({"first": "0001-01-01"}, "outside the years"),
    ],
)
def test_what_the_parser_of_programmes_would_refuse_is_refused_and_nothing_is_changed(calm, wish, says):
    status, answer = change(calm, "add", **wish)
    assert (status, says in answer["refused"]) == (422, True)
    assert not (calm.settings.state / exceptions.NAME).exists()
    assert calm.events.empty()


def test_a_programme_that_was_broken_by_hand_is_said_and_the_one_before_stays(hall):
    hall.programme.path.write_text("hours = ")
    status, answer = change(hall, "add", first="2026-12-24")
    assert (status, "is not TOML" in answer["refused"]) == (422, True)
    assert hall.events.empty()


def test_an_exception_that_is_removed_is_one_no_more(hall):
    shut(hall)
    assert change(hall, "remove", first="2026-12-24") == (200, {})
    assert is_open(NOON, hall.event()[1])
    assert change(hall, "remove", first="2026-12-24")[0] == 422
    assert change(hall, "remove", first="2026-12-31")[0] == 422  # that one is the curator's


def test_the_last_change_is_taken_back_whoever_made_it(hall):
    shut(hall)
    assert change(hall, "undo") == (200, {})
    assert is_open(NOON, hall.event()[1])
    assert change(hall, "undo")[1] == {"refused": "There is no change to take back."}


def test_of_two_operators_at_once_the_last_wins_and_both_see_it(hall):
    async def both():
        headers = ours(hall)
        async with opened(hall) as one, opened(hall) as other:
            for hours in ("10:00-11:00", "10:00-12:00"):
                wish = {"first": "2999-12-24", "hours": hours}
                await ask(hall, "/exceptions/add", "POST", json=wish, headers=headers)
            return [await page.hears("plan", lambda plan: last(plan) == ["10:00-12:00"]) for page in (one, other)]

    one, other = asyncio.run(both())
    assert one == other


def last(told_of_plan):
    """The hours of the last exception that a page knows."""
    return (told_of_plan.get("exceptions") or [{"hours": None}])[-1]["hours"]


@pytest.mark.parametrize("what", ["add", "remove", "undo"])
def test_visitors_and_the_pages_of_strangers_change_nothing(calm, what):
    assert change(calm, what, first="2026-12-24", headers=ELSEWHERE)[0] == 403
    assert change(calm, what, first="2026-12-24", headers={"Origin": "http://stranger.example"})[0] == 403
    assert not (calm.settings.state / exceptions.NAME).exists()


def test_visitors_do_not_hear_of_the_plan(calm):
    async def listen():
        async with opened(calm, "?as=visitor") as page:
            await page.hears("piece", lambda told: told)
            return page.heard

    assert not {"plan", "library"} & set(asyncio.run(listen()))


def test_without_a_programme_there_is_nothing_to_change(tmp_path):
    with standing(tmp_path) as (hall, _):
        status, answer = change(hall, "add", first="2026-12-24")
    assert (status, "--programme" in answer["refused"]) == (422, True)


def test_spans_are_separated_by_commas_and_without_a_last_day_it_is_one_day():
    assert wished({"first": "2026-12-24", "hours": " 10:00-12:00 ,14:00-18:00,"}) == OtherHours(
        EVE, EVE, ("10:00-12:00", "14:00-18:00")
    )
    with pytest.raises(ProgrammeError):
        wished({"first": "today"})


def test_the_scenes_of_the_house_may_be_named_in_its_plan(hall):
    assert (share("scenes") / "hearth.toml").exists()
    assert shut(hall).plays[0].scene == "hearth"
