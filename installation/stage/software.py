"""The stage without a graphics card: OpenCV places, bends and blends the picture in 8 bits, SDL shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.light import encode, inverse
from installation.stage.outputs import Output
from installation.stage.overlay import Overlay, composed
from installation.stage.placement import Box, place
from installation.stage.warp import Warp, overlap
from installation.stage.window import CHANNELS, Window

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.stage.exposure import Exposure
    from installation.stage.patterns import Card

WITHOUT = "drawn without a graphics card: no smouldering, no film grain, no sharpness between pixels"
NOWHERE = Box(0, 0, 0, 0)


class Software:
    """A presenter for any machine. Allocates nothing per frame that has the size of the window."""

    objects = 0  # on a graphics card

    def __init__(self, window: Window, canvas: tuple[int, int], fit: str) -> None:
        """Paint into this window, from a canvas of this size (width, height) when it is cut into outputs."""
        self.window, self.canvas = window, canvas
        self._fit = fit
        self._box = NOWHERE
        self._written = False
        self._places: set[Box] = set()
        self._sheet: np.ndarray | None = None
        self._warp = Warp(canvas, window.order)

    def show(self, exposure: Exposure, outputs: Sequence[Output]) -> None:
        """Paint, and flip; no outputs are one over the whole window. Raises ``WindowError`` when the window is gone."""
        self._paint(exposure, outputs)
        self._lay(exposure.cards)
        self.window.flip()

    def glance(self, width: int) -> Pixels:
        """What is in the window, as sRGB pixels, ``width`` of them across."""
        import cv2

        height = max(round(width * self.window.size[1] / self.window.size[0]), 1)
        small = cv2.resize(self.window.memory(), (width, height), interpolation=cv2.INTER_AREA)
        return small[..., self.window.order]  # type: ignore[return-value] # cv2 knows no shapes

    def describe(self) -> str:
        """What it can do, in words that follow a comma."""
        return WITHOUT

    def close(self) -> None:
        """Give the display back."""
        self.window.close()

    def _paint(self, exposure: Exposure, outputs: Sequence[Output]) -> None:
        """In a function of its own: while the window's memory lives it is locked and cannot be flipped."""
        memory = self.window.memory()
        self._clear(memory, {output.place for output in outputs} | {card.place for card in exposure.cards})
        if not outputs:
            self._draw(exposure, memory)
            return
        if self._sheet is None:
            self._sheet = np.zeros((self.canvas[1], self.canvas[0], CHANNELS), np.uint8)
        self._draw(exposure, self._sheet)
        self._warp.draw(self._sheet, outputs, memory, exposure.opening)

    def _clear(self, memory: np.ndarray, places: set[Box]) -> None:
        """What is dark now must not show what it showed last."""
        if places != self._places:
            memory[:] = 0
            self._box, self._places = NOWHERE, places

    def _lay(self, cards: Sequence[Card]) -> None:
        """Test cards over their outputs."""
        memory = self.window.memory()
        for card in cards:
            here, there = overlap(card.place, memory.shape)
            for colour, byte in enumerate(self.window.order):
                memory[here][..., byte] = card.pixels[there][..., colour]

    def _draw(self, exposure: Exposure, canvas: np.ndarray) -> None:
        """The picture in its place, black beside it, and what is written over both."""
        pixels = encode(exposure.picture * np.float32(exposure.opening), exposure.turn)
        part, box = place((pixels.shape[1], pixels.shape[0]), (canvas.shape[1], canvas.shape[0]), self._fit)
        if box != self._box or self._written:  # only then was something left beside it
            canvas[:] = 0
            self._box = box
        self._place(pixels, part, canvas[box.y : box.y + box.height, box.x : box.x + box.width])
        self._written = bool(exposure.overlays)
        composed(canvas, _dimmed(exposure), self.window.order)

    def _place(self, pixels: Pixels, part: Box, inside: np.ndarray) -> None:
        import cv2

        picture = np.zeros((part.height, part.width, CHANNELS), np.uint8)
        picture[..., self.window.order] = pixels[part.y : part.y + part.height, part.x : part.x + part.width]
        cv2.resize(picture, inside.shape[1::-1], dst=inside, interpolation=cv2.INTER_CUBIC)


def _dimmed(exposure: Exposure) -> list[Overlay]:
    """The overlays in the light of the wall: in codes, of which an overlay is made, not in light."""
    shine = float(inverse(np.asarray(exposure.level * exposure.opening)))
    return [replace(overlay, opacity=overlay.opacity * shine) for overlay in exposure.overlays]
