"""The painter: from an exposure to the pixels of a framebuffer, with everything it needs on the card made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.gl.canvas import Canvas
from installation.stage.gl.holdings import BYTE, Holdings, Size
from installation.stage.gl.surfaces import Surfaces
from installation.stage.gl.table import Table

if TYPE_CHECKING:
    import moderngl

    from installation.records import Pixels
    from installation.stage.exposure import Exposure
    from installation.stage.outputs import Output
    from installation.stage.patterns import Card


class Painter:
    """Paints exposures into one framebuffer: a window's, or any other."""

    def __init__(self, gl: moderngl.Context, into: moderngl.Framebuffer, canvas: Size, fit: str) -> None:
        """``canvas`` is its size in pixels, ``fit`` how pictures of other proportions are placed on it."""
        self._gl = gl
        self._into = into
        self._copy = Holdings(gl)
        self._copied: moderngl.Framebuffer | None = None
        self._last: tuple[Sequence[Output], float, int] = (), 1.0, 0
        self._cards: Sequence[Card] = ()
        self.canvas = Canvas(gl, canvas, fit)
        self.surfaces = Surfaces(gl)
        self.table = Table(gl)

    def __len__(self) -> int:
        """How many GL objects there are."""
        return len(self.canvas) + len(self.surfaces) + len(self.table) + len(self._copy)

    def paint(self, exposure: Exposure, outputs: Sequence[Output]) -> None:
        """Draw it. Nothing is flipped."""
        self.canvas.draw(exposure)
        self._last, self._cards = (outputs, exposure.opening, exposure.turn), exposure.cards
        self._cut(self._into)

    def pixels(self) -> Pixels:
        """What was painted last, H x W x 3 uint8 sRGB: painted once more, for a window forgets what it has shown."""
        if self._copied is None:
            self._copied = self._copy.target(self._copy.texture(self._into.size, 4, BYTE))
        self._cut(self._copied)
        width, height = self._into.size
        rows = np.frombuffer(self._copied.read(components=3, alignment=1), np.uint8).reshape(height, width, 3)
        return rows[::-1]  # a framebuffer's first row is the lowest

    def _cut(self, into: moderngl.Framebuffer) -> None:
        """The canvas into its outputs, and the cards over them."""
        outputs, opening, turn = self._last
        self.surfaces.draw(self.canvas.texture, outputs, into, opening, turn)
        self.table.lay(self._cards, into)

    def free(self) -> None:
        """Give everything back."""
        self._into.use()  # which is not ours to free
        for owner in (self.canvas, self.surfaces, self.table, self._copy):
            owner.free()
        self._copied = None
