"""systemd hears of pictures, not of processes: through a real socket, as it listens itself."""

import os
import socket

import pytest

from installation.machine.notify import SAY_EVERY, ServiceManager


class Listener:
    """The other end of ``$NOTIFY_SOCKET``."""

    def __init__(self, path, **words):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path.replace("@", "\0"))
        self.socket.settimeout(0.0)
        self.manager = ServiceManager({"NOTIFY_SOCKET": path, **words})

    def hears(self, now, frames, sentence="playing"):
        self.manager.look(now, frames, lambda: sentence)
        return self.heard()

    def heard(self):
        words = []
        while True:
            try:
                words.append(self.socket.recv(1000).decode())
            except BlockingIOError:
                return words


@pytest.fixture
def systemd(tmp_path):
    listener = Listener(str(tmp_path / "notify"), WATCHDOG_USEC="8000000")  # fed every two seconds
    yield listener
    listener.manager.close()
    listener.socket.close()


def test_it_is_ready_with_the_first_picture_and_not_before(systemd):
    assert "READY=1" not in systemd.hears(0.0, 0.0)
    assert systemd.hears(1.0, 1.0) == ["READY=1"]
    assert systemd.hears(1.1, 2.0) == []


def test_the_dog_is_fed_while_pictures_advance(systemd):
    systemd.hears(0.0, 1.0)
    assert [word for tenth in range(1, 81) for word in systemd.hears(tenth / 10, 1.0 + tenth)] == ["WATCHDOG=1"] * 4


def test_a_frozen_stage_starves_the_dog(systemd):
    systemd.hears(0.0, 1.0)
    assert [word for second in range(1, 9) for word in systemd.hears(float(second), 1.0)] == []


def test_a_stage_that_was_born_again_counts_from_the_beginning(systemd):
    systemd.hears(0.0, 5000.0)
    assert systemd.hears(3.0, 0.0) == []
    assert systemd.hears(4.0, 1.0) == ["WATCHDOG=1"]


def test_it_says_how_it_is_in_one_line_now_and_then(systemd):
    assert systemd.hears(0.0, 0.0, "burning\non alone") == ["STATUS=burning on alone"]
    assert systemd.hears(SAY_EVERY / 2, 0.0) == []
    assert systemd.hears(SAY_EVERY, 0.0) == ["STATUS=playing"]


def test_it_says_that_it_stops_once(systemd):
    systemd.manager.close()
    systemd.manager.close()
    assert systemd.heard() == ["STOPPING=1"]
    assert systemd.hears(100.0, 9.0) == []


def test_without_a_watchdog_it_is_not_fed(tmp_path):
    listener = Listener(str(tmp_path / "notify"))
    assert "READY=1" in listener.hears(0.0, 1.0)
    assert listener.hears(5.0, 2.0) == []
    listener.manager.close()
    listener.socket.close()


@pytest.mark.parametrize(("pid", "fed"), [(str(os.getpid()), ["WATCHDOG=1"]), ("1", [])], ids=["ours", "another"])
def test_a_watchdog_meant_for_another_process_is_left_alone(tmp_path, pid, fed):
    listener = Listener(str(tmp_path / "notify"), WATCHDOG_USEC="1000000", WATCHDOG_PID=pid)
    listener.hears(0.0, 1.0)
    assert listener.hears(5.0, 2.0) == fed
    listener.manager.close()
    listener.socket.close()


def test_a_socket_without_a_file_is_heard_too():
    listener = Listener(f"@burntout-{os.getpid()}")
    assert "READY=1" in listener.hears(0.0, 1.0)
    listener.manager.close()
    listener.socket.close()


def test_a_socket_that_is_gone_or_full_never_holds_up_the_tick(tmp_path):
    listener = Listener(str(tmp_path / "notify"), WATCHDOG_USEC="4")
    for tick in range(5000):
        listener.manager.look(tick * 1.0, tick + 1.0, lambda: "x" * 900)
    listener.socket.close()
    listener.manager.look(9999.0, 1.0, lambda: "nobody hears this")
    listener.manager.close()


def test_outside_systemd_it_says_nothing_and_asks_for_no_sentence():
    manager = ServiceManager({})
    manager.look(0.0, 1.0, lambda: pytest.fail("nobody listens"))
    manager.close()
