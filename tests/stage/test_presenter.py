"""Who presents, on this machine and on others. OpenGL without a display is SDL's offscreen driver, by EGL."""

import logging
from typing import Any

import numpy as np
import pytest

from installation.machine.settings import StageSettings
from installation.stage.exposure import Exposure
from installation.stage.graphics import Graphics, GraphicsError
from installation.stage.outputs import Output
from installation.stage.placement import Box
from installation.stage.presenter import Fallback, opened
from installation.stage.software import Software

GREY = np.full((32, 32, 3), 0.2158605, np.float32)  # code 128
SIZE: dict[str, Any] = {"width": 160, "height": 90}


@pytest.fixture
def present(monkeypatch):
    """Opens presenters without a display, and closes them."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    presenters = []

    def present(renderer, covering=None, **settings):
        presenters.append(opened(StageSettings(**SIZE, renderer=renderer, **settings), covering))
        return presenters[-1]

    yield present
    for presenter in presenters:
        presenter.close()


@pytest.fixture
def on_a_card(present):
    def open_card(*arguments, **settings):
        presenter = present("gl", *arguments, **settings)
        if not isinstance(presenter, Fallback):
            pytest.skip("no OpenGL through EGL; install the packages libegl1, libegl-mesa0 and libgl1-mesa-dri")
        return presenter

    return open_card


def test_without_a_display_it_is_software_unless_somebody_insists(present):
    assert isinstance(present("auto"), Software)
    assert isinstance(present("software"), Software)


def test_who_insists_gets_opengl_even_without_a_display(on_a_card):
    presenter = on_a_card()
    assert presenter.window.headless
    assert "OpenGL" in presenter.describe()
    assert presenter.objects > 10


def test_by_opengl_the_picture_is_in_the_window(on_a_card):
    presenter = on_a_card(fit="contain")
    presenter.show(Exposure(GREY), ())
    seen = presenter.glance(160)
    assert seen.shape == (90, 160, 3)
    assert (seen[:, 36:124] == 128).all()
    assert seen[:, :35].max() == seen[:, 125:].max() == 0


def test_over_outputs_the_canvas_is_as_large_as_the_settings_say(on_a_card):
    presenter = on_a_card((320, 90), fit="cover")
    halves = [Output(str(x), Box(x, 0, 160, 90), source=(x / 320, 0, x / 320 + 0.5, 1)) for x in (0, 160)]
    presenter.show(Exposure(GREY), halves)
    assert (presenter.window.size, presenter.canvas) == ((320, 90), (160, 90))
    assert (presenter.glance(320) == 128).all()


def test_an_emulated_card_is_not_worth_it_where_nobody_insists(on_a_card):
    graphics = on_a_card()._presenter
    assert isinstance(graphics, Graphics)
    assert graphics.emulated == ("llvmpipe" in graphics.renderer)


class Dying:
    """A presenter on a card that fails after so many flips."""

    def __init__(self, inner, flips):
        self.inner, self.flips = inner, flips
        self.window, self.canvas, self.objects = inner.window, inner.canvas, 7
        self.closed = False

    def show(self, exposure, outputs):
        if self.flips == 0:
            raise GraphicsError("OpenGL has failed on Brittle 3000 (GL_OUT_OF_MEMORY).")
        self.flips -= 1
        self.inner.show(exposure, outputs)

    def glance(self, width):
        return self.inner.glance(width)

    def describe(self):
        return "drawn by OpenGL on Brittle 3000"

    def close(self):
        self.closed = True
        self.inner.close()


def test_when_the_card_fails_the_processor_takes_over_and_it_is_said_once(present, caplog):
    caplog.set_level(logging.INFO)
    dying = Dying(present("software"), flips=2)
    presenter = Fallback(dying, lambda: present("software"))
    for _ in range(5):
        presenter.show(Exposure(GREY), ())
    assert dying.closed
    assert presenter.objects == 0
    assert (presenter.glance(160)[:, 40:120] == 128).all()
    assert [record.message for record in caplog.records] == [
        f"OpenGL has failed on Brittle 3000 (GL_OUT_OF_MEMORY). The stage goes on, {presenter.describe()}."
    ]


def show_for_a_second(presenter):
    for _ in range(60):
        presenter.show(Exposure(GREY), ())


def test_an_error_of_the_driver_is_found_within_a_second_of_flips(on_a_card):
    graphics = on_a_card()._presenter
    graphics.show(Exposure(GREY), ())
    graphics._gl.enable_direct(0xDEAD)  # an enumeration that OpenGL does not know: GL_INVALID_ENUM
    with pytest.raises(GraphicsError, match="GL_INVALID_ENUM"):
        show_for_a_second(graphics)


def test_a_card_that_fails_hands_over_with_the_picture(on_a_card):
    presenter = on_a_card()
    presenter._presenter._gl.enable_direct(0xDEAD)
    show_for_a_second(presenter)
    assert isinstance(presenter._presenter, Software)
    assert (presenter.glance(160)[:, 40:120] == 128).all()
