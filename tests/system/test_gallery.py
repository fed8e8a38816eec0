"""The gallery machine: systemd hears of pictures only, and the engine is started anew without anybody noticing."""

import contextlib
import os
import signal
import socket

import pytest

from tests.support import until
from tests.system.performance import PATIENCE, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """The other end of ``$NOTIFY_SOCKET``; the program is expected to feed the dog every half second."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.bind(str(tmp_path / "notify"))
        ears.settimeout(0.05)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        yield ears


def heard(ears):
    """What was said since the last time."""
    words = []
    with contextlib.suppress(TimeoutError):
        while True:
            words.append(ears.recv(1000).decode())
    return words


def hear_until(ears, predicate):
    """Everything that is said until what was said is enough."""
    words: list[str] = []

    def enough():
        words.extend(heard(ears))
        return predicate(words)

    until(enough, PATIENCE)
    return words


def test_a_stage_that_stands_still_starves_the_watchdog_and_one_that_goes_on_feeds_it(tmp_path, systemd):
    (tmp_path / "state").mkdir()
    patient = "[engine]\nrunning_patience = 200.0\n[stage]\nwidth = 480\nheight = 270\n"
    (tmp_path / "machine.toml").write_text(patient)  # the dog is to notice, nobody else
    options = ("--fresh", "--config", str(tmp_path / "machine.toml"))
    with performing(scene_file(tmp_path), tmp_path / "state", *options) as show:
        hear_until(
            systemd, lambda words: "WATCHDOG=1" in words[words.index("READY=1") :] if "READY=1" in words else False
        )
        stage = show.pid("stage")
        os.kill(stage, signal.SIGSTOP)
        words = hear_until(systemd, lambda words: sum(word.startswith("STATUS=") for word in words) >= 2)
        assert words.count("WATCHDOG=1") <= 1  # for the pictures before it stood still
        os.kill(stage, signal.SIGCONT)
        hear_until(systemd, lambda words: "WATCHDOG=1" in words)
        show.stop()
    assert heard(systemd)[-1] == "STOPPING=1"


def test_an_engine_that_is_started_anew_goes_on_with_its_lineage_and_counts_as_no_death(tmp_path):
    from installation.control import osc

    (tmp_path / "state").mkdir()
    with performing(scene_file(tmp_path), tmp_path / "state", "--fresh") as show:
        show.reaches(5)
        first, serial = show.pid("engine"), show.generation()
        osc.send("127.0.0.1", show.port, "/engine/restart", [])

        def reborn():
            with contextlib.suppress(AssertionError):
                return show.pid("engine") != first
            return False

        until(reborn, PATIENCE)
        show.reaches(serial + 5)
        said = show.stop()
    assert "The engine has left, as it was asked to" in said
    assert "Death" not in said
