"""The darkroom: exposures printed as the stage shows them, where there is no window: for films of the wall.

By OpenGL, also where the processor plays the card if something burns: a film may take its time. Else by the easel, as
the stage draws without a graphics card.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from installation.stage.easel import WITHOUT, Easel
from installation.stage.gl.painter import Painter
from installation.stage.graphics import GraphicsError, errors, is_emulated, standalone
from installation.stage.outputs import whole
from installation.stage.window import CHANNELS

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.stage.exposure import Exposure

log = logging.getLogger(__name__)

ORDER = (0, 1, 2)  # red, green and blue, as everywhere but in windows
Size = tuple[int, int]


class Printer(Protocol):
    """Prints exposures of one size."""

    def printed(self, exposure: Exposure) -> Pixels:
        """What a window of this size would show, H x W x 3 uint8 sRGB; good until the next one is asked for."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class ByCard:
    """With all that a graphics card adds: smouldering, grain, sharpness. ``emulated``: the processor plays the card."""

    def __init__(self, canvas: Size, fit: str) -> None:
        """``canvas`` is width and height in pixels. Raises ``GraphicsError`` where there is no OpenGL."""
        self._gl, self._outputs = standalone(), (whole(*canvas),)
        self.emulated = is_emulated(str(self._gl.info["GL_RENDERER"]))  # asked while the context is current
        with errors(), self._gl:
            self._sheet = self._gl.texture(canvas, CHANNELS)
            self._target = self._gl.framebuffer([self._sheet])
            self._painter = Painter(self._gl, self._target, canvas, fit)

    def printed(self, exposure: Exposure) -> Pixels:
        """As ``Printer`` says. Raises ``GraphicsError`` when the card fails."""
        width, height = self._target.size
        with errors(), self._gl:
            self._painter.paint(exposure, self._outputs)
            rows = np.frombuffer(self._target.read(components=3, alignment=1), np.uint8)
        return rows.reshape(height, width, 3)[::-1]  # a framebuffer's first row is the lowest

    def close(self) -> None:
        """Give the context back, and with it all that was made in it."""
        with errors():
            self._gl.release()


class ByHand:
    """As the stage does it without a graphics card."""

    def __init__(self, canvas: Size, fit: str) -> None:
        """``canvas`` is width and height in pixels."""
        self._easel = Easel(fit, ORDER)
        self._canvas = np.zeros((canvas[1], canvas[0], CHANNELS), np.uint8)

    def printed(self, exposure: Exposure) -> Pixels:
        """As ``Printer`` says."""
        self._easel.draw(exposure, self._canvas)
        return self._canvas[..., :3]

    def close(self) -> None:
        """There is nothing to give back."""


def opened(
    canvas: Size, fit: str = "contain", *, burns: bool = True, by_card: Callable[[Size, str], ByCard] = ByCard
) -> Printer:
    """The printer for a ``canvas`` of width x height pixels; ``burns``: whether anything smoulders, or is grainy.

    Where the processor would play the card it does so only for that: it takes ten times as long.
    """
    try:
        card = by_card(canvas, fit)
    except GraphicsError as refusal:
        if burns:
            log.warning("%s The film is %s.", refusal, WITHOUT)
        return ByHand(canvas, fit)
    if burns or not card.emulated:
        return card
    card.close()
    return ByHand(canvas, fit)
