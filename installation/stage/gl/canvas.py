"""The canvas: light in any size, 16 bits a channel. The picture in its place, and over it letters and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from installation.stage.exposure import Exposure
from installation.stage.gl.fire import Fire
from installation.stage.gl.holdings import HALF, SINGLE, Holdings, Size, draw
from installation.stage.gl.lettering import Lettering
from installation.stage.placement import Box, place
from installation.stage.smoulder import beats

if TYPE_CHECKING:
    import moderngl

    from installation.stage.light import Light

STANDS = 1.0 / 24.0  # seconds: one grain of film


class Canvas:
    """What all outputs are cut from. Row 0 of its texture is the top."""

    def __init__(self, gl: moderngl.Context, size: Size, fit: str) -> None:
        """Make it ``size`` pixels large; ``fit`` says how a picture of other proportions is placed."""
        self.size = size
        self._fit = fit
        self._held = Holdings(gl)
        self.texture = self._held.texture(size, 4, HALF)
        self._target = self._held.target(self.texture)
        self._framed = self._held.drawing("whole", "picture")
        self._letters = self._held.drawing("whole", "letters")
        self._sheet = Holdings(gl)
        self._picture: moderngl.Texture | None = None
        self.fire = Fire(gl)
        self.lettering = Lettering(gl, size)

    def __len__(self) -> int:
        """How many GL objects there are."""
        return len(self._held) + len(self._sheet) + len(self.fire) + len(self.lettering)

    def draw(self, exposure: Exposure) -> None:
        """Everything that this flip shows."""
        picture = self.fire.burnt(self.uploaded(exposure.picture), exposure.smoulder, exposure.level)
        self.lay(picture, self.lettering.written(exposure.overlays), exposure)

    def uploaded(self, light: Light) -> moderngl.Texture:
        """The picture on the card: 32 bits a channel, so that nothing is converted on the way."""
        height, width = light.shape[:2]
        if self._picture is None or self._picture.size != (width, height):
            self._sheet.free()
            self._picture = self._sheet.texture((width, height), 3, SINGLE)
        self._picture.write(np.ascontiguousarray(light))
        return self._picture

    def lay(self, picture: moderngl.Texture, ink: moderngl.Texture | None, exposure: Exposure) -> None:
        """Draw the picture in its place, on black, and what is written over both."""
        part, box = place(picture.size, self.size, self._fit)
        self._target.use()
        self._target.viewport = 0, 0, *self.size
        self._target.clear()
        light = {"level": exposure.level, "opening": exposure.opening}
        if ink:
            ink.use(0)
            draw(self._letters, ink=0, **light)
        self._target.viewport = box
        picture.use(0)
        (ink or picture).use(1)
        turn, _ = beats(exposure.seconds, STANDS)
        where = {"part": _fractions(part, picture.size), "box": box}
        draw(self._framed, picture=0, ink=1, inked=ink is not None, grain=exposure.grain, turn=turn, **where, **light)

    def free(self) -> None:
        """Give everything back."""
        for owner in (self.lettering, self.fire, self._sheet, self._held):
            owner.free()
        self._picture = None


def _fractions(part: Box, size: Size) -> tuple[float, float, float, float]:
    return part.x / size[0], part.y / size[1], part.width / size[0], part.height / size[1]
