"""``burntout programme`` says what a plan wants, in the nights when nobody can tell."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from installation import cli
from installation.cli.planning import MomentError, moments
from installation.errors import Refusal
from installation.programme.hours import Programme

ROOT = Path(__file__).parents[1]
BERLIN = Programme(ZoneInfo("Europe/Berlin"))
PLAN = """
timezone = "Europe/Berlin"
[hours]
saturday = ["20:00-02:30"]
[[holiday]]
name = "Easter Monday"
on = "easter+1"
hours = ["10:00-12:00"]
[[play]]
at = "11:00"
scene = "hearth"
[chores]
restart = "02:30"
export = "closing"
"""


@pytest.fixture
def say(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "programme.toml"
    path.write_text(PLAN)

    def called(*words):
        result = CliRunner().invoke(cli.app, ["programme", str(path), *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return called


def test_it_says_what_is_on_and_until_when(say):
    expected = "Saturday 27 March 2027, 21:00 CET: open, hearth until Sunday 28 March 2027, 03:00 CEST"
    assert say("--at", "2027-03-27T21:00") == f"{expected} (closed, black on purpose)\n"


def test_behind_closed_doors_a_change_of_scene_is_no_change(say):
    assert "until Monday 29 March 2027, 10:00 CEST (open, hearth)" in say("--at", "2027-03-28T09:00")


def test_an_hour_that_is_left_out_is_said(say):
    assert "never shows 02:30 on 28 March 2027" in (said := say("--at", "2027-03-28T02:30"))
    assert "Sunday 28 March 2027, 03:30 CEST: closed" in said


def test_an_hour_that_comes_twice_is_said_twice(say):
    assert [line.split(" until")[0] for line in say("--at", "2027-10-31T02:29").splitlines()] == [
        "Sunday 31 October 2027, 02:29 CEST: open, hearth",
        "Sunday 31 October 2027, 02:29 CET: open, hearth",
    ]


def test_a_moment_may_bring_its_own_offset(say):
    assert say("--at", "2027-03-27T20:00+00:00").startswith("Saturday 27 March 2027, 21:00 CET")


def test_the_week_is_a_table_with_reasons_and_chores(say):
    said = say("--at", "2027-03-27T12:00", "--week")
    assert "Sat 27 Mar 2027  20:00-02:30  11:00 hearth" in said
    assert "Mon 29 Mar 2027  10:00-12:00  11:00 hearth  Easter Monday" in said
    assert said.count("closed  ") == 5
    assert "chore restart: next on Sunday 28 March 2027, 03:30 CEST" in said
    assert "chore export: after every closing of the doors" in said


def test_a_plan_without_end_says_how_far_it_looked():
    said = CliRunner().invoke(cli.app, ["programme", "--at", "2027-01-01T00:00"], catch_exceptions=False).output
    assert "open, whatever is playing for the next 32 days at least" in said


@pytest.mark.parametrize("text", ["", "tomorrow", "02:30", "2027-02-30T02:30"])
def test_what_is_no_moment_is_answered_with_an_example(text):
    with pytest.raises(MomentError, match="2027-03-28T02:30"):
        moments(text, BERLIN)


def test_without_a_moment_it_is_now():
    (now,) = moments(None, BERLIN)
    assert abs((datetime.now(UTC) - now).total_seconds()) < 3600


def test_a_faulty_plan_is_refused_with_its_line(tmp_path):
    (tmp_path / "programme.toml").write_text("[hours]\nmonday = []\ntuseday = []")
    with pytest.raises(Refusal, match=r"programme\.toml, line 3: .*Did you mean tuesday"):
        CliRunner().invoke(cli.app, ["programme", str(tmp_path / "programme.toml")], catch_exceptions=False)


def test_the_shipped_plan_can_be_looked_at():
    path = str(ROOT / "deploy" / "programme.toml")
    result = CliRunner().invoke(cli.app, ["programme", path, "--at", "2026-12-24T09:00", "--week"])
    assert result.exit_code == 0
    assert "Christmas Day" in result.output


def cues(*words):
    result = CliRunner().invoke(cli.app, ["cues", *words], catch_exceptions=False, env={"COLUMNS": "200"})
    return result.stdout


def test_the_cues_of_a_scene_are_listed_with_what_they_do():
    said = [" ".join(line.split()) for line in cues("machine-dementia").splitlines()]
    assert "4 A visit /loop/origin-mix 0.35 6 s, ease auto-follow after 4 s" in said
    assert "4.5 They have left /loop/origin-mix 0.0 12 s, s-curve" in said


def test_a_scene_without_cues_says_how_to_write_one():
    assert "[[cue]]" in cues("hearth")
