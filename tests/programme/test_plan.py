"""programme.toml is checked completely before it is kept."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.machine import settings as machine
from installation.programme.chores import Chores
from installation.programme.days import AfterEaster, Monthly, Yearly
from installation.programme.hours import Desired, Play, Programme, Rule, Span, desired_state
from installation.programme.plan import ProgrammeError, load
from installation.programme.sun import Place, Sun

ROOT = Path(__file__).parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
SCENES = ("hearth", "dementia")

deliberate = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(tmp_path, text):
    path = tmp_path / "programme.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, SCENES, BERLIN)


def test_no_file_is_always_open():
    assert load(None, SCENES, BERLIN) == Programme(BERLIN)


def test_a_file_about_scenes_only_is_always_open(tmp_path):
    programme = read(tmp_path, '[[play]]\nat = "10:00"\nscene = "hearth"\ndays = ["monday", "sunday"]')
    assert programme == Programme(BERLIN, plays=(Play(600, "hearth", frozenset({0, 6})),))


def test_a_day_that_is_named_does_not_keep_the_daily_hours(tmp_path):
    week = read(tmp_path, '[hours]\ndaily = ["10:00-24:00"]\nmonday = []\nfriday = ["20:00 - 02:00"]').week
    assert week == {0: (), 4: (Span(1200, 1560),), **dict.fromkeys((1, 2, 3, 5, 6), (Span(600, 1440),))}


def test_a_day_nobody_names_is_closed(tmp_path):
    assert read(tmp_path, '[hours]\nmonday = ["10:00-12:00"]').week[1] == ()


def test_exceptions_are_dates(tmp_path):
    found = read(tmp_path, '[[exception]]\ndate = 2026-12-24\nhours = ["10:00-13:00"]').exceptions
    assert found == {date(2026, 12, 24): (Span(600, 780),)}


PLACE = "[place]\nlatitude = 52.5\nlongitude = 13\n"
HERE = Place(52.5, 13.0)


def hours(tmp_path, text):
    (span,) = read(tmp_path, f'{PLACE}[hours]\nmonday = ["{text}"]').week[0]
    return span


def test_the_zone_of_the_plan_goes_before_the_machines(tmp_path):
    assert read(tmp_path, 'timezone = "Asia/Kathmandu"').zone == ZoneInfo("Asia/Kathmandu")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("sunset-30m - 23:00", Sun("sunset", HERE, -30), 1380),
        ("sunset-23:00", Sun("sunset", HERE), 1380),
        ("10:00-sunset+1h30m", 600, Sun("sunset", HERE, 90)),
        ("sunset-02:00", Sun("sunset", HERE), 1560),
        ("sunset-sunrise", Sun("sunset", HERE), Sun("sunrise", HERE, days=1)),
        ("20:00-sunrise-1h", 1200, Sun("sunrise", HERE, -60, days=1)),
        ("20:00-sunset", 1200, Sun("sunset", HERE)),
        ("sunrise-dusk", Sun("sunrise", HERE), Sun("dusk", HERE)),
        ("dawn-sunrise", Sun("dawn", HERE), Sun("sunrise", HERE)),
    ],
)
def test_spans_by_the_sun_end_on_the_day_that_is_meant(tmp_path, text, start, end):
    assert hours(tmp_path, text) == Span(start, end)


def test_a_scene_may_begin_with_the_sun(tmp_path):
    (play,) = read(tmp_path, f'{PLACE}[[play]]\nat = "dusk+15m"\nscene = "hearth"').plays
    assert play.at == Sun("dusk", HERE, 15)


@pytest.mark.parametrize(
    ("on", "when"),
    [
        ("12-25", Yearly(12, 25)),
        ("02-29", Yearly(2, 29)),
        ("easter", AfterEaster(0)),
        ("easter-2", AfterEaster(-2)),
        ("easter+50", AfterEaster(50)),
        ("first monday", Monthly(1, 0)),
        ("last sunday", Monthly(-1, 6)),
    ],
)
def test_days_that_come_again(tmp_path, on, when):
    rules = read(tmp_path, f'[[holiday]]\nname = "x"\non = "{on}"').rules
    assert rules == (Rule("x", when, ()),)


def test_holidays_go_before_late_nights(tmp_path):
    late, holiday = '[[late]]\non = "last friday"\nhours = ["20:00-24:00"]\n', '[[holiday]]\non = "12-25"\n'
    assert [rule.name for rule in read(tmp_path, late + holiday).rules] == ["holiday", "late"]


def test_an_exception_may_last(tmp_path):
    found = read(tmp_path, "[[exception]]\ndate = 2026-12-30\nuntil = 2027-01-02\nhours = []").exceptions
    assert list(found) == [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2)]


def test_nothing_is_done_at_night_and_nothing_deleted_unless_it_is_said(tmp_path):
    assert read(tmp_path, "").chores == Chores(None, None, None, None, None)


def test_ember_may_collapse_at_night(tmp_path):
    assert read(tmp_path, '[chores]\ncollapse = "02:00"').chores == Chores(collapse=120)


def test_chores_have_times_and_takes_a_budget(tmp_path):
    text = '[chores]\nrestart = "05:00"\ntidy = "06:00"\ntakes_gb = 0.5\nlogs_days = 7'
    assert read(tmp_path, text).chores == Chores(restart=300, tidy=360, takes_bytes=500_000_000, logs_days=7)


def test_what_was_made_may_be_published_after_every_closing_instead_of_at_a_time(tmp_path):
    text = '[chores]\nexport = "closing"\npublish = ["site"]'
    assert read(tmp_path, text).chores == Chores(closing=True, publish=("site",))


LINES = {
    "a key": ("timezone = 'Europe/Berlin'\n\n[hours]\ndaily = []\nmonday = 3", 5),
    "an unknown key": ("[place]\nlatitude = 1\nlongitud = 2", 3),
    "the second of its tables": ('[[holiday]]\non = "12-25"\n\n[[holiday]]\non = "12-32"', 5),
    "a table without the key": ('[[play]]\nat = "10:00"\nscene = "hearth"\n[[play]]\nat = "11:00"', 4),
    "two at once": ('[[play]]\nat = "10:00"\nscene = "hearth"\n' * 2, 5),
    "a word before all tables": ("# note\ntimezone = 'Berlin'", 2),
    "a table in one line": ("# note\nhours = 3", 2),
}


@pytest.mark.parametrize(("text", "line"), LINES.values(), ids=LINES)
def test_the_line_is_named(tmp_path, text, line):
    with pytest.raises(ProgrammeError, match=rf"programme\.toml, line {line}: "):
        read(tmp_path, text)


PLAY = '[[play]]\nat = "10:00"\nscene = "hearth"\n'
WRONG = {
    "not TOML": ("[hours", "not TOML"),
    "not UTF-8": (b"\xff", "not TOML in UTF-8"),
    "an unknown table": ("[huors]", r"'huors'\. Did you mean hours\?"),
    "an unknown day": ("[hours]\nmonady = []", r"'hours\.monady'\. Did you mean monday\?"),
    "hours that are no table": ("hours = 1", "hours is a table"),
    "a span alone": ('[hours]\ndaily = "10:00-18:00"', r"hours\.monday takes a list"),
    "a span without end": ('[hours]\nmonday = ["10:00"]', "a span looks like"),
    "a span that is a number": ("[hours]\nmonday = [10]", "a span looks like"),
    "a span of no length": ('[hours]\nmonday = ["10:00-10:00"]', "has no length"),
    "a time that is none": ('[hours]\nmonday = ["10:00-18:60"]', "a time of day"),
    "a time past midnight": ('[hours]\nmonday = ["10:00-24:30"]', "a time of day"),
    "digits of another script": ('[hours]\nmonday = ["\u0661\u0660:00-18:00"]', "a time of day"),
    "an exception in quotes": ('[[exception]]\ndate = "2026-12-24"\nhours = []', "without quotes"),
    "an exception with a time": ("[[exception]]\ndate = 2026-12-24T10:00:00\nhours = []", "without quotes"),
    "an exception without hours": ("[[exception]]\ndate = 2026-12-24", "takes a list .*, not nothing"),
    "an exception twice": ("[[exception]]\ndate = 2026-12-24\nhours = []\n" * 2, "stands twice"),
    "one bracket for two": ("[exception]\ndate = 2026-12-24", r"\[\[exception\]\]"),
    "an unknown scene": ('[[play]]\nat = "10:00"\nscene = "haerth"', r"'haerth'\. Did you mean hearth\?"),
    "no scene": ('[[play]]\nat = "10:00"', "takes the name of a scene, not nothing"),
    "a play without time": ('[[play]]\nscene = "hearth"', "a time of day .*, not nothing"),
    "a play at the end of the day": ('[[play]]\nat = "24:00"\nscene = "hearth"', "00:00"),
    "no days": (f"{PLAY}days = []", "takes a list of weekdays"),
    "a day that is none": (f'{PLAY}days = ["sunnday"]', r"no weekday\. Did you mean sunday\?"),
    "two scenes at once": (PLAY * 2, "two scenes at 10:00"),
    "an unknown zone": ('timezone = "Europe/Berlinn"', "a name like Europe/Berlin"),
    "a zone that is a number": ("timezone = 3", "a name like Europe/Berlin"),
    "a zone that is a path": ('timezone = "../../etc/passwd"', "a name like Europe/Berlin"),
    "the sun without a place": ('[hours]\nmonday = ["sunset-23:00"]', r"needs to know where\. Add \[place\]"),
    "no such event": (PLACE + '[hours]\nmonday = ["sunsett-23:00"]', r"by the sun .*Did you mean sunset\?"),
    "a sun too far": (PLACE + '[hours]\nmonday = ["sunset+7h-23:00"]', "more than 6 hours"),
    "a night of no length": (PLACE + '[hours]\nmonday = ["sunset-sunset"]', "has no length"),
    "a place off the earth": ("[place]\nlatitude = 91\nlongitude = 0", "from -90 to 90 degrees"),
    "half a place": ("[place]\nlatitude = 50", "place.longitude takes a number"),
    "a holiday that never comes": ('[[holiday]]\non = "02-30"', "holiday.on takes"),
    "a late night without hours": ('[[late]]\non = "last friday"', "late.hours takes a list"),
    "a name that is none": ('[[holiday]]\non = "12-25"\nname = 3', "takes a text"),
    "an exception that ends first": (
        "[[exception]]\ndate = 2026-12-24\nuntil = 2026-12-23\nhours = []",
        "0 to 365 days",
    ),
    "an exception at the end of time": ("[[exception]]\ndate = 9999-12-31\nhours = []", "1970 to 9000"),
    "an unknown chore": ('[chores]\nrestrat = "05:00"', r"Did you mean restart\?"),
    "a chore at no time": ("[chores]\nrestart = 5", "a time of day"),
    "another chore at the closing": ('[chores]\ntidy = "closing"', "a time of day"),
    "a budget without a time": ("[chores]\ntakes_gb = 5", "add tidy"),
    "something to publish without a time": ('[chores]\npublish = ["site"]', "add export"),
    "a name that could be a path": ('[chores]\nexport = "05:10"\npublish = ["../x"]', "list of names"),
    "a budget of nothing": ('[chores]\ntidy = "06:00"\ntakes_gb = 0', "from 0.1 to"),
    "logs for ever": ("[chores]\nlogs_days = 1e9", "from 1 to 3650 days"),
    "an unknown key": (f"{PLAY}until = 3", "'play.until'"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, text, sentence):
    with pytest.raises(ProgrammeError, match=sentence) as refusal:
        read(tmp_path, text)
    assert "programme.toml" in str(refusal.value)


def test_a_plan_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ProgrammeError, match="cannot be read"):
        load(tmp_path / "nothing.toml", SCENES, BERLIN)


values = st.recursive(
    st.sampled_from(
        [
            "1",
            "nan",
            "true",
            '""',
            '"sunset-1h"',
            '"easter"',
            '"10:00"',
            '"10:00-18:00"',
            '"hearth"',
            '"monday"',
            "2026-12-24",
            "{}",
        ]
    ),
    lambda inner: st.builds("[{}, {}]".format, inner, inner) | st.builds("{{ at = {} }}".format, inner),
    max_leaves=4,
)
keys = st.sampled_from(
    [
        *("hours", "daily", "monday", "exception", "date", "until", "play", "at", "scene", "days", "on", "name", "x"),
        *("tidy", "timezone", "latitude", "takes_gb"),
    ]
)
lines = st.one_of(
    st.builds("{} = {}".format, keys, values),
    st.sampled_from(
        ["[hours]", "[[exception]]", "[[play]]", "[play]", "[hours.monday]", "[[late]]", "[place]", "[chores]"]
    ),
)


@deliberate
@given(st.lists(lines, max_size=8).map("\n".join) | st.text(max_size=60))
def test_any_toml_gives_a_programme_or_a_sentence(tmp_path, text):
    try:
        programme = read(tmp_path, text.encode("utf-8", "surrogatepass"))
    except ProgrammeError as refusal:
        assert "programme.toml" in str(refusal)  # noqa: PT017 - either way is right
    else:
        assert isinstance(desired_state(datetime(2026, 7, 1, tzinfo=UTC), programme), Desired)


def test_the_example_programme_keeps_to_the_scenes_that_ship():
    names = [path.stem for path in (ROOT / "scenes").glob("*.toml")]
    programme = load(ROOT / "deploy" / "programme.toml", names, BERLIN)
    assert desired_state(datetime(2026, 7, 2, 12, tzinfo=UTC), programme) == Desired(
        open=True, scene="machine-dementia"
    )
    assert desired_state(datetime(2026, 12, 25, 12, tzinfo=UTC), programme).open is False
    assert programme.chores.takes_bytes is None


def test_the_example_machine_is_accepted():
    assert machine.load(ROOT / "deploy" / "machine.toml").timezone == "Europe/Berlin"
