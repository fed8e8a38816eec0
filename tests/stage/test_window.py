import logging
from typing import Any

import numpy as np
import pygame
import pytest

from installation.machine.settings import StageSettings
from installation.stage.window import Window, drivers

SMALL: dict[str, Any] = {"width": 320, "height": 180, "fullscreen": True}
ORANGE = (240, 120, 30)


@pytest.fixture
def opened(monkeypatch):
    """Opens windows on SDL's dummy driver, and closes them."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    windows = []

    def open_window(**changes):
        windows.append(Window(StageSettings(**{**SMALL, **changes})))
        return windows[-1]

    yield open_window
    for window in windows:
        window.close()


def square(colour=ORANGE, side=64):
    return np.full((side, side, 3), colour, np.uint8)


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", ("dummy",)),
        ({"DISPLAY": ":0"}, "linux", ("x11", "dummy")),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", ("wayland", "x11", "dummy")),
        ({"DISPLAY": ":0", "SDL_VIDEODRIVER": "kmsdrm"}, "linux", ("kmsdrm", "dummy")),
        ({}, "darwin", ("", "dummy")),
    ],
)
def test_real_displays_are_tried_before_the_pretended_one(environ, platform, expected):
    assert drivers(environ, platform) == expected


def test_without_a_display_it_is_headless_in_the_size_that_was_set(opened):
    window = opened()
    assert window.headless
    assert window.driver == "dummy"
    assert window.size == (320, 180)


def test_a_driver_that_cannot_be_started_is_named_and_the_dummy_one_taken(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    window = Window(StageSettings(**SMALL))
    assert window.headless
    assert "no-such-driver" in window.trouble
    window.close()


def test_a_contained_picture_keeps_its_colour_and_stands_between_black_bars(opened):
    window = opened(fit="contain")
    window.show(square())
    seen = window.glance(320)
    np.testing.assert_array_equal(seen[:, 70:250], np.full((180, 180, 3), ORANGE))
    assert seen[:, :69].max() == seen[:, 251:].max() == 0


def test_a_covering_picture_fills_the_window(opened):
    window = opened(fit="cover")
    window.show(square())
    np.testing.assert_array_equal(window.glance(320), np.full((180, 320, 3), ORANGE))


def test_a_picture_of_other_proportions_leaves_nothing_of_the_one_before(opened):
    window = opened()
    window.show(np.full((64, 128, 3), 255, np.uint8))
    window.show(square())
    assert window.glance(320)[:, :69].max() == 0


def test_a_glance_is_as_wide_as_was_asked_for(opened):
    window = opened()
    window.show(square())
    assert window.glance(160).shape == (90, 160, 3)


def test_left_stays_left_and_red_stays_red(opened):
    window = opened(fit="cover")
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, :32, 0] = 255
    picture[:, 32:, 2] = 255
    window.show(picture)
    seen = window.glance(320)
    assert seen[90, 10].tolist() == [255, 0, 0]
    assert seen[90, 310].tolist() == [0, 0, 255]


def test_keys_and_the_closed_window_are_wishes_and_other_keys_are_not(opened):
    window = opened()
    list(window.wishes())
    for key in (pygame.K_a, pygame.K_ESCAPE, pygame.K_q):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert list(window.wishes()) == ["escape", "q", "quit"]


def test_a_display_that_is_not_there_is_replaced_by_the_first_and_said(opened, caplog):
    caplog.set_level(logging.WARNING)
    opened(display=9)
    assert "no display 9" in caplog.records[0].message


def test_the_pointer_is_hidden_and_the_pace_is_the_one_that_was_set(opened):
    assert opened(rate=48.0).rate == 48.0
    assert not pygame.mouse.get_visible()
