"""The stage on a real X server: what a visitor sees is what a screenshot shows."""

import io
import os
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from installation.stage.light import curve
from tests.stage.performance import Performance
from tests.support import until

pytestmark = [pytest.mark.system, pytest.mark.display]
SCREEN = (640, 360)
GREY = float(curve(np.array(200 / 255)))


@pytest.fixture
def display(monkeypatch):
    """A fresh virtual display, in the environment of what is started now."""
    for tool, package in (("Xvfb", "xvfb"), ("import", "imagemagick")):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing; install the package {package}")
    ours, theirs = os.pipe()
    screen = "{}x{}x24".format(*SCREEN)
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as announced:
        number = announced.readline().strip()
    for name in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", f":{number}")
    yield f":{number}"
    server.terminate()
    server.wait(10)


def settled(display, holds):
    """A screenshot for which something holds, as soon as there is one: what was drawn takes a while to be shown."""
    return until(lambda: [shot for shot in screenshots(display) if holds(shot)], within=30)[0]


def is_grey(shot):
    """The picture is in the middle of the screen, without its edges, which are soft."""
    return (shot[:, 145:495] == 200).all()


def is_black(shot):
    return shot.max() == 0


def screenshots(display):
    """What a display shows; nothing where it could not be read just now."""
    shot = subprocess.run(
        ["import", "-display", display, "-window", "root", "png:-"], capture_output=True, check=False, timeout=30
    )
    return [np.asarray(Image.open(io.BytesIO(shot.stdout)).convert("RGB"))] if shot.returncode == 0 else []


@pytest.fixture
def perform(display, tmp_path):  # noqa: ARG001 - the display must be there first
    performances = []

    def start(**stage):
        performances.append(Performance(tmp_path, **stage))
        until(lambda: performances[-1].heard("ready"), within=30)
        return performances[-1]

    yield start
    for performance in performances:
        performance.end()


def test_fullscreen_it_fills_the_display_with_bars_beside_a_square_picture(perform, display):
    stage = perform(fullscreen=True)
    assert stage.heard("ready").data == {"headless": False, "driver": "x11", "size": [*SCREEN], "preview": None}
    stage.show(200)
    stage.light(GREY - 1e-4, GREY + 1e-4)
    seen = settled(display, is_grey)
    assert seen.shape == (360, 640, 3)
    assert seen[:, :139].max() == seen[:, 501:].max() == 0


def test_covering_it_leaves_no_bars(perform, display):
    stage = perform(fit="cover", fullscreen=True)
    stage.show(200)
    stage.light(GREY - 1e-4, GREY + 1e-4)
    settled(display, lambda shot: (shot == 200).all())


def test_windowed_it_has_the_size_that_was_set(perform):
    assert perform().heard("ready").data["size"] == [320, 180]


def test_a_window_larger_than_the_display_is_made_to_fit(perform):
    assert perform(width=4000, height=200).heard("ready").data["size"] == [640, 200]


def test_black_on_purpose_is_black_on_the_display(perform, display):
    stage = perform(fullscreen=True)
    stage.show(200)
    settled(display, is_grey)
    stage.board.write({"/stage/black": 1.0})
    stage.light(0.0, 0.0)
    settled(display, is_black)


@pytest.mark.parametrize("renderer", ["gl", "software"])
def test_by_either_renderer_the_audience_sees_the_same(perform, display, renderer):
    stage = perform(fullscreen=True, renderer=renderer)
    stage.show(200)
    stage.light(GREY - 1e-4, GREY + 1e-4)
    assert (stage.vitals["gl_objects"] > 0) == (renderer == "gl")
    seen = settled(display, is_grey)
    assert seen[:, :139].max() == seen[:, 501:].max() == 0
    stage.board.write({"/stage/black": 1.0})
    stage.light(0.0, 0.0)
    settled(display, is_black)


def test_a_picture_smoulders_while_no_frames_come_and_nothing_is_left_on_the_card(perform, display):
    stage = perform(fullscreen=True, renderer="gl")
    stage.board.write({"/stage/smoulder": 1.0, "/stage/smoulder-amount": 0.3})
    stage.show(128)
    settled(display, lambda shot: np.ptp(shot[:, 145:495]) > 20)
    advances(stage)
    held = stage.vitals["gl_objects"]
    advances(stage)
    assert stage.vitals["gl_objects"] == held


def advances(stage):
    """Twenty more frames are shown."""
    frames = stage.vitals["frames"]
    until(lambda: stage.vitals["frames"] > frames + 20, within=30)
