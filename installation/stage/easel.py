"""The easel: an exposure drawn by the processor, with OpenCV, in 8 bits: for windows and for whoever has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.light import encode, inverse
from installation.stage.overlay import Overlay, composed
from installation.stage.placement import Box, place
from installation.stage.window import CHANNELS

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.stage.exposure import Exposure

WITHOUT = "drawn without a graphics card: no smouldering, no film grain, no sharpness between pixels"
NOWHERE = Box(0, 0, 0, 0)


class Easel:
    """Draws on one canvas again and again, and remembers where it left something. Allocates none of its size."""

    def __init__(self, fit: str, order: tuple[int, ...]) -> None:
        """``fit`` places pictures of other proportions; ``order`` has the bytes of red, green and blue in a pixel."""
        self._fit, self._order = fit, order
        self._box, self._written = NOWHERE, False

    def forget(self) -> None:
        """Somebody has wiped the canvas."""
        self._box = NOWHERE

    def draw(self, exposure: Exposure, canvas: np.ndarray) -> None:
        """The picture in its place, black beside it, and what is written over both; H x W x 4 bytes."""
        pixels = encode(exposure.picture * np.float32(exposure.opening), exposure.turn)
        part, box = place((pixels.shape[1], pixels.shape[0]), (canvas.shape[1], canvas.shape[0]), self._fit)
        if box != self._box or self._written:  # only then was something left beside it
            canvas[:] = 0
            self._box = box
        self._place(pixels, part, canvas[box.y : box.y + box.height, box.x : box.x + box.width])
        self._written = bool(exposure.overlays)
        composed(canvas, _dimmed(exposure), self._order)

    def _place(self, pixels: Pixels, part: Box, inside: np.ndarray) -> None:
        import cv2

        picture = np.zeros((part.height, part.width, CHANNELS), np.uint8)
        picture[..., self._order] = pixels[part.y : part.y + part.height, part.x : part.x + part.width]
        cv2.resize(picture, inside.shape[1::-1], dst=inside, interpolation=cv2.INTER_CUBIC)


def _dimmed(exposure: Exposure) -> list[Overlay]:
    """The overlays in the light of the wall: in codes, of which an overlay is made, not in light."""
    shine = float(inverse(np.asarray(exposure.level * exposure.opening)))
    return [replace(overlay, opacity=overlay.opacity * shine) for overlay in exposure.overlays]
