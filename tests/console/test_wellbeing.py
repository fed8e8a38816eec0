"""How the piece is, for the page: numbers, processes, and what is not as it should be."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from installation.console.surroundings import Surroundings, look
from installation.console.wellbeing import machine, piece
from installation.control.osc import Tally
from installation.health import SILENT
from installation.machine.board import Board
from installation.machine.child import PULSE, Phase
from installation.machine.memory import Weight
from installation.programme.hours import Play, Programme, Span
from installation.readings import Missing, Taken, Value
from installation.web.glance import Glance
from tests.web.home import WELL

NOW = 1000.0
ROOM = Surroundings(10**11, 10**12, {"cpu": 50.0}, 0.5, None)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def seen(tmp_path):
    """A glance at an engine that beat so many seconds ago."""

    def glance(silent=0.0, phase=Phase.RUNNING, **health):
        board = Board.create(tmp_path / "vitals-engine", PULSE)
        board.write({"beat": NOW - silent, "phase": float(phase)})
        board.close()
        readings: dict[str, Taken] = {"/reading/entropy": Value(7.5, estimated=True), "/reading/watts": Missing()}
        told = replace(WELL, deaths={"engine": 0}, **health)
        return Glance(told, readings, Tally(), {"engine": tmp_path / "vitals-engine"})

    return glance


def told(seen, around=None):
    return machine(seen, around, (), NOW)


def engine(seen):
    return told(seen)["processes"]["engine"]


def test_a_piece_that_is_well_has_nothing_in_red(seen):
    assert told(seen())["degraded"] == []


def test_what_is_degraded_is_what_everybody_else_hears_too(seen):
    assert told(seen(degraded=("The disk is full.",)))["degraded"] == ["The disk is full."]


def test_readings_say_how_they_stand(seen):
    assert piece(seen())["readings"] == {"/reading/entropy": [7.5, "estimated"], "/reading/watts": [None, "no sensor"]}


@pytest.mark.parametrize(
    ("beat", "state"),
    [
        ({}, "well"),
        ({"silent": SILENT + 1}, "silent"),
        ({"silent": 60.0, "phase": Phase.LOADING}, "loading"),
        ({"silent": NOW}, "coming"),
    ],
)
def test_a_process_is_shown_as_its_pulse_is_felt(seen, beat, state):
    assert engine(seen(**beat))["state"] == state


def test_a_process_is_shown_with_what_it_holds_and_how_often_it_died(seen):
    shown = engine(replace(seen(), health=replace(WELL, deaths={"engine": 2}, memory={"engine": Weight(5e8)})))
    assert (shown["memory"], shown["deaths"]) == (5e8, 2)


def test_a_process_without_a_board_is_coming(tmp_path):
    seen = Glance(WELL, {}, Tally(), {"stage": tmp_path / "none"})
    assert told(seen)["processes"]["stage"] == {"state": "coming", "silent": 0.0, "deaths": 0, "memory": 0.0}


def test_the_disk_and_the_sensors_are_shown_as_they_were_seen(seen):
    assert told(seen(), ROOM)["around"]["celsius"] == {"cpu": 50.0}


def test_until_when_the_doors_stay_is_not_when_another_scene_plays(tmp_path):
    plan = Programme(BERLIN, dict.fromkeys(range(7), (Span(600, 1080),)), plays=(Play(840, "hearth"),))
    now = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
    assert look(tmp_path / "not there yet", plan, now).until == datetime(2026, 12, 24, 17, 0, tzinfo=UTC).timestamp()
    assert look(tmp_path, None, now).until is None
