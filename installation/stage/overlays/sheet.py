"""The sheet that an overlay is drawn on: inks, the soft dark plate that keeps them legible, lines and small pictures.

A plate is black with ``DARK`` alpha. Over pure white that leaves luminance 0.05, against which the ink has a contrast
above 7 and the fainter ones above 3 (WCAG 2.2, 1.4.3 and 1.4.11); over a dark picture it is hardly seen.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from installation.stage.overlays.lines import Block, baseline, fitted, mask

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.stage.overlay import Premultiplied
    from installation.stage.overlays.lines import Mask

    Ink = tuple[int, int, int]

INK, FAINT, HAIR, EMBER = (240, 236, 228), (186, 181, 172), (104, 100, 94), (246, 138, 62)
DARK = 0.76  # of a plate's middle
SAFE = 0.05  # of each side: what an overscanning display, a frame or a blended edge may take away
PAD, SOFT = 1.8, 0.4  # of a plate, in sizes: how far its sheet reaches beyond the contents, and how softly it ends
TIGHT = 0.45  # sizes by which it ends sooner above and below: lines have room there already, and plates stand close
REACH = 2.3  # times SOFT, where a Gaussian has all but ended
BETWEEN = 0.5  # sizes: least room between a label and its number
FINE = 4  # bits of a pixel that lines are drawn to


class Drawing(NamedTuple):
    """A finished sheet. The plate reaches ``pad`` pixels beyond its contents, which alone keep to the margins."""

    pixels: Premultiplied
    pad: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the contents, in pixels."""
        height, width = self.pixels.shape[:2]
        return width - 2 * self.pad, height - 2 * self.pad


class Sheet:
    """Something to draw on, width x height pixels with ``pad`` more all round. Places are counted from the contents."""

    def __init__(self, width: int, height: int, pad: int, ground: Mask) -> None:
        """Begin with a ground, the alpha of its black."""
        self.width, self.height, self._pad = width, height, pad
        self._pixels = np.zeros((*ground.shape, 4), np.uint8)
        self._pixels[..., 3] = ground

    def ink(self, ink: Mask, at: tuple[float, float], colour: Ink = INK) -> None:
        """Lay ink on, at whole pixels: letters drawn between them would be soft."""
        left, top = (round(place) + self._pad for place in at)
        under = self._pixels[max(top, 0) : top + ink.shape[0], max(left, 0) : left + ink.shape[1]]
        part = ink[max(-top, 0) :][: under.shape[0], max(-left, 0) :][:, : under.shape[1], None]
        share = part.astype(np.float32) / np.float32(255.0)
        under[:] = np.rint(under * (1.0 - share) + np.array((*colour, 255.0), np.float32) * share)

    def write(self, block: Block, at: tuple[float, float], colour: Ink = INK, align: str = "left") -> None:
        """Write a block with its top left corner there."""
        self.ink(mask(block, align), at, colour)

    def line(self, points: Sequence[tuple[float, float]], width: int, colour: Ink = INK) -> None:
        """Draw through points (x, y), ``width`` pixels wide."""
        import cv2

        if len(points) > 1:
            drawn = np.zeros(self._pixels.shape[:2], np.uint8)
            exact = np.rint((np.array(points) + self._pad) * 2**FINE).astype(np.int32)
            cv2.polylines(drawn, [exact], isClosed=False, color=255, thickness=width, lineType=cv2.LINE_AA, shift=FINE)
            self.ink(drawn, (-self._pad, -self._pad), colour)

    def rule(self, at: tuple[float, float], width: float, height: float, colour: Ink = HAIR) -> None:
        """Fill a rectangle."""
        self.ink(np.full((max(round(height), 1), max(round(width), 1)), 255, np.uint8), at, colour)

    def dot(self, at: tuple[float, float], radius: float, colour: Ink = EMBER) -> None:
        """Draw a round dot around a point."""
        import cv2

        drawn = np.zeros(self._pixels.shape[:2], np.uint8)
        x, y = (round((place + self._pad) * 2**FINE) for place in at)
        cv2.circle(drawn, (x, y), round(radius * 2**FINE), 255, -1, cv2.LINE_AA, FINE)
        self.ink(drawn, (-self._pad, -self._pad), colour)

    def picture(self, pixels: Pixels, at: tuple[int, int], size: tuple[int, int]) -> None:
        """Lay a small picture there, scaled to width x height."""
        import cv2

        left, top = (place + self._pad for place in at)
        self._pixels[top : top + size[1], left : left + size[0], :3] = cv2.resize(
            pixels, size, interpolation=cv2.INTER_AREA
        )
        self._pixels[top : top + size[1], left : left + size[0], 3] = 255

    def done(self) -> Drawing:
        """The sheet as it is."""
        return Drawing(self._pixels, self._pad)


def heading(sheet: Sheet, label: str, number: Block, colour: Ink = INK) -> None:
    """A label at the left of the first line, its number at the right; the label is smaller where both would touch."""
    words = fitted(label, number.cut, number.size, sheet.width - number.width - BETWEEN * number.size)
    sheet.write(words, (0, baseline(0, number.size) - baseline(0, words.size)))
    sheet.write(number, (sheet.width - number.width, 0), colour)


def plate(width: int, height: int, size: float) -> Sheet:
    """A sheet on a soft dark plate, for letters of ``size`` pixels."""
    pad = round(PAD * size)
    return Sheet(width, height, pad, _plate(width, height, pad, size))


def clear(width: int, height: int) -> Sheet:
    """A sheet without a ground, for what runs over a band."""
    return Sheet(width, height, 0, np.zeros((height, width), np.uint8))


def band(width: int, height: int, size: float) -> Drawing:
    """A plate from edge to edge, soft above and below. Its contents are ``height`` high."""
    pad = round(PAD * size)
    column = _plate(4 * pad + 1, height, pad, size)[:, 3 * pad]
    pixels = np.zeros((height + 2 * pad, width, 4), np.uint8)
    pixels[..., 3] = column[:, None]
    return Drawing(pixels, pad)


def placed(where: str, size: tuple[int, int], canvas: tuple[int, int], shift: float = 0.0) -> tuple[float, float]:
    """The top left corner (x, y) of contents of a size, within the safe margins of a canvas; sizes are width, height.

    ``shift`` moves away from the edge what stands at the top or the bottom, as others stand there already.
    """
    across = next((share for side, share in (("left", 0.0), ("right", 1.0)) if where.endswith(side)), 0.5)
    down = next((share for side, share in (("top", 0.0), ("bottom", 1.0)) if where.startswith(side)), 0.5)
    x, y = (edge * SAFE + (edge * (1 - 2 * SAFE) - side) * share
            for edge, side, share in zip(canvas, size, (across, down), strict=True))  # fmt: skip
    return round(x), round(y + shift * (1 if down < 1.0 else -1))


def alignment(where: str) -> str:
    """How text stands there: towards the nearer side."""
    return next((side for side in ("left", "right") if where.endswith(side)), "centre")


@functools.lru_cache(maxsize=16)
def _plate(width: int, height: int, pad: int, size: float) -> Mask:
    """Alpha of a plate: full behind the letters of its contents, gone at its rim, blurred between by a Gaussian."""
    import cv2

    across, down = round(REACH * SOFT * size), round((REACH * SOFT + TIGHT) * size)
    sharp = np.zeros((height + 2 * pad, width + 2 * pad), np.float32)
    sharp[down : sharp.shape[0] - down, across : sharp.shape[1] - across] = 255.0 * DARK
    blurred = cv2.GaussianBlur(sharp, (0, 0), max(SOFT * size, 0.3), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.rint(blurred), np.uint8)
