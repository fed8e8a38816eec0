"""The whole show: real processes, really killed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from installation.machine import wires
from installation.recording import takes
from tests.support import until
from tests.system.performance import alive, digests, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


def needs(tool: str, package: str):
    """Skip without a tool, naming the Debian package that brings it."""
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is missing: apt-get install {package}")


def burntout(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "installation", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "400"},
    )


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def test_a_timed_performance_ends_by_itself_with_a_complete_take_and_leaves_nothing_behind(tmp_path, state):
    with performing(scene_file(tmp_path), state, "--for", "3s", "--record") as show:
        show.reaches(1)
        children = psutil.Process(show.process.pid).children()
        show.ends(within=60.0)
    assert show.process.returncode == 0
    until(lambda: not alive(children), 5.0)  # the interpreter's own resource tracker leaves a moment after it
    assert not list(wires.memory_folder().glob(f"{wires.PREFIX}{show.process.pid}-*"))
    (take,) = takes.all_takes(state)
    assert take.status == "complete"
    assert take.frames > 0
    assert sum(1 for _ in takes.frames(take)) == take.frames


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_process_and_closes_the_take(tmp_path, state, number):
    with performing(scene_file(tmp_path), state, "--record", "--fresh") as show:
        show.reaches(3)
        until(lambda: show.vital("recorder", "frames") > 0, 30.0)
        children = psutil.Process(show.process.pid).children()
        show.stop(number)
    assert show.process.returncode == 0
    until(lambda: not alive(children), 5.0)  # the interpreter's own resource tracker leaves a moment after it
    (take,) = takes.all_takes(state)
    assert take.status == "complete"


def test_two_runs_with_one_seed_and_scene_give_the_same_generations_hash_for_hash(tmp_path):
    scene = scene_file(tmp_path, gaussian="temperature = { score = [[0, 0.2], [10, 0.6], [20, 0.2]], repeat = true }")
    runs = []
    for name in ("one", "two"):
        state = tmp_path / name
        state.mkdir()
        with performing(scene, state, "--seed", "7", "--record", "--for", "4s") as show:
            show.ends(within=120.0)
        runs.append(digests(state))
    common = runs[0].keys() & runs[1].keys()
    assert len(common) >= 5
    assert {serial: runs[0][serial] for serial in common} == {serial: runs[1][serial] for serial in common}


@needs("oscsend", "liblo-tools")
def test_oscsend_moves_the_temperature_and_loads_a_scene_and_the_take_can_be_rendered_again(tmp_path, state):
    with performing(scene_file(tmp_path), state, "--record", "--seed", "3") as show:
        show.reaches(2)
        _oscsend(show.port, "/burn/gaussian/temperature", "f", "0.8")
        until(lambda: abs(show.knob("/burn/gaussian/temperature") - 0.8) < 1e-6, 10.0)
        show.reaches(show.generation() + 3)
        _oscsend(show.port, "/burn/medium", "s", "heat")
        show.reaches(show.generation() + 3)
        show.stop()
    media = {line["generation"]["medium"] for line in log_of(state) if "generation" in line}  # type: ignore[index]
    assert media == {"gaussian", "heat"}
    assert [line["message"]["address"] for line in log_of(state) if "message" in line] == [  # type: ignore[index]
        "/burn/gaussian/temperature",
        "/burn/medium",
    ]
    verdict = burntout("restage", "last", "--state", str(state))
    assert "every one identical" in verdict.stdout, verdict.stdout + verdict.stderr


def test_a_scene_whose_origin_is_cut_off_gives_the_fallback_and_says_why(tmp_path, state, ledger):
    scene = scene_file(tmp_path)
    whole = (tmp_path / "archive" / "cat.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    scene.write_text(scene.read_text().replace('origin = "cat"', f'origin = "{tmp_path / "cut.png"}"'))
    with performing(scene, state, "--fresh") as show:
        until(lambda: "Playing hearth" in show.said(), 90.0)
        said = show.stop()
    assert "cut.png" in said
    ledger.note(
        "A scene's origin is damaged", "half of its file", "the scene hearth", "the file is named, hearth plays"
    )


def test_an_engine_killed_while_it_loads_still_begins_the_new_lineage_that_was_asked_for(tmp_path, state):
    scene = scene_file(tmp_path)
    with performing(scene, state, "--fresh") as before:
        before.reaches(5)
        before.stop()
    with performing(scene, state, "--seed", "5", "--record") as show:
        os.kill(until(lambda: _pid(show, "engine"), 30.0), signal.SIGKILL)
        show.reaches(2)
        show.stop()
    assert min(digests(state)) == 1


def _pid(show, process):
    with contextlib.suppress(AssertionError, ValueError, psutil.Error):
        return show.pid(process)
    return None


def _oscsend(port: int, *words: str) -> None:
    subprocess.run(["oscsend", "127.0.0.1", str(port), *words], check=True, timeout=10)


def test_a_busy_osc_port_is_said_and_the_show_goes_on(tmp_path, state, ledger):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        with performing(scene_file(tmp_path), state, "--fresh", "--osc-port", port) as show:
            show.reaches(2)
            said = show.stop()
    assert port in said
    assert "goes on without OSC" in said
    ledger.note(
        "The OSC port is taken", "another program at it", "nothing", "it is said, and tried again every ten seconds"
    )


def test_a_state_folder_that_cannot_be_written_is_refused_with_a_sentence(tmp_path, ledger):
    (tmp_path / "file").write_text("not a folder")
    refused = burntout("run", str(scene_file(tmp_path)), "--for", "1s", "--state", str(tmp_path / "file" / "state"))
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr
    ledger.note("The state cannot be written", "a file where its folder should be", "no start", "what to do is said")


@pytest.mark.parametrize(
    ("option", "file", "fault"),
    [
        ("--config", "machine.toml", "machine.toml is damaged"),
        ("--programme", "programme.toml", "programme.toml is damaged"),
    ],
)
def test_a_damaged_plan_or_setting_is_refused_before_anything_starts(tmp_path, state, ledger, *, option, file, fault):
    (tmp_path / file).write_bytes(b"[osc\nport = \xff")
    refused = burntout("run", "hearth", "--for", "1s", "--state", str(state), option, str(tmp_path / file))
    assert refused.returncode == 2
    assert file in refused.stderr
    assert "Traceback" not in refused.stderr
    ledger.note(fault, "no TOML", "no start; systemd tries again", "the file is named, and its fault")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root and CAP_SYS_ADMIN")
def test_a_full_state_folder_costs_takes_and_checkpoints_but_not_the_show(tmp_path, ledger):
    state = tmp_path / "state"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", state], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root and CAP_SYS_ADMIN")
    try:
        with contextlib.suppress(OSError):
            (state / "rubbish").write_bytes(bytes(100_000))
        with performing(scene_file(tmp_path), state, "--for", "2s", "--record") as show:
            said = show.ends(within=90.0)
        assert show.process.returncode == 0
    finally:
        subprocess.run(["umount", state], check=True)
    assert "goes on without" in said
    assert "Playing little" in said
    assert "Traceback" not in said
    ledger.note(
        "The disk is full from the start", "a state of 64 kB", "nothing", "no takes, no checkpoints; it is said once"
    )


def test_a_model_folder_with_pickles_gives_the_archive_and_says_why(tmp_path, state, ledger):
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "model.bin").write_bytes(b"pickled")
    scene = scene_file(tmp_path, restorer="diffusion")
    scene.write_text(scene.read_text().replace('"diffusion"', f'"diffusion"\nmodel = "{tmp_path / "nothing"}"'))
    with performing(scene, state, "--fresh") as show:
        show.reaches(1)
        said = show.stop()
    assert "archive plays instead" in said
    ledger.note("A model cannot be trusted", "a folder with a pickle", "the archive's pictures", "why is said")


def test_opening_hours_close_the_stage_on_purpose(tmp_path, state):
    programme = tmp_path / "programme.toml"
    programme.write_text("[hours]\ndaily = []\n")
    with performing(scene_file(tmp_path), state, "--fresh", "--programme", str(programme)) as show:
        until(lambda: show.vital("engine", "phase") == 2.0 and show.vital("stage", "frames") > 10, 90.0)
        until(lambda: show.vital("stage", "light") == 0.0, 20.0)
