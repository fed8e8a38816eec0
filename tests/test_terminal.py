import dataclasses
import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from installation.health import Health
from installation.readings import Missing, Value
from installation.terminal import speaking, status
from tests.support import until

HEALTH = Health(
    scene="hearth",
    state="playing",
    serial=12,
    temperature=0.45,
    rate=1.5,
    readings={"/reading/entropy": Value(7.25), "/reading/memory": Value(0.5), "/reading/watts": Missing()},
    stage_fps=60.0,
    worst_gap_ms=20.0,
    recording=None,
    dropped_frames=0,
    refused=0,
    deaths={"engine": 0},
)


@pytest.mark.parametrize(
    "part", ["hearth", "generation 12", "T 0.45", "1.5/s", "entropy 7.25 bit", "memory +0.50", "60 fps"]
)
def test_the_status_line_says_how_the_piece_is(part):
    assert part in status(HEALTH).plain


def test_the_status_line_says_what_has_no_sensor_and_what_is_an_estimate():
    assert "power no sensor" in status(HEALTH).plain
    guessed = dataclasses.replace(HEALTH, readings={"/reading/watts": Value(63.4, estimated=True)})
    assert "power 63 W (estimated)" in status(guessed).plain


def test_readings_that_are_not_brief_are_not_on_the_status_line():
    assert "0.7321" not in status(dataclasses.replace(HEALTH, readings={"/reading/tail-mass": Value(0.7321)})).plain


def test_the_status_line_counts_what_was_lost():
    hurt = dataclasses.replace(HEALTH, recording=Path("take"), dropped_frames=3, deaths={"engine": 2, "stage": 1})
    assert "3 dropped" in status(hurt).plain
    assert "3 rebirths" in status(hurt).plain


def test_log_lines_reach_the_terminal_and_the_file(tmp_path):
    console = Console(width=200, file=io.StringIO())
    with speaking(console, tmp_path):
        logging.getLogger("installation.test").warning("The fire is low.")
    assert "The fire is low." in console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above
    assert "The fire is low." in (tmp_path / "burntout.log").read_text()


LONG = "The take is in " + "/a/folder/with/a/long/name" * 9


def test_where_there_is_no_terminal_a_line_is_not_broken(tmp_path, monkeypatch):
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    console = Console(file=io.StringIO())
    with speaking(console, tmp_path):
        logging.getLogger("installation.test").info(LONG)
    assert console.file.getvalue().endswith(f" INFO     {LONG}\n")  # type: ignore[attr-defined]


def test_the_journal_hears_how_grave_every_line_is(tmp_path, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
    console = Console(file=io.StringIO())
    with speaking(console, tmp_path):
        logging.getLogger("installation.test").error("The engine ended.\nIts last words.")
        logging.getLogger("installation.test").info("It burns again.")
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert said == "<3>The engine ended.\n<3>Its last words.\n<6>It burns again.\n"


def test_a_log_that_was_put_away_is_begun_anew(tmp_path):
    console = Console(width=200, file=io.StringIO())
    with speaking(console, tmp_path):
        logging.getLogger("installation.test").warning("yesterday")
        until(lambda: (tmp_path / "burntout.log").exists() and (tmp_path / "burntout.log").read_text())
        (tmp_path / "burntout.log").rename(tmp_path / "away.log")
        logging.getLogger("installation.test").warning("today")
    assert "yesterday" in (tmp_path / "away.log").read_text()
    assert "today" in (tmp_path / "burntout.log").read_text()
    assert "yesterday" not in (tmp_path / "burntout.log").read_text()
