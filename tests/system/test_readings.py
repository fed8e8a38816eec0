"""Readings of a real performance: over UDP, on the conductor's board and in the take's log."""

import socket

import pytest

from installation.control.packets import decode, unwrap
from installation.readings import Missing, Value
from installation.readings.instruments import BOARD, playing
from tests.support import until
from tests.system.performance import PATIENCE, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


def readings_of(state):
    """What the take's log says of the readings, a mapping for every second."""
    return [line["readings"] for line in log_of(state) if "readings" in line]


def test_readings_reach_listeners_the_board_and_the_log(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(PATIENCE)
        config = tmp_path / "machine.toml"
        config.write_text(
            f'[osc]\nreadings_to = ["127.0.0.1:{ear.getsockname()[1]}"]\n[stage]\nwidth = 480\nheight = 270\n'
        )
        heard: dict[str, object] = {}

        def hears(address):
            for part in unwrap(ear.recv(65536)):
                told, arguments = decode(part.data)
                heard[told] = arguments[0]
            return address in heard

        with performing(scene_file(tmp_path), state, "--record", "--fresh", "--config", str(config)) as show:
            until(lambda: hears("/reading/diversity"), PATIENCE)
            board = playing([show.wires.folder / BOARD])
            until(lambda: any("/reading/entropy" in told for told in readings_of(state)), PATIENCE)
            show.stop()
    assert 0.0 < heard["/reading/entropy"] <= 8.0  # type: ignore[operator] # it is a number
    assert heard["/reading/watts/card/state"] in {"no sensor", "measured"}
    assert isinstance(board["/reading/entropy"], Value)
    assert isinstance(board["/reading/co2"], Missing)
    states = [line["states"] for line in log_of(state) if "states" in line]
    assert states[-1]["/reading/co2"] == "no sensor"  # type: ignore[index]
