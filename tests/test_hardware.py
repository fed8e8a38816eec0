"""What the doctor says of the machine itself, on machines as they come and as they break."""

import asyncio
import socket
import subprocess
import threading
from types import SimpleNamespace

import pytest

from installation import hardware
from installation.hardware import Finding, cards, rates, synced
from installation.machine import settings
from installation.machine.files import StorageError
from tests.programme.beamer import Projector

TOLD = """Screen 0: minimum 320 x 200, current 3840 x 1080, maximum 16384 x 16384
HDMI-1 connected primary 1920x1080+0+0 (normal left inverted right x axis y axis) 527mm x 296mm
   1920x1080     60.00*+  50.00    59.94
   1280x720      60.00    50.00
HDMI-2 connected 1920x1080+1920+0 (normal left inverted right x axis y axis) 0mm x 0mm
   3840x2160     30.00 +
   1920x1080     60.00    50.00*
DP-1 disconnected (normal left inverted right x axis y axis)
DP-2 connected (normal left inverted right x axis y axis)
   1024x768      60.00
"""


@pytest.fixture
def machine(tmp_path):
    """Settings of a machine with its state in a folder of the test, and whatever else is said."""
    return lambda **said: settings.load(None, {"state": tmp_path / "state", **said})


def test_every_lit_display_is_told_with_the_rate_it_has_now():
    assert rates(TOLD) == [("HDMI-1", "1920", "1080", "60.00"), ("HDMI-2", "1920", "1080", "50.00")]


def test_without_a_screen_it_says_what_the_stage_does_instead(machine, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "headless" in hardware.displays(machine()).sentence


def test_a_card_is_told_with_its_driver_and_the_memory_it_has_free():
    nvml = SimpleNamespace(
        nvmlSystemGetDriverVersion=lambda: "570.1",
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=int,
        nvmlDeviceGetName=lambda _: "a card",
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(free=2**34, total=2**35),
    )
    assert cards(nvml) == Finding("good", "card", "Driver 570.1: a card, 16.0 of 32.0 GiB free.")
    nvml.nvmlDeviceGetCount = lambda: 0
    assert cards(nvml).grade == "note"


def test_a_driver_that_fails_is_a_finding_and_no_end(machine, monkeypatch):
    monkeypatch.setattr(hardware, "_OPENGL", "import os; os.abort()")
    assert "the stage draws in software" in hardware.opengl(machine()).sentence


def test_a_disk_is_told_by_how_long_a_block_takes_until_it_is_safe(machine, tmp_path):
    assert "A block is safe after" in hardware.disk(machine()).sentence
    assert all(seconds > 0.0 for seconds in synced(tmp_path, 3))


def test_a_disk_that_takes_nothing_is_fatal_and_says_what_to_do(machine, tmp_path):
    (tmp_path / "state").write_text("a file")
    found = hardware.disk(machine())
    assert found.fatal
    assert "--state" in found.sentence
    with pytest.raises(StorageError):
        synced(tmp_path / "state", 1)


@pytest.mark.parametrize(
    ("synchronised", "grade", "says"), [(True, "good", "synchronised"), (False, "note", "set-ntp")]
)
def test_a_clock_that_nobody_sets_is_noted(machine, monkeypatch, synchronised, grade, says):
    monkeypatch.setattr(hardware, "is_synchronised", lambda: synchronised)
    found = hardware.clock(machine(timezone="Europe/Berlin"))
    assert found.grade == grade
    assert "Europe/Berlin" in found.sentence
    assert says in found.sentence


def test_the_kernel_knows_whether_its_clock_is_set():
    assert hardware.is_synchronised() in {True, False}


def test_every_face_that_a_caption_may_need_is_looked_for(machine, monkeypatch, tmp_path):
    assert hardware.letters(machine()).grade == "good"
    monkeypatch.setattr(hardware, "share", lambda _: tmp_path)
    assert "IBMPlexSans-Text.woff" in hardware.letters(machine()).sentence


@pytest.fixture
def lit():
    """A projector that is on, with a filter that warns, at a port of this machine."""
    listening, loop = socket.create_server(("127.0.0.1", 0)), asyncio.new_event_loop()
    beamer = Projector(power="1", faults="000010")
    server = loop.run_until_complete(asyncio.start_server(beamer.meet, sock=listening))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield f"127.0.0.1:{listening.getsockname()[1]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10.0)
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.close()


def test_a_projector_is_asked_and_not_switched(machine, lit):
    found = hardware.projector(machine(projector={"kind": "pjlink", "hosts": [lit]}))
    assert found == Finding("note", "projector", f"{lit} is on; filter warns.")


def test_a_projector_that_is_not_there_is_noted_with_what_to_look_at(machine):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    found = hardware.projector(machine(projector={"kind": "pjlink", "hosts": [f"127.0.0.1:{port}"]}))
    assert found.grade == "note"
    assert "look at its mains and network" in found.sentence


def test_every_look_ends_in_a_sentence(machine, monkeypatch):
    silent = subprocess.CompletedProcess((), 0, stdout="a card\n")
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_more: silent)
    for look in hardware.LOOKS:
        assert look(machine()).sentence.endswith((".", "?"))
