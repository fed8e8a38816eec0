"""What a flip costs, whole and by its stages: ``make bench``. In ``make test`` each runs once, and nothing is timed.

Times are of the processor, all threads of this process together: without a graphics card it is what OpenGL is
emulated with, and what the engine lacks. Peers show the same frames on the same X server: pygame, which only enlarges
them and copies them to the window, and lunar-tools' renderer, where it is installed, which wants them enlarged.
"""

import importlib.util
import os
import shutil
import subprocess
import time

import cv2
import moderngl
import numpy as np
import pygame
import pytest

from installation.images import load
from installation.machine.settings import StageSettings
from installation.stage.exposure import Exposure
from installation.stage.flow import motion, moving
from installation.stage.gl.painter import Painter
from installation.stage.light import decode, encode
from installation.stage.outputs import Blend, Output
from installation.stage.overlay import Overlay, composed, revision
from installation.stage.placement import Box
from installation.stage.presenter import opened
from installation.stage.smoulder import Smoulder
from installation.stage.wall import Wall
from installation.stage.warp import Warp
from tests.conftest import ORIGIN

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(timer=time.process_time)]
WIDTH, HEIGHT = 1280, 720
PIXELS = load(ORIGIN, 256, 256)
LIGHT = decode(PIXELS)
KEYSTONED = Output(
    "keystoned",
    Box(0, 0, WIDTH, HEIGHT),
    corners=((0.02, 0.03), (0.97, 0.0), (1.0, 1.0), (0.0, 0.98)),
    blend=Blend(left=0.15),
    black=0.01,
)
LETTERS = Overlay(np.full((120, 900, 4), 128, np.uint8), (100.0, 560.0), revision())
LUNAR = ["lunar-tools"] if importlib.util.find_spec("lunar_tools") else []


@pytest.fixture(scope="module")
def screen():
    """A virtual display as large as one output; its number."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is missing; install the package xvfb")
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    with os.fdopen(ours) as announced:
        number = announced.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def display(screen, monkeypatch):
    for name in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", screen)
    cv2.setNumThreads(1)  # as on the stage
    yield
    cv2.setNumThreads(-1)
    pygame.display.quit()


# ------------------------------------------------------------------ a whole flip
def by_us(renderer, outputs=()):
    presenter = opened(StageSettings(width=WIDTH, height=HEIGHT, fit="cover", renderer=renderer))
    wall = Wall(0.0)

    def flip():
        lit = wall.lit(LIGHT, 1.0, wall.turn / 60, closed=False)
        presenter.show(Exposure(lit, turn=wall.turn, seconds=wall.turn / 60), outputs)

    return flip, presenter.close


def by_pygame():
    pygame.display.init()
    window = pygame.display.set_mode((WIDTH, HEIGHT))
    frame = np.ascontiguousarray(PIXELS.transpose(1, 0, 2))

    def flip():
        picture = pygame.surfarray.make_surface(frame)
        window.blit(pygame.transform.smoothscale(picture, (WIDTH, HEIGHT)), (0, 0))
        pygame.display.flip()

    return flip, pygame.display.quit


def by_lunar_tools():
    from lunar_tools.display_window import Renderer  # type: ignore[import-not-found] # a peer, where it is installed

    renderer = Renderer(WIDTH, HEIGHT, backend="gl", do_window_refresh_no_freeze=False)
    return lambda: renderer.render(cv2.resize(PIXELS, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)), lambda: None


FLIPS = {
    "OpenGL": lambda: by_us("gl"),
    "OpenGL, warped and blended": lambda: by_us("gl", [KEYSTONED]),
    "software": lambda: by_us("software"),
    "software, warped and blended": lambda: by_us("software", [KEYSTONED]),
    "pygame blit": by_pygame,
    "lunar-tools": by_lunar_tools,
}


@pytest.mark.benchmark(group=f"a flip, 256 x 256 to {WIDTH} x {HEIGHT}, processor time")
@pytest.mark.parametrize("who", [who for who in FLIPS if who != "lunar-tools"] + LUNAR)
@pytest.mark.usefixtures("display")
def test_flip(benchmark, who):
    flip, close = FLIPS[who]()
    flip()
    benchmark(flip)
    close()


# ------------------------------------------------------------------ its stages by OpenGL
@pytest.fixture(scope="module")
def painter():
    try:
        gl = moderngl.create_standalone_context(backend="egl", require=330)  # type: ignore[arg-type] # its stubs know no backend
    except Exception as error:  # noqa: BLE001 - the library throws nothing narrower
        pytest.skip(f"no OpenGL through EGL ({error}); install the packages libegl1, libegl-mesa0 and libgl1-mesa-dri")
    return Painter(gl, gl.simple_framebuffer((WIDTH, HEIGHT)), (WIDTH, HEIGHT), "cover")


def burn(medium):
    return lambda painter: painter.canvas.fire.burnt(painter.canvas.uploaded(LIGHT), Smoulder(medium, 0.3, 1.0), 1.0)


def text(painter):
    painter.canvas.lettering.written([])
    painter.canvas.lettering.written([LETTERS])


def throw(output):
    return lambda painter: painter.surfaces.draw(painter.canvas.texture, [output], painter._into, 1.0, 1)


STAGES = {
    "upload": lambda painter: painter.canvas.uploaded(LIGHT),
    "upload and gaussian": burn("gaussian"),
    "upload and heat": burn("heat"),
    "upload and brownian": burn("brownian"),
    "picture": lambda painter: painter.canvas.lay(painter.canvas.uploaded(LIGHT), None, Exposure(LIGHT)),
    "text": text,
    "straight to the window": throw(Output("straight", Box(0, 0, WIDTH, HEIGHT))),
    "warp and blend": throw(KEYSTONED),
}


@pytest.mark.parametrize("stage", STAGES)
def test_stages_by_opengl(benchmark, painter, stage):
    benchmark.group = f"stages by OpenGL on {painter._gl.info['GL_RENDERER']}, {WIDTH} x {HEIGHT}, processor time"

    def done():
        STAGES[stage](painter)
        painter._gl.finish()

    done()
    benchmark(done)


# ------------------------------------------------------------------ and without
WALL = Wall(0.0)
CANVAS = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
WARP = Warp((WIDTH, HEIGHT))
AFTER = np.ascontiguousarray(LIGHT[:, ::-1])
COURSE = motion(LIGHT, AFTER)
SOFTWARE = {
    "limit flashes": lambda: WALL.lit(LIGHT, 1.0, 0.0, closed=False),
    "8 bits": lambda: encode(LIGHT, 1),
    "enlarge": lambda: cv2.resize(np.dstack([PIXELS, PIXELS[..., 0]]), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC),
    "text": lambda: composed(CANVAS, [LETTERS]),
    "warp and blend": lambda: WARP.draw(CANVAS, [KEYSTONED], CANVAS.copy()),
    "find the flow": lambda: motion(LIGHT, AFTER),
    "move along it": lambda: moving(LIGHT, AFTER, COURSE, 0.5),
}


@pytest.mark.benchmark(group=f"stages without a graphics card, {WIDTH} x {HEIGHT}, processor time")
@pytest.mark.parametrize("stage", SOFTWARE)
def test_stages_without_a_card(benchmark, stage):
    cv2.setNumThreads(1)
    SOFTWARE[stage]()
    benchmark(SOFTWARE[stage])
    cv2.setNumThreads(-1)
