"""The stage without a graphics card: OpenCV places, bends and blends the picture in 8 bits, SDL shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.easel import WITHOUT, Easel
from installation.stage.outputs import Output
from installation.stage.placement import Box
from installation.stage.warp import Warp, overlap
from installation.stage.window import CHANNELS, Window

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.stage.exposure import Exposure
    from installation.stage.patterns import Card


class Software:
    """A presenter for any machine. Allocates nothing per frame that has the size of the window."""

    objects = 0  # on a graphics card

    def __init__(self, window: Window, canvas: tuple[int, int], fit: str) -> None:
        """Paint into this window, from a canvas of this size (width, height) when it is cut into outputs."""
        self.window, self.canvas = window, canvas
        self._easel = Easel(fit, window.order)
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
            self._easel.draw(exposure, memory)
            return
        if self._sheet is None:
            self._sheet = np.zeros((self.canvas[1], self.canvas[0], CHANNELS), np.uint8)
        self._easel.draw(exposure, self._sheet)
        self._warp.draw(self._sheet, outputs, memory, exposure.opening)

    def _clear(self, memory: np.ndarray, places: set[Box]) -> None:
        """What is dark now must not show what it showed last."""
        if places != self._places:
            memory[:] = 0
            self._easel.forget()
            self._places = places

    def _lay(self, cards: Sequence[Card]) -> None:
        """Test cards over their outputs."""
        memory = self.window.memory()
        for card in cards:
            here, there = overlap(card.place, memory.shape)
            for colour, byte in enumerate(self.window.order):
                memory[here][..., byte] = card.pixels[there][..., colour]
