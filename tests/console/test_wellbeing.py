"""How the piece is, for the page: numbers, processes, and what is not as it should be."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from installation.console.surroundings import Surroundings, look
from installation.console.wellbeing import HOT, LITTLE, SILENT, machine, piece
from installation.control.osc import Tally
from installation.machine.board import Board
from installation.machine.child import PULSE, Phase
from installation.programme.hours import Programme, Span
from installation.readings import Missing, Taken, Value
from installation.web.glance import Glance
from tests.web.home import Health

NOW = 1000.0
ROOM = Surroundings(100 * LITTLE, 200 * LITTLE, {"cpu": 50.0}, 0.5, None)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def seen(tmp_path):
    """A glance at an engine that beat so many seconds ago."""

    def glance(silent=0.0, phase=Phase.RUNNING, **health):
        board = Board.create(tmp_path / "vitals-engine", PULSE)
        board.write({"beat": NOW - silent, "phase": float(phase)})
        board.close()
        readings: dict[str, Taken] = {"/reading/entropy": Value(7.5, estimated=True), "/reading/watts": Missing()}
        return Glance(Health(deaths={"engine": 0}, **health), readings, Tally(), {"engine": tmp_path / "vitals-engine"})

    return glance


def degraded(seen, around=ROOM):
    return machine(seen, around, (), NOW)["degraded"]


def test_a_piece_that_is_well_has_nothing_in_red(seen):
    assert degraded(seen()) == []


def test_readings_say_how_they_stand(seen):
    assert piece(seen())["readings"] == {"/reading/entropy": [7.5, "estimated"], "/reading/watts": [None, "no sensor"]}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"silent": SILENT + 1}, "engine has been silent for 6 s"),
        ({"state": "burning on alone"}, "goes on burning"),
        ({"dropped_frames": 3}, "dropped 3 frames"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(seen, wrong, says):
    [sentence] = degraded(seen(**wrong))
    assert says in sentence


def test_a_process_that_loads_is_not_called_silent(seen):
    assert degraded(seen(silent=60.0, phase=Phase.LOADING)) == []


@pytest.mark.parametrize(
    ("around", "says"),
    [({"free_bytes": LITTLE - 1}, "GiB are free"), ({"celsius": {"cpu": HOT}}, "degrees")],
)
def test_a_full_disk_and_a_hot_machine_are_said(seen, around, says):
    shown = {name: getattr(ROOM, name) for name in ROOM.__slots__} | around
    [sentence] = degraded(seen(), Surroundings(**shown))
    assert says in sentence


def test_a_process_without_a_board_is_coming(tmp_path):
    seen = Glance(Health(deaths={"stage": 0}), {}, Tally(), {"stage": tmp_path / "none"})
    assert machine(seen, None, (), NOW)["processes"]["stage"]["state"] == "coming"


def test_deaths_are_counted_in_words(tmp_path):
    health = SimpleNamespace(**{name: getattr(Health(), name) for name in Health.__slots__} | {"deaths": {"engine": 2}})
    told = machine(Glance(health, {}, Tally(), {"engine": tmp_path / "none"}), ROOM, (), NOW)
    assert told["degraded"] == ["The engine was started anew 2 times in the last ten minutes."]


def test_until_when_the_doors_stay_is_the_plans_next_change(tmp_path):
    plan = Programme(BERLIN, dict.fromkeys(range(7), (Span(600, 1080),)))
    now = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
    assert look(tmp_path / "not there yet", plan, now).until == datetime(2026, 12, 24, 17, 0, tzinfo=UTC).timestamp()
    assert look(tmp_path, None, now).until is None
