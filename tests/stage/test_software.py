import numpy as np
import pytest

from installation.machine.settings import StageSettings
from installation.stage.exposure import Exposure
from installation.stage.light import decode
from installation.stage.outputs import Blend, Output
from installation.stage.overlay import Overlay, revision
from installation.stage.patterns import Card
from installation.stage.placement import Box
from installation.stage.software import Software
from installation.stage.window import Window

ORANGE = (240, 120, 30)
SIZE = (320, 180)


@pytest.fixture
def opened(monkeypatch):
    """Opens presenters without a graphics card on SDL's dummy driver, and closes them."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    opened = []

    def open_presenter(fit="contain", canvas=SIZE):
        window = Window(StageSettings(width=SIZE[0], height=SIZE[1], fullscreen=True))
        opened.append(Software(window, canvas, fit))
        return opened[-1]

    yield open_presenter
    for presenter in opened:
        presenter.close()


def square(colour=ORANGE, side=64):
    return np.full((side, side, 3), colour, np.uint8)


def show(stage, pixels, outputs=(), **exposure):
    stage.show(Exposure(decode(pixels), **exposure), outputs)


def text(at=(0.0, 0.0), size=(20, 10)):
    """A white rectangle."""
    return Overlay(np.full((size[1], size[0], 4), 255, np.uint8), at, revision())


def test_a_contained_picture_keeps_its_colour_and_stands_between_black_bars(opened):
    stage = opened(fit="contain")
    show(stage, square())
    seen = stage.glance(320)
    np.testing.assert_array_equal(seen[:, 70:250], np.full((180, 180, 3), ORANGE))
    assert seen[:, :69].max() == seen[:, 251:].max() == 0


def test_a_covering_picture_fills_the_window(opened):
    stage = opened(fit="cover")
    show(stage, square())
    np.testing.assert_array_equal(stage.glance(320), np.full((180, 320, 3), ORANGE))


def test_a_picture_of_other_proportions_leaves_nothing_of_the_one_before(opened):
    stage = opened()
    show(stage, np.full((64, 128, 3), 255, np.uint8))
    show(stage, square())
    assert stage.glance(320)[:, :69].max() == 0


def test_a_glance_is_as_wide_as_was_asked_for(opened):
    stage = opened()
    show(stage, square())
    assert stage.glance(160).shape == (90, 160, 3)


def test_left_stays_left_and_red_stays_red(opened):
    stage = opened(fit="cover")
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, :32, 0] = 255
    picture[:, 32:, 2] = 255
    show(stage, picture)
    seen = stage.glance(320)
    assert seen[90, 10].tolist() == [255, 0, 0]
    assert seen[90, 310].tolist() == [0, 0, 255]


def test_the_curtain_takes_the_light_of_everything(opened):
    stage = opened()
    show(stage, square((255, 255, 255)), opening=0.5, overlays=[text(at=(100, 100))])
    assert decode(stage.glance(320))[50, 160].mean() == pytest.approx(0.5, abs=0.01)
    show(stage, square((255, 255, 255)), opening=0.0, overlays=[text(at=(100, 100))])
    assert stage.glance(320).max() == 0


def test_letters_are_written_over_picture_and_bars_and_leave_no_trace(opened):
    stage = opened()
    show(stage, square(), overlays=[text(at=(60, 20))])
    assert stage.glance(320)[20:30, 60:80].min() == 255
    show(stage, square())
    seen = stage.glance(320)
    assert seen[:, :69].max() == 0
    np.testing.assert_array_equal(seen[25, 75], ORANGE)


def test_letters_take_the_brightness_of_the_wall_with_them(opened):
    stage = opened()
    show(stage, square((0, 0, 0)), overlays=[text()], level=0.25)
    assert decode(stage.glance(320))[5, 5].mean() == pytest.approx(0.25, abs=0.01)


def test_outputs_are_cut_from_a_canvas_of_its_own_size(opened):
    stage = opened("cover", canvas=(200, 100))
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:, :100], picture[:, 100:] = ORANGE, (30, 60, 90)
    halves = [
        Output("right half", Box(0, 0, 160, 180), source=(0.5, 0, 1, 1)),
        Output("left half", Box(160, 0, 160, 180), source=(0, 0, 0.5, 1)),
    ]
    show(stage, picture, halves)
    seen = stage.glance(320)
    np.testing.assert_array_equal(seen[90, 80], (30, 60, 90))
    np.testing.assert_array_equal(seen[90, 240], ORANGE)


def test_it_says_what_it_cannot_do(opened):
    stage = opened()
    assert "smouldering" in stage.describe()
    assert stage.objects == 0


def card(level, place, revision=1):
    return Card(place, np.full((place.height, place.width, 3), level, np.uint8), revision)


def test_a_card_lies_over_its_own_output_and_no_other_and_nothing_of_it_stays_behind(opened):
    stage = opened()
    left, right = Box(0, 0, 160, 180), Box(160, 0, 160, 180)
    outputs = [Output("left", left, source=(0, 0, 0.5, 1)), Output("right", right, source=(0.5, 0, 1, 1))]
    show(stage, square(), outputs, cards=[card((10, 20, 30), right)])
    seen = stage.glance(320)
    assert (seen[:, 160:] == (10, 20, 30)).all()
    assert (seen[:, 80:150] == ORANGE).all()
    show(stage, square(), outputs)
    assert stage.glance(320)[:, 251:].max() == 0


def test_a_card_over_a_window_without_outputs_leaves_clean_bars(opened):
    stage = opened()
    show(stage, square(), cards=[card(255, Box(0, 0, *SIZE))])
    assert stage.glance(320).min() == 255
    show(stage, square())
    assert stage.glance(320)[:, :69].max() == 0


def test_an_output_that_has_gone_dark_shows_nothing_of_what_it_showed(opened):
    stage = opened("cover")
    left, right = Output("left", Box(0, 0, 160, 180)), Output("right", Box(160, 0, 160, 180))
    show(stage, square(), [left, right])
    show(stage, square(), [left])
    assert stage.glance(320)[:, 160:].max() == 0
    show(stage, square())
    assert (stage.glance(320) == ORANGE).all()


def test_behind_a_closed_curtain_even_lifted_black_is_black(opened):
    stage = opened("cover")
    soft = Output("soft", Box(0, 0, *SIZE), blend=Blend(left=0.2), black=0.05)
    show(stage, square((0, 0, 0)), [soft])
    assert stage.glance(320)[:, 100:].min() > 0
    show(stage, square((0, 0, 0)), [soft], opening=0.0)
    assert stage.glance(320).max() == 0
