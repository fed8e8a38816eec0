"""Exceptions that were made at the console go before the programme's, and its own file is never touched."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.programme import exceptions
from installation.programme.exceptions import OtherHours, added, before, read, removed, save, tables, take_back, text
from installation.programme.hours import Programme, Span, reason
from installation.programme.plan import ProgrammeError, load, overruled

BERLIN = ZoneInfo("Europe/Berlin")
EVE, DAY = date(2026, 12, 24), timedelta(days=1)
CLOSED, SHORT = OtherHours(EVE, EVE, (), "Eve"), OtherHours(EVE, EVE, ("10:00-13:00",))
NAMES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]), max_size=20)
SPANS = st.sampled_from(["10:00-18:00", "20:00-02:00", "00:00-24:00"])
PLAN = '[hours]\ndaily = ["10:00-18:00"]\n[[exception]] # the curator\'s\ndate = 2026-12-24\nhours = ["12:00-13:00"]\n'


@st.composite
def calendars(draw):
    """Exceptions that do not overlap, by date."""
    found, day = [], EVE
    for length in draw(st.lists(st.integers(0, 5), max_size=4)):
        spans = tuple(draw(st.lists(SPANS, max_size=2)))
        found.append(OtherHours(day, day + length * DAY, spans, draw(NAMES)))
        day += (length + 2) * DAY
    return tuple(found)


@given(calendars())
def test_what_is_written_is_read_again(tmp_path, found):
    path = tmp_path / exceptions.NAME
    path.write_text(text(found))
    assert read(path) == found


@given(calendars())
def test_the_parser_of_programmes_takes_whatever_is_written_and_finds_the_same_in_the_file(tmp_path, found):
    plan, path = tmp_path / "programme.toml", tmp_path / exceptions.NAME
    plan.write_text("")
    path.write_text(text(found))
    by_file, by_hand = load(plan, (), BERLIN, path), overruled(Programme(BERLIN), tables(found))
    assert by_file == by_hand
    assert all(reason(each.first, by_file) == (each.name or "exception") for each in found)


def test_without_a_file_there_are_none(tmp_path):
    assert read(tmp_path / exceptions.NAME) == read(None) == ()


def test_they_go_before_the_programmes_on_their_dates_and_on_no_other(tmp_path):
    plan, path = tmp_path / "programme.toml", tmp_path / exceptions.NAME
    plan.write_text(PLAN)
    save(path, [OtherHours(EVE, EVE + DAY, (), "private view")])
    found = load(plan, (), BERLIN, path)
    assert found.exceptions == {EVE: (), EVE + DAY: ()}
    assert [reason(EVE + n * DAY, found) for n in range(3)] == ["private view", "private view", ""]
    assert plan.read_text() == PLAN


def test_a_plan_knows_the_file_it_is_from_and_is_no_other_for_it(tmp_path):
    plan = tmp_path / "programme.toml"
    plan.write_text("")
    assert load(plan, (), BERLIN).path == plan
    assert load(plan, (), BERLIN) == Programme(BERLIN)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ('[[exception]]\ndate = 2026-12-24\nhours = ["25:00-26:00"]', "line 3: exception.hours of 2026-12-24"),
        ('[hours]\ndaily = ["10:00-18:00"]', "nothing is known of 'hours'"),
        ('[[exception]]\ndate = 2026-12-24\nhours = []\nname = "two\\nlines"', "line 4: exception.name takes a text"),
        ('[[exception]]\ndate = 2026-12-24\nhours = ["sunset-23:00"]', "needs to know where"),
        ("[[exception", "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_kept_is_refused_with_its_name_and_the_line(tmp_path, wrong, says):
    plan, path = tmp_path / "programme.toml", tmp_path / exceptions.NAME
    plan.write_text("")
    path.write_text(wrong)
    with pytest.raises(ProgrammeError, match=f"{exceptions.NAME}.*{says}"):
        load(plan, (), BERLIN, path)


def test_one_of_the_very_same_days_gives_way_and_they_stand_by_date():
    later = OtherHours(EVE + 3 * DAY, EVE + 4 * DAY, ())
    assert added(added([CLOSED], later), SHORT) == (SHORT, later)


def test_days_that_overlap_are_refused():
    with pytest.raises(ProgrammeError, match="from 2026-12-24 to 2026-12-24 already"):
        added([CLOSED], OtherHours(EVE - DAY, EVE + DAY, ()))


def test_there_is_room_for_so_many():
    many = [OtherHours(EVE + n * DAY, EVE + n * DAY, ()) for n in range(exceptions.MOST)]
    with pytest.raises(ProgrammeError, match="Remove some"):
        added(many, OtherHours(EVE - DAY, EVE - DAY, ()))


def test_one_that_is_removed_is_gone_and_cannot_be_removed_again():
    assert removed([CLOSED], EVE) == ()
    with pytest.raises(ProgrammeError, match="Somebody may have removed it"):
        removed([], EVE)


@given(st.lists(calendars(), min_size=1, max_size=5))
def test_every_change_can_be_taken_back_down_to_the_first(tmp_path_factory, states):
    path = tmp_path_factory.mktemp("state") / exceptions.NAME
    for each in states:
        save(path, each)
    for each in reversed([(), *states[:-1]]):
        assert before(path) == each
        take_back(path)
        assert read(path) == each
    with pytest.raises(ProgrammeError, match="no change to take back"):
        before(path)


def test_of_many_changes_the_last_can_be_taken_back(tmp_path):
    path = tmp_path / exceptions.NAME
    for n in range(exceptions.KEPT + 5):
        save(path, [OtherHours(EVE, EVE, (), str(n))])
    assert len(list(tmp_path.iterdir())) == exceptions.KEPT
    assert before(path)[0].name == str(exceptions.KEPT + 3)


@pytest.mark.parametrize(
    "damaged",
    [
        b"\xff\xfe",
        b"[[exception",
        b"[exception]\ndate = 2026-12-24\nhours = []",
        b"[[exception]]\nhours = []",
        b'[[exception]]\ndate = "2026-12-24"\nhours = []',
        b"[[exception]]\ndate = 2026-12-24T10:00:00\nhours = []",
        b"[[exception]]\ndate = 2026-12-24\nhours = [10]",
        b"[[exception]]\ndate = 2026-12-24\nhours = 7",
        b"[[exception]]\ndate = 2026-12-24\nhours = []\nname = 7",
        b"exception = 7",
    ],
)
def test_a_file_that_was_damaged_by_hand_is_said(tmp_path, damaged):
    path = tmp_path / exceptions.NAME
    path.write_bytes(damaged)
    with pytest.raises(ProgrammeError, match="Mend the file first"):
        read(path)


def test_hours_of_an_exception_may_follow_the_sun_of_the_place(tmp_path):
    plan, path = tmp_path / "programme.toml", tmp_path / exceptions.NAME
    plan.write_text("[place]\nlatitude = 52.5\nlongitude = 13\n")
    save(path, [OtherHours(EVE, EVE, ("10:00-sunset",))])
    (span,) = load(plan, (), BERLIN, path).exceptions[EVE]
    assert span != Span(600, 1080)
