"""The instruments: from vital signs and sensors to board, log and OSC."""

import math
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.board import Board
from installation.machine.settings import Settings
from installation.market import readings
from installation.readings import Taken, declared
from installation.readings.instruments import Instruments, line, off_board, on_board, playing
from installation.readings.meter import Meter
from installation.readings.register import NOT_YET, STATES, Missing, Value
from installation.readings.sensors import NoCounter
from tests.support import until

NO_SENSOR = Missing(why="none here")
SAID = readings.SPOT
TAKEN = st.builds(Value, st.floats(-1e6, 1e6), st.booleans()) | st.just(NOT_YET) | st.just(Missing())


class Listening:
    """Instruments with what they sent and logged."""

    def __init__(self, folder):
        self.sent: list[Sequence[tuple[str, float | str]]] = []
        self.logged: list[dict[str, dict[str, Any]]] = []
        meter = Meter(lambda: (NoCounter("none here"), NoCounter("none here")))
        self.path = folder / "vitals-conductor"
        self.instruments = Instruments(
            self.path, Settings(), meter, self.sent.append, lambda **line: self.logged.append(line)
        )
        until(lambda: meter._power.watts == NO_SENSOR)

    def look(self, now, **vitals):
        self.instruments.look(now, lambda: {"rate": 2.0, "entropy": 7.0, "memory": math.nan, **vitals}, 256)


@pytest.fixture
def listening(tmp_path):
    listening = Listening(tmp_path)
    yield listening
    listening.instruments.close()


def test_before_the_first_look_nothing_has_been_read(listening):
    assert set(listening.instruments.latest.values()) == {NOT_YET}


def test_the_pictures_readings_come_from_the_engine_and_the_machines_from_the_meter(listening):
    listening.look(time.monotonic())
    latest = listening.instruments.latest
    assert latest["/reading/entropy"] == Value(7.0)
    assert latest["/reading/memory"] == NOT_YET
    assert latest["/reading/watts"] == NO_SENSOR
    assert latest["/reading/images-per-second"] == Value(2.0)


def test_what_guests_say_stands_beside_what_is_measured(listening):
    listening.instruments.look(time.monotonic(), lambda: {"entropy": 7.0}, 256, lambda: {SAID: Value(3.0)})
    assert listening.instruments.latest[SAID] == Value(3.0)
    assert dict(listening.sent[-1])[SAID] == 3.0
    assert listening.instruments.latest["/reading/entropy"] == Value(7.0)


def test_every_reading_is_on_the_board_with_its_standing(listening):
    listening.look(time.monotonic())
    board = Board(listening.path).read()
    assert board["/reading/entropy"] == 7.0
    assert STATES[int(board["/reading/entropy/state"])] == "measured"
    assert math.isnan(board["/reading/watts"])
    assert STATES[int(board["/reading/watts/state"])] == "no sensor"
    assert len(board) == 2 * len(declared())


def test_a_board_tells_also_of_readings_that_were_declared_elsewhere():
    """The stage does not know the rooms of all the guests, and shows what they say."""
    elsewhere: dict[str, Taken] = {"/reading/somebody/else": Value(2.0), "/reading/nobody": Missing()}
    assert off_board(on_board(elsewhere)) == elsewhere


@given(st.fixed_dictionaries(dict.fromkeys(declared(), TAKEN)))
def test_what_is_on_a_board_can_be_read_off_again(latest):
    assert off_board(on_board(latest)) == latest


def test_whoever_joins_the_board_knows_what_plays(listening, tmp_path):
    listening.look(time.monotonic())
    (tmp_path / "broken").write_bytes(bytes(30))
    boards = [tmp_path / "gone", tmp_path / "broken", listening.path]
    assert playing(boards)["/reading/entropy"] == Value(7.0)
    assert playing([]) == {}


def test_a_look_is_taken_ten_times_a_second_however_often_it_is_asked_for(listening):
    begin = time.monotonic()
    for tick in range(100):
        listening.look(begin + tick / 100)
    assert len(listening.sent) == 10


def test_what_has_no_number_is_sent_as_words_and_never_as_a_number(listening):
    listening.look(time.monotonic())
    (notes,) = listening.sent
    said = dict(notes)
    assert said["/reading/watts/state"] == "no sensor"
    assert said["/reading/memory/state"] == "not yet"
    assert said["/reading/entropy/state"] == "measured"
    assert said["/reading/entropy"] == 7.0
    assert "/reading/watts" not in said
    assert "/reading/memory" not in said


def test_a_standing_is_said_again_when_it_changes_and_once_a_second(listening):
    begin = time.monotonic()
    states = []
    for look, memory in enumerate([math.nan, math.nan, 0.5, 0.5] + [0.5] * 8):
        listening.look(begin + look * 0.11, memory=memory)
        states.append([address for address, said in listening.sent[-1] if isinstance(said, str)])
    assert len(states[0]) == len(declared())
    assert states[1] == []
    assert states[2] == ["/reading/memory/state"]
    assert [len(each) for each in states[3:]] == [0] * 7 + [len(declared())] + [0]


def test_a_line_is_logged_once_a_second(listening):
    begin = time.monotonic()
    for tick in range(0, 250, 5):
        listening.look(begin + tick / 100)
    assert len(listening.logged) == 3
    assert listening.logged[0]["readings"]["/reading/entropy"] == 7.0
    assert listening.logged[0]["states"]["/reading/watts"] == "no sensor"


@given(st.fixed_dictionaries(dict.fromkeys(declared(), TAKEN)))
def test_a_line_has_every_number_and_the_standing_of_all_that_is_not_plainly_measured(latest):
    told = line(latest)
    assert told["readings"].keys() == {at for at, each in latest.items() if isinstance(each, Value)}
    assert told["states"] == {at: each.state for at, each in latest.items() if each.state != "measured"}
