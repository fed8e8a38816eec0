"""The edges of a picture, as ControlNets are shown them: white lines on black (Canny 1986)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.images import by_pixels

if TYPE_CHECKING:
    from installation.records import Image, Pixels

WEAK, STRONG = 100, 200  # levels of 255 a pixel: what the first ControlNets were taught with


def edges(image: Image) -> Image:
    """B x 3 x H x W in -1 to 1 to its edges: 0 or 1, the same in every colour."""
    return (by_pixels(image, lines) + 1.0) / 2.0


def lines(pixels: Pixels) -> Pixels:
    """H x W x 3 uint8 sRGB to its edges, 255 where one is and 0 elsewhere."""
    import cv2
    import numpy as np

    drawn = cv2.Canny(np.ascontiguousarray(pixels), WEAK, STRONG)
    return np.repeat(drawn[:, :, np.newaxis], 3, axis=2)
