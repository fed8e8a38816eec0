"""The stage over two projectors on a real X server: every claim is read off a screenshot."""

import time
from functools import partial

import numpy as np
import pytest
from PIL import Image

from installation.records import Order
from installation.stage.light import curve
from installation.stage.panel import PATTERNS
from installation.stage.patterns import drawn
from installation.stage.placement import Box
from installation.stage.testcard import Face
from tests.stage.performance import Performance
from tests.stage.screens import HEIGHT, WIDTH, require, settled, two_outputs, wide_screen
from tests.support import until
from tests.system.faults import Eyewitness

pytestmark = [pytest.mark.system, pytest.mark.display]

OVERLAP = 128  # pixels of each output: together they show 1152
CANVAS = 2 * WIDTH - OVERLAP
LEFT = {"name": "left", "source": (0, 0, WIDTH / CANVAS, 1), "blend": {"right": OVERLAP / WIDTH}}
RIGHT = {"name": "right", "source": (1 - WIDTH / CANVAS, 0, 1, 1), "blend": {"left": OVERLAP / WIDTH}}
KEYSTONED = ((0.06, 0.04), (0.97, 0.1), (0.92, 0.95), (0.02, 0.88))
PLACES = Box(0, 0, WIDTH, HEIGHT), Box(WIDTH, 0, WIDTH, HEIGHT)
SPANNING = {"width": CANVAS, "height": HEIGHT, "fit": "cover", "fullscreen": True}

by_either = pytest.mark.parametrize("renderer", ["gl", "software"])


@pytest.fixture
def projectors(tmp_path, monkeypatch):
    """Two outputs, in the environment of what is started now."""
    with two_outputs(tmp_path) as screen:
        environ(monkeypatch, screen)
        yield screen


@pytest.fixture
def wide(monkeypatch):
    """A screen as wide as both."""
    with wide_screen() as screen:
        environ(monkeypatch, screen)
        yield screen


def environ(monkeypatch, screen):
    for name in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", screen.display)


@pytest.fixture
def perform(tmp_path):
    performances = []

    def start(*outputs, **stage):
        performances.append(Performance(tmp_path, outputs=outputs, **{**SPANNING, **stage}))
        until(lambda: performances[-1].heard("ready"), within=60)
        return performances[-1]

    yield start
    for performance in performances:
        performance.end()


def white(stage):
    stage.show(255)
    stage.light(0.999, 1.0)


def on_the_wall(shot):
    """Linear light where both projectors' pictures fall on one wall."""
    seen = curve(shot / 255.0)
    wall = np.zeros((HEIGHT, CANVAS, 3))
    wall[:, :WIDTH] += seen[:, :WIDTH]
    wall[:, -WIDTH:] += seen[:, WIDTH:]
    return wall


@by_either
def test_two_projectors_make_one_even_white(projectors, perform, renderer):
    stage = perform(LEFT, RIGHT, renderer=renderer)
    assert stage.heard("ready").data["size"] == [2 * WIDTH, HEIGHT]
    white(stage)
    wall = on_the_wall(settled(projectors, lambda shot: shot[:, :400].min() == 255))
    np.testing.assert_allclose(wall.mean(axis=(0, 2)), 1.0, atol=1 / 255)


@by_either
def test_a_keystone_lands_its_corners_within_half_a_pixel(projectors, perform, renderer):
    stage = perform({**LEFT, "blend": {}, "corners": KEYSTONED}, RIGHT, renderer=renderer)
    white(stage)
    shot = settled(projectors, lambda shot: shot[200, 300].min() == 255)
    lit = curve(shot[:, :WIDTH, 1] / 255.0)
    assert_corners(lit, np.array(KEYSTONED) * (WIDTH, HEIGHT))


def assert_corners(lit, corners):
    """Fit a line to each edge of what is lit, and cross neighbours."""
    rows, columns = np.arange(100, 380), np.arange(80, 560)
    middle = WIDTH // 2
    left, right = middle - lit[rows, :middle].sum(axis=1), middle + lit[rows, middle:].sum(axis=1)
    half = HEIGHT // 2
    top, bottom = half - lit[:half, columns].sum(axis=0), half + lit[half:, columns].sum(axis=0)
    upright = [np.polyfit(rows + 0.5, edge, 1) for edge in (left, right)]  # x = a y + b
    level = [np.polyfit(columns + 0.5, edge, 1) for edge in (top, bottom)]  # y = c x + d
    for corner, (side, line) in zip(corners, [(0, 0), (1, 0), (1, 1), (0, 1)], strict=True):
        (a, b), (c, d) = upright[side], level[line]
        x = (a * d + b) / (1 - a * c)
        assert np.abs([x - corner[0], c * x + d - corner[1]]).max() < 0.5


def test_each_output_shows_its_own_pattern_pixel_by_pixel(projectors, perform):
    stage = perform(LEFT, RIGHT)
    outputs = [described(one, place) for one, place in zip((LEFT, RIGHT), PLACES, strict=True)]
    for pattern in ("grid", "overlap", "checker", "focus"):
        stage.board.write({"/stage/pattern": float(PATTERNS.index(pattern))})
        faces = [(output, Face(number)) for number, output in enumerate(outputs, start=1)]
        expected = np.concatenate([drawn(pattern, *face, (CANVAS, HEIGHT)) for face in faces], axis=1)
        settled(projectors, partial(np.array_equal, expected))


def described(said, place):
    from installation.machine.settings import OutputSettings
    from installation.stage.hanging import hung

    return hung([OutputSettings.model_validate({**said, "place": tuple(place)})], [], {}, (0, 0)).outputs[0]


def test_an_output_that_is_switched_off_and_on_again_shows_the_right_picture(projectors, perform, ledger):
    stage = perform(LEFT, RIGHT)
    white(stage)
    before = settled(projectors, lambda shot: shot[:, :400].min() == 255)
    gone = "The displays are now DUMMY0 (640 x 480 at 0, 0)."
    with Eyewitness(stage) as witness:
        projectors.light(second=False)
        until(lambda: stage.logged(gone), within=30)
        assert (projectors.shot()[:, :400] == 255).all()  # the other one plays on
        projectors.light(second=True)
        began = time.monotonic()
        settled(projectors, lambda shot: np.array_equal(shot, before), within=30)
        seconds = time.monotonic() - began
    assert stage.process.is_alive()
    audience = f"the other projector plays on: {witness.said()}"
    ledger.note("A projector is unplugged", "its output switched off, and on", audience, f'"{gone}"', seconds)


def test_the_screen_saver_is_switched_off(projectors, perform):
    require(("xset", "x11-xserver-utils"))
    assert b"timeout:  0" not in projectors.ran("xset", "q")
    perform(LEFT, RIGHT)
    until(lambda: b"timeout:  0" in projectors.ran("xset", "q"))


def test_keys_in_the_window_align_and_escape_leaves_the_alignment_first(projectors, perform, tmp_path):
    require(("xdotool", "xdotool"))
    stage = perform(LEFT, RIGHT)
    white(stage)
    settled(projectors, lambda shot: shot[:, :400].min() == 255)
    for key in ("1", "Right", "shift+Down", "s"):
        projectors.ran("xdotool", "key", key)
    until((tmp_path / "alignment.toml").exists)
    assert f"[left]\ncorners = [[{1 / WIDTH!r}, {10 / HEIGHT!r}]," in (tmp_path / "alignment.toml").read_text()
    projectors.ran("xdotool", "key", "Escape")
    settled(projectors, lambda shot: shot[4, 100].max() == 0 and shot[240, 320].min() == 255)
    assert stage.heard("key") is None
    projectors.ran("xdotool", "key", "Escape")
    assert until(lambda: stage.heard("key")).data == {"name": "escape"}


def test_an_order_moves_a_corner(projectors, perform):
    stage = perform({**LEFT, "blend": {}}, RIGHT)
    white(stage)
    settled(projectors, lambda shot: shot[:, :500].min() == 255)
    for corner, (x, y) in enumerate(KEYSTONED, start=1):
        stage.pipe.send(Order("align", {"do": "put", "output": 1, "corner": corner, "x": x, "y": y}))
    shot = settled(projectors, lambda shot: shot[2:8, 20:600].max() == 0 and shot[470:, :500].max() < 255)
    assert_corners(curve(shot[:, :WIDTH, 1] / 255.0), np.array(KEYSTONED) * (WIDTH, HEIGHT))


def test_what_is_wrong_with_the_outputs_is_said_and_the_picture_goes_on(projectors, perform, tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "small.png")
    stage = perform(
        {"name": "left", "source": (0, 0, 0.6, 1), "corners": ((1, 0), (0, 0), (1, 1), (0, 1))},
        {"name": "right", "source": (0.4, 0, 1, 1), "mask": tmp_path / "small.png"},
    )
    white(stage)
    settled(projectors, lambda shot: shot.min() == 255)
    for words in ("left folds over itself", "right is shown without its mask", "does not blend exactly"):
        assert stage.logged(words)


def test_on_one_wide_screen_places_do_as_well_and_one_may_be_turned(wide, perform):
    turned = {**RIGHT, "place": tuple(PLACES[1]), "rotation": 90, "blend": {"top": OVERLAP / WIDTH}}
    white(perform({**LEFT, "place": tuple(PLACES[0])}, turned))
    shot = settled(wide, lambda shot: shot[:, :400].min() == 255)
    assert (shot[-200:, WIDTH:] == 255).all()
    assert shot[0, WIDTH:].max() < 30
