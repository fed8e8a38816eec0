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
from installation.loop.lineage import from_bytes
from installation.randomness import generator
from tests.camera.films import film
from tests.support import until
from tests.system import strangers, troubles
from tests.system.faults import PATIENCE, SILENCE
from tests.system.performance import digests, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MACHINE = """
[stage]
rate = 25
width = 480
height = 270
[engine]
running_patience = {silence}
checkpoint_every = 1.0
[camera]
source = "{film}"
patience = {silence}
[recording]
reserve_bytes = 4_194_304
[projector]
kind = "pjlink"
patience = 1.0
hosts = ["127.0.0.1:{babbling}", "127.0.0.1:{silent}"]
"""
DISK = "256m"  # for the state
CROWD, SMALL_CROWD = 10_000, 1_000
#: A demon takes every step of the particles back, so that nothing changes but by the shift that is asked for.
DEMON = """
title = "{title}"
origin = "cat"
restorer = "demon"
size = 64
[burn]
medium = "brownian"
[burn.brownian]
deal = "points"
temperature = 0.2
[loop]
pace = 0.0
stages = 0
colour = 0.0
noise-floor = 0.0
shift-x = {shift}
[loop.keeper]
patience = 16
refractory = 0
"""


@pytest.fixture(scope="module")
def beamers():
    """Two projectors, one that answers everything with nonsense and one that answers nothing; gives their ports."""
    with socket.create_server(("127.0.0.1", 0)) as babbling, socket.create_server(("127.0.0.1", 0)) as silent:
        babbling.settimeout(0.2)
        leaving = threading.Event()

        def babble():
            while not leaving.is_set():
                with contextlib.suppress(TimeoutError, OSError):
                    line, _ = babbling.accept()
                    with line:
                        line.sendall(b"HTTP/1.1 418 I'm a teapot\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        yield {"babbling": babbling.getsockname()[1], "silent": silent.getsockname()[1]}
        leaving.set()
        thread.join(10.0)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """The state folder, on a small disk of its own where this machine lets us mount one."""
    folder = tmp_path_factory.mktemp("faults") / "state"
    folder.mkdir()
    with troubles.small_disk(folder, DISK):
        (folder / "scenes").mkdir()
        yield folder


@pytest.fixture
def disk(state):
    """The same, where it is one that can be filled."""
    if not state.is_mount():
        pytest.skip("mounting a small disk needs root and CAP_SYS_ADMIN")
    return state


@pytest.fixture(scope="module")
def show(state, beamers):
    """The performance, recording; whatever is done to it, the next test finds it playing."""
    home, scenes = state.parent, state / "scenes"
    (home / "machine.toml").write_text(MACHINE.format(silence=SILENCE, film=film(home / "film.mkv"), **beamers))
    scene = scene_file(home)
    little = scene.read_text()
    (scenes / "little.toml").write_text(little)
    (scenes / "large.toml").write_text(little.replace("size = 64", "size = 512"))
    (scenes / "still.toml").write_text(DEMON.format(title="still", shift=0.0))
    (scenes / "round.toml").write_text(DEMON.format(title="round", shift=0.1))
    (scenes / "broken.toml").write_text('origin = "cat"\nrestorer = ')
    (home / "grey").mkdir()
    Image.new("RGB", (64, 64), (128, 128, 128)).save(home / "grey" / "grey.png")
    (scenes / "grey.toml").write_text(little.replace(str(home / "archive"), str(home / "grey")))
    diverged = troubles.diverged_pipeline(home / "diverged")
    nan = little.replace('"archive"', '"diffusion"').replace(str(home / "archive"), str(diverged))
    (scenes / "nan.toml").write_text(nan)
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


def plays(show, scene):
    """Have a scene played, and wait until it is."""
    heard = len(show.said())
    osc.send("127.0.0.1", show.port, "/scene/load", [scene])
    until(lambda: f"Playing {scene}" in show.said()[heard:], PATIENCE)
    until(grows(show), PATIENCE)


def on_disk(state):
    """The serial of the newest checkpoint that would survive the power; 0 before there is one."""
    with contextlib.suppress(OSError):
        return from_bytes((state / NAME).read_bytes()).serial
    return 0


@pytest.mark.parametrize(
    ("fault", "how", "words"),
    [
        ("A projector answers nonsense", "a server that is no projector at its port", "does not greet in PJLink"),
        ("A projector answers nothing", "a server at its port that never says a word", "did not answer"),
    ],
)
def test_a_projector_that_makes_no_sense_is_said_once_and_disturbs_nobody(show, ledger, fault, how, words):
    with ledger.provoked(show, fault, how) as lasting:
        lasting.heard = 0
        lasting.says(f"Projector .*{words}")
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


@pytest.mark.parametrize(("victim", "dies"), [("stage", "The stage dies"), ("recorder", "The recorder dies")])
def test_a_killed_process_is_reborn_and_the_loop_never_notices(show, ledger, victim, dies):
    first, engine, goes_on = show.pid(victim), show.pid("engine"), grows(show, 3)
    with ledger.provoked(show, dies, "SIGKILL") as fault:
        reborn = beats(show, victim, first)
        os.kill(first, signal.SIGKILL)
        fault.over(reborn)
        fault.says(f"The {victim} ended .*SIGKILL")
        until(goes_on, PATIENCE)
    assert show.pid("engine") == engine


def test_processes_that_hang_are_ended_and_started_anew_and_a_damaged_checkpoint_is_set_aside(show, ledger):
    victims = {name: show.pid(name) for name in ("engine", "stage", "recorder", "camera")}
    memory = show.wires.folder
    with ledger.provoked(show, "Engine, stage, recorder and camera hang, all at once", "SIGSTOP, for ever") as fault:
        reborn = [beats(show, name, first) for name, first in victims.items()]
        for first in victims.values():
            os.kill(first, signal.SIGSTOP)
        (memory / NAME).write_bytes(b"half a checkp")
        fault.over(lambda: all(each() for each in reborn))
        for name in victims:
            fault.says(f"The {name} has been silent for .* while running")
        fault.said.clear()
        damage, instead = fault.says("The checkpoint is damaged"), fault.says("Another copy of the checkpoint is whole")
        until(grows(show), PATIENCE)
    assert (memory / ASIDE).exists()
    ledger.note(
        "A checkpoint is damaged in memory",
        "its file overwritten while the engine hung",
        "nothing more",
        f'"{damage}"; "{instead}"',
    )


def test_a_conductor_that_hangs_is_not_missed_by_the_picture(show, ledger):
    with ledger.provoked(show, "The conductor hangs for a moment", "SIGSTOP for 2 s") as fault:
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


@pytest.fixture(scope="module")
def crowd(request):
    """How many strangers come over TCP: the whole crowd where the runbook is written, as it takes a minute of CPU."""
    return CROWD if request.config.getoption("--faults") else SMALL_CROWD


def test_noise_at_the_osc_port_is_refused_and_counted(show, ledger):
    with ledger.provoked(show, "Noise at the OSC port", f"{CROWD:,} datagrams, each from another address") as fault:
        goes_on = grows(show)
        strangers.throw(show.port, CROWD, generator(1, 1))
        osc.send("127.0.0.1", show.port, "/burn/gaussian/temperature", ["0.35"])
        fault.over(lambda: abs(show.knob("/burn/gaussian/temperature") - 0.35) < 1e-6)
        fault.says("Refused from osc")
        until(goes_on, PATIENCE)
    assert "Traceback" not in show.said()


def test_strangers_at_the_osc_port_do_not_keep_a_performer_from_playing(show, ledger, crowd):
    how = f"{crowd:,} connections one after the other with nonsense, {crowd:,} at once that say nothing"
    with ledger.provoked(show, "Strangers at the OSC port", how) as fault:
        goes_on = grows(show)
        strangers.knock(show.port, crowd, generator(1, 2))
        with strangers.crowding(show.port, crowd):
            until(goes_on, PATIENCE)
            osc.send("127.0.0.1", show.port, "/burn/gaussian/temperature", ["0.45"])
            fault.began = time.monotonic()
            fault.over(lambda: abs(show.knob("/burn/gaussian/temperature") - 0.45) < 1e-6)
        fault.says("Refused from osc tcp")
    assert "Traceback" not in show.said()


def test_when_strangers_have_left_the_web_port_guests_are_served_again(show, ledger, crowd):
    port = int(show.web().rsplit(":", 1)[1].strip("/"))
    how = f"{crowd:,} connections one after the other that speak no HTTP, {crowd:,} at once that say nothing"
    with ledger.provoked(show, "Strangers at the web port", how) as fault:
        strangers.knock(port, crowd, generator(1, 3))
        fault.says("no HTTP")
        with strangers.crowding(port, crowd):
            until(grows(show), PATIENCE)
        fault.began = time.monotonic()
        fault.over(lambda: is_served(port))
    assert "Traceback" not in show.said()


def is_served(port):
    """Whether a guest at the web port gets an answer."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10.0) as guest:
        guest.sendall(b"GET /?HOST_INFO HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return b"200 OK" in guest.recv(64)
    return False


def test_a_scene_that_is_no_toml_is_refused_and_the_last_good_one_stays(show, ledger):
    with ledger.provoked(show, "A scene is damaged", "/scene/load of a file that ends in the middle") as fault:
        osc.send("127.0.0.1", show.port, "/scene/load", ["broken"])
        fault.says("broken.toml")
        until(grows(show), PATIENCE)


@pytest.mark.parametrize(
    ("fault", "how", "scene", "words"),
    [
        ("The model gives a flat field", "a model that knows nothing but grey", "grey", "flat field"),
        (
            "The model gives what is not a number",
            "a diffusion model with a layer of NaN",
            "nan",
            "numbers that are not finite",
        ),
    ],
)
def test_what_a_broken_model_gives_never_reaches_the_wall(show, state, ledger, *, fault, how, scene, words):
    with ledger.provoked(show, fault, how) as lasting:
        osc.send("127.0.0.1", show.port, "/scene/load", [scene])
        lasting.says(f"the model gave .*{words}")
        assert not [line for line in log_of(state) if line.get("generation", {}).get("scene") == scene]  # type: ignore[attr-defined]
        lasting.began = time.monotonic()
        plays(show, "little")
        lasting.over(grows(show))


def test_an_engine_without_memory_dies_and_the_next_one_plays_what_it_could_not(show, ledger):
    first = show.pid("engine")
    with ledger.provoked(
        show, "The engine runs out of memory", "RLIMIT_AS, then a picture eight times as wide"
    ) as fault:
        troubles.starve(first)
        osc.send("127.0.0.1", show.port, "/scene/load", ["large"])
        fault.says("The engine ended")
        fault.over(lambda: "Playing large" in show.said()[fault.heard :])
    assert replaced(show, "engine", first)
    plays(show, "little")


@pytest.mark.parametrize(
    ("fault", "how", "scene", "words"),
    [
        ("The loop reaches a fixed point", "every step of the burning is taken back", "still", "a fixed point"),
        ("The loop runs in a cycle", "the same, while the picture is shifted on and on", "round", "a cycle"),
    ],
)
def test_a_loop_that_stands_still_or_goes_round_is_lit_again_by_the_keeper(show, ledger, *, fault, how, scene, words):
    with ledger.provoked(show, fault, how) as lasting:
        osc.send("127.0.0.1", show.port, "/scene/load", [scene])
        lasting.says(f"The keeper, at generation .*{words}")
        lasting.over(lambda: "a fresh picture" in show.said()[lasting.heard :])
        lasting.says("a fresh picture")
    plays(show, "little")


def test_a_slow_disk_costs_the_show_nothing(show, state, ledger):
    with ledger.provoked(show, "The disk is slow", "every fsync of the engine takes 3 s longer (strace)") as fault:
        with troubles.slow_disk(show.pid("engine"), 3.0):
            goes_on = grows(show, 10)
            fault.says("The disk is slow")
            until(goes_on, PATIENCE)
            written = show.generation()
        fault.began = time.monotonic()
        fault.over(lambda: on_disk(state) > written)


def test_on_a_disk_that_fills_up_recording_stops_first_and_checkpoints_when_nothing_is_left(show, disk, ledger):
    with ledger.provoked(show, "The disk fills up", "a file that leaves 2 MiB, then one that leaves nothing") as fault:
        with troubles.filled(disk, 2 * 2**20):
            fault.says("The take ends, the show goes on")
            written = on_disk(disk)
            until(lambda: on_disk(disk) > written, PATIENCE)
        with troubles.filled(disk, 0):
            fault.says("No checkpoint; a crash or a power cut would cost the lineage")
            until(grows(show), PATIENCE)
            written = show.generation()
        fault.began = time.monotonic()
        fault.over(lambda: on_disk(disk) > written)


def test_a_disk_that_turns_read_only_stops_checkpoints_and_not_the_show(show, state, ledger):
    with ledger.provoked(show, "The disk turns read-only", "the state folder mounted again, read-only") as fault:
        with troubles.read_only(state):
            fault.says("No checkpoint; .*Read-only file system")
            until(grows(show), PATIENCE)
            written = show.generation()
        fault.began = time.monotonic()
        fault.over(lambda: on_disk(state) > written)


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
