"""The window: the only place that knows pygame. On a real display if one can be opened, else on SDL's dummy one."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from installation.errors import Refusal

if TYPE_CHECKING:
    import pygame

    from installation.machine.settings import StageSettings

log = logging.getLogger(__name__)

HEADLESS = ("dummy", "offscreen")
UNHURRIED = 1.1  # times the display's rate: with vsync the display sets the pace, and ours only stops a lying driver
DEVICES = Path("/dev")
CHANNELS = 4  # bytes per pixel of the window: blue, green, red and one to spare, in the order its masks say
GL_VERSION = (3, 3)  # core: the oldest that every driver of the last ten years has
ORIGIN = (0, 0)


class Stroke(NamedTuple):
    """A key that was pressed, by SDL's name for it, and whether Shift was held."""

    key: str
    shift: bool = False


class WindowError(Refusal):
    """A window that cannot be opened as it was wanted."""


def drivers(environ: Mapping[str, str], platform: str) -> tuple[str, ...]:
    """SDL video drivers worth trying, best first; the empty name lets SDL choose, ``dummy`` needs no display."""
    if environ.get("SDL_VIDEODRIVER"):
        return (environ["SDL_VIDEODRIVER"], "dummy")
    if platform != "linux":
        return ("", "dummy")
    wanted = {"wayland": "WAYLAND_DISPLAY", "x11": "DISPLAY"}
    return (*(driver for driver, variable in wanted.items() if environ.get(variable)), "dummy")


class Window:
    """One window over one display, or without a border over several; hidden cursor."""

    def __init__(
        self, settings: StageSettings, covering: tuple[int, int] | None = None, *, opengl: bool = False
    ) -> None:
        """Open it with the first driver that can; ``trouble`` says what was wrong with the others.

        ``covering`` is the size (width, height) of a desktop that is to be covered from its top left corner. Raises
        ``WindowError`` when it is to be one of OpenGL and there is none.
        """
        os.environ.update(PYGAME_HIDE_SUPPORT_PROMPT="1", SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS="0")
        import pygame

        self._pygame = pygame
        self._opengl = opengl
        self._covering = covering is not None
        self.driver, self.trouble = _start(pygame, drivers(os.environ, sys.platform))
        if opengl and self.driver == "dummy":
            self.driver = _offscreen(pygame, settings.renderer)
        self.headless = self.driver in HEADLESS
        self._surface = self._open(settings, covering)
        self.size: tuple[int, int] = self._surface.get_size()
        self.vsync = not self.headless and pygame.display.is_vsync()
        self.rate = self._rate(settings.rate)
        self._sheet = self._surface if opengl else _sheet(pygame, self._surface)
        self.order = tuple(mask.bit_length() // 8 - 1 for mask in self._sheet.get_masks()[:3])
        pygame.display.set_caption("Burntout")
        pygame.mouse.set_visible(False)

    def memory(self) -> np.ndarray:
        """What the next flip shows, to be painted on: H x W x 4 bytes, red, green and blue where ``order`` says.

        Not of a window of OpenGL. Let go of it before the flip: while it lives the window's memory is locked.
        """
        width, height = self.size
        memory = np.frombuffer(self._sheet.get_buffer(), np.uint8)  # type: ignore[call-overload] # it is a buffer
        return np.ndarray((height, width, CHANNELS), np.uint8, memory, strides=(self._sheet.get_pitch(), CHANNELS, 1))

    def flip(self) -> None:
        """Show what was painted. With vsync this waits for the display. Raises ``WindowError`` when it is gone."""
        try:
            if self._sheet is not self._surface:
                self._surface.blit(self._sheet, (0, 0))
            self._pygame.display.flip()
        except self._pygame.error as error:
            raise WindowError(f"The window cannot be flipped any more ({error}).") from error

    def strokes(self) -> Iterator[Stroke]:
        """What the person at the keyboard has pressed, by SDL's names; ``quit`` when the window was closed."""
        for event in self._pygame.event.get():
            if event.type == self._pygame.QUIT:
                yield Stroke("quit")
            elif event.type == self._pygame.KEYDOWN:
                yield Stroke(self._pygame.key.name(event.key), shift=bool(event.mod & self._pygame.KMOD_SHIFT))

    def stand(self) -> None:
        """Put a window that covers the desktop back into its place, should somebody have moved it."""
        display = self._pygame.display
        if self._covering and display.get_window_position() != ORIGIN:
            display.set_window_position(ORIGIN)

    def close(self) -> None:
        """Give the display back."""
        self._pygame.display.quit()

    def _open(self, settings: StageSettings, covering: tuple[int, int] | None) -> pygame.Surface:
        display = _present(settings.display, self._pygame.display.get_num_displays())
        if covering:
            surface = self._mode(covering, self._pygame.NOFRAME, display)
            self._pygame.display.set_window_position(ORIGIN)
            return surface
        if self.headless:
            return self._mode((settings.width, settings.height), 0, display)
        width, height = self._pygame.display.get_desktop_sizes()[display]
        if settings.fullscreen:
            return self._mode((width, height), self._pygame.FULLSCREEN, display)
        return self._mode((min(settings.width, width), min(settings.height, height)), 0, display)

    def _mode(self, size: tuple[int, int], flags: int, display: int) -> pygame.Surface:
        """With vsync where there is a graphics card; without one SDL would only imitate it, at more CPU time."""
        set_mode = self._pygame.display.set_mode
        if self._opengl:
            flags |= self._ask_for_opengl()
        try:
            if not self.headless and has_graphics_card():
                return set_mode(size, flags, display=display, vsync=1)
        except self._pygame.error as error:
            log.info("No vsync on this display (%s); the stage keeps its own pace.", error)
        try:
            return set_mode(size, flags, display=display)
        except self._pygame.error as error:
            raise WindowError(f"No window of {size[0]} x {size[1]} pixels could be opened ({error}).") from error

    def _ask_for_opengl(self) -> int:
        sdl = self._pygame
        ask = sdl.display.gl_set_attribute
        ask(sdl.GL_CONTEXT_MAJOR_VERSION, GL_VERSION[0])
        ask(sdl.GL_CONTEXT_MINOR_VERSION, GL_VERSION[1])
        ask(sdl.GL_CONTEXT_PROFILE_MASK, sdl.GL_CONTEXT_PROFILE_CORE)
        ask(sdl.GL_DEPTH_SIZE, 0)
        return int(sdl.OPENGL | sdl.DOUBLEBUF)

    def _rate(self, wanted: float) -> float:
        """Flips per second to aim at: what was set, or with vsync a little more than the display's rate."""
        if not self.vsync:
            return wanted
        return self._pygame.display.get_current_refresh_rate() * UNHURRIED or wanted


def has_graphics_card() -> bool:
    """Whether a card's device is there; outside Linux it is taken for granted."""
    return sys.platform != "linux" or any(DEVICES.glob("dri/card*")) or (DEVICES / "nvidia0").exists()


def _start(sdl: ModuleType, candidates: tuple[str, ...]) -> tuple[str, str]:
    """The name of the driver that could be started, and what was wrong with those before it."""
    trouble = "" if len(candidates) > 1 else "neither DISPLAY nor WAYLAND_DISPLAY is set"
    for driver in candidates[:-1]:
        try:
            _initialise(sdl, driver)
        except sdl.error as error:
            trouble = f"{driver or 'the default driver'}: {error}"
        else:
            return sdl.display.get_driver(), trouble
    _initialise(sdl, candidates[-1])
    return sdl.display.get_driver(), trouble


def _offscreen(sdl: ModuleType, renderer: str) -> str:
    """SDL's driver that draws by OpenGL where there is no display: for whoever insists on that."""
    sdl.display.quit()
    if renderer != "gl":
        raise WindowError("There is no display, so OpenGL has nothing to draw on.")
    try:
        _initialise(sdl, "offscreen")
    except sdl.error as error:
        raise WindowError(f"There is no display, and no OpenGL without one ({error}).") from error
    return str(sdl.display.get_driver())


def _initialise(sdl: ModuleType, driver: str) -> None:
    os.environ["SDL_VIDEODRIVER"] = driver
    sdl.display.init()


def _present(wanted: int, count: int) -> int:
    """The display's number, or the first one's when there are not so many."""
    if wanted < count:
        return wanted
    log.warning("There is no display %d, only %d; the stage opens on display 0. See stage.display.", wanted, count)
    return 0


def _sheet(sdl: ModuleType, window: pygame.Surface) -> pygame.Surface:
    """What we paint on: the window's own memory, or for a display of 16 bits a sheet of 32 that is copied there."""
    return window if window.get_bytesize() == CHANNELS else sdl.Surface(window.get_size(), depth=8 * CHANNELS)
