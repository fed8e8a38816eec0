"""The window: the only place that knows pygame. On a real display if one can be opened, else on SDL's dummy one."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.placement import Box, place

if TYPE_CHECKING:
    import pygame

    from installation.machine.settings import StageSettings
    from installation.records import Pixels

log = logging.getLogger(__name__)

HEADLESS = ("dummy", "offscreen")
UNHURRIED = 1.1  # times the display's rate: with vsync the display sets the pace, and ours only stops a lying driver
DEVICES = Path("/dev")
CHANNELS = 4  # bytes per pixel of the window: blue, green, red and one to spare, in the order its masks say


def drivers(environ: Mapping[str, str], platform: str) -> tuple[str, ...]:
    """SDL video drivers worth trying, best first; the empty name lets SDL choose, ``dummy`` needs no display."""
    if environ.get("SDL_VIDEODRIVER"):
        return (environ["SDL_VIDEODRIVER"], "dummy")
    if platform != "linux":
        return ("", "dummy")
    wanted = {"wayland": "WAYLAND_DISPLAY", "x11": "DISPLAY"}
    return (*(driver for driver, variable in wanted.items() if environ.get(variable)), "dummy")


class Window:
    """One window over one display, hidden cursor, black where the picture does not reach."""

    def __init__(self, settings: StageSettings) -> None:
        """Open it with the first driver that can; ``trouble`` says what was wrong with the others."""
        os.environ.update(PYGAME_HIDE_SUPPORT_PROMPT="1", SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS="0")
        import pygame

        self._pygame = pygame
        self.driver, self.trouble = _start(pygame, drivers(os.environ, sys.platform))
        self.headless = self.driver in HEADLESS
        self._surface = self._open(settings)
        self.size: tuple[int, int] = self._surface.get_size()
        self.rate = self._rate(settings.rate)
        self._sheet = _sheet(pygame, self._surface)
        self._order = tuple(mask.bit_length() // 8 - 1 for mask in self._sheet.get_masks()[:3])
        self._fit = settings.fit
        self._box = Box(0, 0, 0, 0)
        pygame.display.set_caption("Burntout")
        pygame.mouse.set_visible(False)

    def show(self, pixels: Pixels) -> None:
        """Scale H x W x 3 sRGB pixels into the window and flip. With vsync this waits for the display."""
        self._draw(pixels)
        if self._sheet is not self._surface:
            self._surface.blit(self._sheet, (0, 0))
        self._pygame.display.flip()

    def glance(self, width: int) -> Pixels:
        """What is in the window, as sRGB pixels, ``width`` of them across."""
        import cv2

        height = max(round(width * self.size[1] / self.size[0]), 1)
        small = cv2.resize(self._canvas(), (width, height), interpolation=cv2.INTER_AREA)
        return small[..., self._order]  # type: ignore[return-value] # cv2 knows no shapes

    def wishes(self) -> Iterator[str]:
        """What the person at the keyboard wants: ``escape``, ``q``, or ``quit`` when the window was closed."""
        for event in self._pygame.event.get():
            if event.type == self._pygame.QUIT:
                yield "quit"
            elif event.type == self._pygame.KEYDOWN and event.key in {self._pygame.K_ESCAPE, self._pygame.K_q}:
                yield self._pygame.key.name(event.key)

    def close(self) -> None:
        """Give the display back."""
        self._pygame.display.quit()

    def _draw(self, pixels: Pixels) -> None:
        """In a function of its own: while ``canvas`` lives the sheet is locked and cannot be flipped."""
        import cv2

        part, box = place((pixels.shape[1], pixels.shape[0]), self.size, self._fit)
        canvas = self._canvas()
        if box != self._box:  # only a picture of other proportions leaves something behind
            canvas[:] = 0
            self._box = box
        picture = np.zeros((part.height, part.width, CHANNELS), np.uint8)
        picture[..., self._order] = pixels[part.y : part.y + part.height, part.x : part.x + part.width]
        inside = canvas[box.y : box.y + box.height, box.x : box.x + box.width]
        cv2.resize(picture, (box.width, box.height), dst=inside, interpolation=cv2.INTER_CUBIC)

    def _canvas(self) -> np.ndarray:
        """The sheet's own memory, H x W x 4 bytes."""
        width, height = self.size
        memory = np.frombuffer(self._sheet.get_buffer(), np.uint8)  # type: ignore[call-overload] # it is a buffer
        return np.ndarray((height, width, CHANNELS), np.uint8, memory, strides=(self._sheet.get_pitch(), CHANNELS, 1))

    def _open(self, settings: StageSettings) -> pygame.Surface:
        display = _present(settings.display, self._pygame.display.get_num_displays())
        if self.headless:
            return self._mode((settings.width, settings.height), 0, display)
        width, height = self._pygame.display.get_desktop_sizes()[display]
        if settings.fullscreen:
            return self._mode((width, height), self._pygame.FULLSCREEN, display)
        return self._mode((min(settings.width, width), min(settings.height, height)), 0, display)

    def _mode(self, size: tuple[int, int], flags: int, display: int) -> pygame.Surface:
        """With vsync where there is a graphics card; without one SDL would only imitate it, at more CPU time."""
        set_mode = self._pygame.display.set_mode
        if not self.headless and _has_graphics_card():
            try:
                return set_mode(size, flags, display=display, vsync=1)
            except self._pygame.error as error:
                log.info("No vsync on this display (%s); the stage keeps its own pace.", error)
        return set_mode(size, flags, display=display)

    def _rate(self, wanted: float) -> float:
        """Flips per second to aim at: what was set, or with vsync a little more than the display's rate."""
        if self.headless or not self._pygame.display.is_vsync():
            return wanted
        return self._pygame.display.get_current_refresh_rate() * UNHURRIED or wanted


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


def _has_graphics_card() -> bool:
    return sys.platform != "linux" or any(DEVICES.glob("dri/card*")) or (DEVICES / "nvidia0").exists()
