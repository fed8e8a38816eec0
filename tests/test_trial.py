"""A trial, with programs that are not ours: what they hold by name, and what is said when they do not come to play."""

import subprocess
import sys
import time

import pytest

from installation.machine import wires
from installation.machine.board import Board
from installation.machine.child import PULSE
from installation.trial import Trial, TrialError, playing

IDLE = "import sys; sys.stdin.read()"


@pytest.fixture
def idle():
    """A program that does nothing until it is ended."""
    with subprocess.Popen([sys.executable, "-c", IDLE], stdin=subprocess.PIPE) as process:
        yield Trial(process, 9, time.monotonic())
        process.kill()


@pytest.fixture
def laid(idle):
    """As if that program had laid these wires."""
    folder = wires.memory_folder() / f"{wires.PREFIX}{idle.process.pid}-trial"
    folder.mkdir()
    yield wires.Wires(folder)
    wires.take_up(wires.Wires(folder))


def test_before_it_has_wires_it_has_no_vital_signs(idle):
    assert idle.wires is None
    assert idle.vital("engine", "serial") == 0.0
    assert idle.pids() == {"conductor": idle.process.pid}


def test_its_wires_and_vital_signs_are_found_by_its_number(idle, laid):
    board = Board.create(laid.vitals("engine"), {**PULSE, "serial": 0.0})
    board.write({"serial": 7.0})
    board.close()
    assert idle.wires == laid
    assert (idle.vital("engine", "serial"), idle.vital("engine", "none"), idle.vital("stage", "fps")) == (7.0, 0.0, 0.0)


def test_what_comes_is_waited_for(idle):
    assert idle.until(lambda: True, within=9.0) < 9.0


def test_what_does_not_come_in_time_is_a_sentence(idle):
    with pytest.raises(TrialError, match="did not come to it within 0 s"):
        idle.until(lambda: False, within=0.01)


def test_a_program_that_ends_instead_is_a_sentence(tmp_path):
    with (
        pytest.raises(TrialError, match="The program ended"),
        playing("hearth", tmp_path, (sys.executable, "-c", "")) as show,
    ):
        show.until(lambda: False, within=60.0)


def test_a_program_that_will_not_stop_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("installation.trial.LEAVE", 0.2)
    deaf = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stderr.close(); time.sleep(60)"
    with playing("hearth", tmp_path, (sys.executable, "-c", deaf)) as show:
        pass
    assert show.process.returncode in {-9, -15}
