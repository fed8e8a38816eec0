"""programme.toml is checked completely before it is kept."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.machine import settings as machine
from installation.programme.hours import Desired, Play, Programme, Span, desired_state
from installation.programme.plan import ProgrammeError, load

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
    st.sampled_from(["1", "nan", "true", '""', '"10:00"', '"10:00-18:00"', '"hearth"', '"monday"', "2026-12-24", "{}"]),
    lambda inner: st.builds("[{}, {}]".format, inner, inner) | st.builds("{{ at = {} }}".format, inner),
    max_leaves=4,
)
keys = st.sampled_from(["hours", "daily", "monday", "exception", "date", "play", "at", "scene", "days", "x"])
lines = st.one_of(
    st.builds("{} = {}".format, keys, values),
    st.sampled_from(["[hours]", "[[exception]]", "[[play]]", "[play]", "[hours.monday]"]),
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


def test_the_example_machine_is_accepted():
    assert machine.load(ROOT / "deploy" / "machine.toml").timezone == "Europe/Berlin"
