"""One performance to which everything happens: each fault is provoked for real, watched, and entered in the ledger."""

import contextlib
import os
import signal
import socket
import threading
import time

import psutil
import pytest
from PIL import Image

from installation.control import osc
from installation.loop.checkpoints import ASIDE, NAME
from installation.randomness import generator
from tests.support import until
from tests.system.faults import PATIENCE
from tests.system.performance import digests, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MACHINE = """
[engine]
running_patience = 8.0
[projector]
kind = "pjlink"
hosts = ["127.0.0.1:{port}"]
"""
NOISE = 10_000  # datagrams
STRANGERS = 200  # connections


@pytest.fixture(scope="module")
def beamer():
    """A projector that answers everything with nonsense; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        leaving = threading.Event()

        def babble():
            while not leaving.is_set():
                with contextlib.suppress(TimeoutError, OSError):
                    line, _ = listening.accept()
                    with line:
                        line.sendall(b"HTTP/1.1 418 I'm a teapot\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        yield listening.getsockname()[1]
        leaving.set()
        thread.join(10.0)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "state"
    (folder / "scenes").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def show(state, beamer):
    """The performance, recording; whatever is done to it, the next test finds it playing."""
    home = state.parent
    (home / "machine.toml").write_text(MACHINE.format(port=beamer))
    scene = scene_file(home)
    (state / "scenes" / "little.toml").write_text(scene.read_text())
    (home / "grey").mkdir()
    Image.new("RGB", (64, 64), (128, 128, 128)).save(home / "grey" / "grey.png")
    grey = scene.read_text().replace(str(home / "archive"), str(home / "grey"))
    (state / "scenes" / "grey.toml").write_text(grey)
    (state / "scenes" / "broken.toml").write_text('origin = "cat"\nrestorer = ')
    with performing(scene, state, "--fresh", "--record", "--config", str(home / "machine.toml")) as playing:
        playing.reaches(3)
        until(lambda: playing.vital("recorder", "frames") > 0, PATIENCE)
        yield playing
        playing.stop()


def grows(show, by=2):
    """A promise that so many more generations come."""
    serial = show.generation()
    return lambda: show.generation() >= serial + by


def replaced(show, name, first):
    """Whether a process lives again, as another one."""
    with contextlib.suppress(AssertionError, psutil.Error):
        return show.pid(name) != first
    return False


def beats(show, name, first):
    """A promise that a process lives again and has something to say."""
    beaten = show.vital(name, "beat")
    return lambda: show.vital(name, "beat") > beaten + 0.5 and replaced(show, name, first)


def children(show):
    return {child.pid for child in psutil.Process(show.process.pid).children()}


def test_a_projector_that_answers_nonsense_is_said_once_and_disturbs_nobody(show, ledger):
    with ledger.provoked(show, "A projector answers nonsense", "a server that is no projector at its port") as fault:
        fault.heard = 0
        fault.says("Projector .*does not greet in PJLink|Projector .*nonsense")
        until(grows(show), PATIENCE)


def test_a_killed_engine_is_reborn_at_the_next_serial_while_the_stage_plays_on(show, state, ledger):
    first, serial = show.pid("engine"), show.generation()
    with ledger.provoked(show, "The engine dies", "SIGKILL") as fault:
        frames = show.vital("stage", "frames")
        os.kill(first, signal.SIGKILL)
        until(lambda: show.vital("stage", "frames") > frames + 20, PATIENCE)
        fault.over(lambda: show.generation() > serial + 2 and replaced(show, "engine", first))
        fault.says("The engine ended .*SIGKILL")
    until(lambda: max(digests(state)) > serial + 2, PATIENCE)
    serials = [each for each in sorted(digests(state)) if each >= serial - 1]
    assert serials == list(range(serials[0], serials[-1] + 1))


@pytest.mark.parametrize("victim", ["stage", "recorder"])
def test_a_killed_process_is_reborn_and_the_loop_never_notices(show, ledger, victim):
    first, engine, goes_on = show.pid(victim), show.pid("engine"), grows(show, 3)
    with ledger.provoked(show, f"The {victim} dies", "SIGKILL") as fault:
        reborn = beats(show, victim, first)
        os.kill(first, signal.SIGKILL)
        fault.over(reborn)
        fault.says(f"The {victim} ended .*SIGKILL")
        until(goes_on, PATIENCE)
    assert show.pid("engine") == engine


def test_processes_that_hang_are_ended_and_started_anew_and_a_damaged_checkpoint_is_set_aside(show, ledger):
    victims = {name: show.pid(name) for name in ("engine", "stage", "recorder")}
    memory, everybody = show.wires.folder, "Engine, stage and recorder hang, all at once"
    with ledger.provoked(show, everybody, "SIGSTOP, for ever") as fault:
        reborn = [beats(show, name, first) for name, first in victims.items()]
        for first in victims.values():
            os.kill(first, signal.SIGSTOP)
        (memory / NAME).write_bytes(b"half a checkp")
        fault.over(lambda: all(each() for each in reborn))
        for name in victims:
            fault.says(f"The {name} has been silent for .* while running")
        damage = fault.says("The checkpoint is damaged")
        until(grows(show), PATIENCE)
    assert (memory / ASIDE).exists()
    ledger.note("A checkpoint is damaged", "its file in memory overwritten meanwhile", "nothing more", f'"{damage}"')


def test_a_conductor_that_hangs_is_not_missed_by_the_picture(show, ledger):
    with ledger.provoked(show, "The conductor hangs", "SIGSTOP for 2 s; systemd's watchdog would wait 30 s") as fault:
        frames, goes_on = show.vital("stage", "frames"), grows(show)
        os.kill(show.process.pid, signal.SIGSTOP)
        try:
            until(goes_on, PATIENCE)
            until(lambda: show.vital("stage", "frames") > frames + 20, PATIENCE)
            threading.Event().wait(max(2.0 - (time.monotonic() - fault.began), 0.0))
        finally:
            os.kill(show.process.pid, signal.SIGCONT)
        osc.send("127.0.0.1", show.port, "/burn/gaussian/temperature", ["0.45"])
        fault.over(lambda: abs(show.knob("/burn/gaussian/temperature") - 0.45) < 1e-6)


def test_noise_at_the_osc_port_is_refused_and_counted(show, ledger):
    dice = generator(1, 1)
    with ledger.provoked(show, "Noise at the OSC port", f"{NOISE:,} datagrams and {STRANGERS} connections") as fault:
        goes_on = grows(show)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(NOISE):
                stranger.sendto(b"/" + dice.bytes(int(dice.integers(64))), ("127.0.0.1", show.port))
        _knock(show.port, dice)
        osc.send("127.0.0.1", show.port, "/burn/gaussian/temperature", ["0.35"])
        fault.over(lambda: abs(show.knob("/burn/gaussian/temperature") - 0.35) < 1e-6)
        until(goes_on, PATIENCE)
    assert "Traceback" not in show.said()


def test_noise_at_the_web_port_is_hung_up_on(show, ledger):
    port = int(show.web().rsplit(":", 1)[1].strip("/"))
    with ledger.provoked(show, "Noise at the web port", f"{STRANGERS} connections that speak no HTTP") as fault:
        _knock(port, generator(1, 2))
        with socket.create_connection(("127.0.0.1", port), 10.0) as guest:
            guest.sendall(b"GET /?HOST_INFO HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            fault.over(lambda: b"200 OK" in guest.recv(64))
        fault.says("no HTTP")
        until(grows(show), PATIENCE)


def _knock(port, dice):
    """Many strangers, each with a few bytes of nonsense."""
    for _ in range(STRANGERS):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10.0) as line:
            line.sendall(dice.bytes(100) + b"\r\n\r\n")


def test_a_scene_that_is_no_toml_is_refused_and_the_last_good_one_stays(show, ledger):
    with ledger.provoked(show, "A scene is damaged", "/scene/load of a file that ends in the middle") as fault:
        osc.send("127.0.0.1", show.port, "/scene/load", ["broken"])
        fault.says("broken.toml")
        until(grows(show), PATIENCE)


def test_a_model_that_gives_a_flat_field_never_reaches_the_wall(show, state, ledger):
    with ledger.provoked(show, "The model gives a flat field", "a model that knows nothing but grey") as fault:
        osc.send("127.0.0.1", show.port, "/scene/load", ["grey"])
        fault.says("the model gave a flat field")
        assert not [line for line in log_of(state) if line.get("generation", {}).get("scene") == "grey"]  # type: ignore[attr-defined]
        began = time.monotonic()
        osc.send("127.0.0.1", show.port, "/scene/load", ["little"])
        fault.began = began
        fault.over(grows(show))


def test_a_scene_that_keeps_killing_the_engine_is_skipped(show, ledger):
    with ledger.provoked(
        show, "The engine dies again and again", "SIGKILL at every birth, five in ten minutes"
    ) as fault:
        others = children(show) - {show.pid("engine")}

        def skipped():
            for child in children(show) - others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            return "deaths in ten minutes of" in show.said()[fault.heard :]

        until(skipped, PATIENCE)
        fault.says("deaths in ten minutes of little; playing hearth")
        fault.over(lambda: "Playing hearth" in show.said()[fault.heard :])
