"""A camera in the show, with a film before it: it enters the loop, it may be lost, and a take can follow it."""

import os
import signal

import psutil
import pytest

from installation.control.osc import send
from installation.machine.glimpses import is_glimpse
from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording import takes
from installation.recording.takes import TakeError
from tests.camera.films import film
from tests.support import until
from tests.system.performance import PATIENCE, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def machine(folder, source):
    """A machine.toml with this before the camera."""
    path = folder / "machine.toml"
    path.write_text(f"[camera]\nsource = {source}\npatience = 30.0\n[stage]\nwidth = 480\nheight = 270\n")
    return path


def generations(state):
    return [line["generation"] for line in log_of(state) if "generation" in line]


def test_what_the_camera_saw_is_in_the_take_and_the_take_comes_out_the_same(tmp_path, state):
    source = film(tmp_path / "film.mkv", frames=200)
    with performing(
        scene_file(tmp_path), state, "--record", "--fresh", "--config", str(machine(tmp_path, f'"{source}"'))
    ) as show:
        show.reaches(3)
        until(lambda: show.vital("camera", "frames") > 0, PATIENCE)
        send("127.0.0.1", show.port, "/camera/mix", ["0.3"])
        until(lambda: any(each["glimpse"] for each in generations(state)), PATIENCE)
        send("127.0.0.1", show.port, "/camera/origin", [])
        until(lambda: any(is_glimpse(each["source"]) for each in generations(state)), PATIENCE)
        show.reaches(show.generation() + 2)
        show.stop()
    (take,) = takes.all_takes(state)
    assert restage(take, EngineSettings(), lambda _: None).sentence().endswith("every one identical.")
    seen = next(each["glimpse"] for each in generations(state) if each["glimpse"])
    (take.folder / seen).unlink()
    with pytest.raises(TakeError, match=f"{seen}.*cannot be made again"):
        restage(take, EngineSettings(), lambda _: None)


def test_a_camera_that_is_killed_is_reborn_and_one_that_is_lost_stalls_nothing(tmp_path, state):
    source = film(tmp_path / "film.mkv", frames=20)
    scene = scene_file(tmp_path)
    scene.write_text(scene.read_text().replace('origin = "cat"', 'origin = "camera"'))
    with performing(scene, state, "--fresh", "--config", str(machine(tmp_path, f'"{source}"'))) as show:
        show.reaches(1)
        assert "stands in" not in show.said()
        first, engine = show.pid("camera"), show.pid("engine")
        os.kill(first, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(first), 10.0)
        shown = show.vital("camera", "frames")
        until(lambda: show.vital("camera", "frames") > shown, PATIENCE)
        source.unlink()
        until(lambda: show.vital("camera", "lost") == 1.0, PATIENCE)
        send("127.0.0.1", show.port, "/camera/mix", ["0.5"])
        show.reaches(show.generation() + 5)
        assert show.pid("engine") == engine
        show.stop()


def test_without_a_device_the_house_stands_in_and_says_so(tmp_path, state):
    scene = scene_file(tmp_path)
    scene.write_text(scene.read_text().replace('origin = "cat"', 'origin = "camera"'))
    with performing(scene, state, "--fresh", "--config", str(machine(tmp_path, 63))) as show:
        show.reaches(1)
        send("127.0.0.1", show.port, "/camera/origin", [])
        until(lambda: "The camera has shown nothing yet" in show.said(), PATIENCE)
        show.stop()
    assert "There is no camera 63." in show.said()
    assert "a picture of the house stands in" in show.said()
