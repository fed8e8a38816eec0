import logging
from typing import Any

import pygame
import pytest

from installation.machine.settings import StageSettings
from installation.stage.window import Window, WindowError, drivers

SMALL: dict[str, Any] = {"width": 320, "height": 180, "fullscreen": True}


@pytest.fixture
def opened(monkeypatch):
    """Opens windows on SDL's dummy driver, and closes them."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    windows = []

    def open_window(covering=None, *, opengl=False, **changes):
        windows.append(Window(StageSettings(**{**SMALL, **changes}), covering, opengl=opengl))
        return windows[-1]

    yield open_window
    for window in windows:
        window.close()


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


def test_keys_are_told_by_name_and_the_closed_window_as_quit(opened):
    window = opened()
    list(window.strokes())
    for key in (pygame.K_TAB, pygame.K_1, pygame.K_LEFT, pygame.K_ESCAPE, pygame.K_q):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=pygame.KMOD_NONE))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert [stroke.key for stroke in window.strokes()] == ["tab", "1", "left", "escape", "q", "quit"]


def test_shift_is_told_with_the_key(opened):
    window = opened()
    list(window.strokes())
    for held in (pygame.KMOD_LSHIFT, pygame.KMOD_RSHIFT, pygame.KMOD_LCTRL):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_UP, mod=held))
    assert list(window.strokes()) == [("up", True), ("up", True), ("up", False)]


def test_a_display_that_is_not_there_is_replaced_by_the_first_and_said(opened, caplog):
    caplog.set_level(logging.WARNING)
    opened(display=9)
    assert "no display 9" in caplog.records[0].message


def test_the_pointer_is_hidden_and_the_pace_is_the_one_that_was_set(opened):
    assert opened(rate=48.0).rate == 48.0
    assert not pygame.mouse.get_visible()


def test_what_is_painted_into_its_memory_is_what_the_flip_shows(opened):
    window = opened()
    memory = window.memory()
    memory[:] = 0
    memory[10, 20, window.order[0]] = 255
    del memory
    window.flip()
    shown = pygame.surfarray.array3d(pygame.display.get_surface() or pygame.Surface((1, 1)))
    assert shown[20, 10].tolist() == [255, 0, 0]


def test_over_several_outputs_it_is_as_large_as_they_are_together(opened):
    assert opened(covering=(1280, 360)).size == (1280, 360)


def test_without_a_display_opengl_is_only_for_those_who_insist(opened, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(WindowError, match="no display"):
        opened(opengl=True)


def test_a_window_that_is_gone_says_so_in_a_sentence(opened):
    window = opened()
    pygame.display.quit()
    with pytest.raises(WindowError, match="flipped"):
        window.flip()


def test_a_window_over_the_desktop_that_somebody_moved_goes_back_to_its_place(opened):
    window = opened(covering=(320, 180))
    pygame.display.set_window_position((40, 30))
    window.stand()
    assert pygame.display.get_window_position() == (0, 0)


def test_any_other_window_stays_where_somebody_put_it(opened):
    window = opened()
    pygame.display.set_window_position((40, 30))
    window.stand()
    assert pygame.display.get_window_position() == (40, 30)
