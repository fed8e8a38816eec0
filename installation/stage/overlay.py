"""An overlay: a piece of text or drawing over the picture, in the canvas's pixels; and laying it there without a card.

Colours are sRGB codes with premultiplied alpha: what shines through is ``code * (1 - alpha)``, as in any compositor
that works on codes. Text edges come out as their designers meant them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    #: H x W x 4 uint8: sRGB codes times alpha, and alpha.
    Premultiplied = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

RGB = (0, 1, 2)
KEPT = 32  # drawings that are kept ready for laying
_revisions = itertools.count(1)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """``pixels`` lie with their top left corner ``at`` (x, y) in canvas pixels, fractions and the outside included.

    Equal ``revision`` means the same pixels: whoever keeps them somewhere need not fetch them again. ``opacity`` is
    from 0, not there, to 1, as drawn.
    """

    pixels: Premultiplied
    at: tuple[float, float]
    revision: int
    opacity: float = 1.0


def revision() -> int:
    """A number that no other drawing of this process has."""
    return next(_revisions)


def composed(pixels: np.ndarray, overlays: Sequence[Overlay], order: tuple[int, ...] = RGB) -> np.ndarray:
    """Lay overlays over a picture of uint8 sRGB codes, the first hindmost. It is changed in place, and returned.

    ``pixels`` is H x W x 3, or x 4 with one channel to spare, which is left as it is; ``order`` says where its red,
    green and blue are. Off by at most one code from exact arithmetic. Without overlays nothing is touched.
    """
    for overlay in overlays:
        if overlay.opacity > 0.0:
            _lay(pixels, overlay, order)
    return pixels


def _lay(pixels: np.ndarray, overlay: Overlay, order: tuple[int, ...]) -> None:
    """Multiply by what shines through, and add the ink: two passes over the part that is covered."""
    import cv2

    left, top = math.floor(overlay.at[0]), math.floor(overlay.at[1])
    area = _overlap((top, left), overlay.pixels.shape, pixels.shape)
    if area is None or pixels.size == 0:
        return
    here, there = area
    share = overlay.at[0] - left, overlay.at[1] - top
    halves = _halves(_Asked(overlay.revision, pixels.shape[2], order, overlay))
    through, ink = (_faded(_moved(half, there, share), overlay.opacity) for half in halves)
    under = pixels[here]
    cv2.subtract(under, cv2.multiply(under, through, scale=1.0 / 255.0), dst=under)
    cv2.add(under, ink, dst=under)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A drawing in the channels of a picture; the same one as long as its revision is."""

    revision: int
    channels: int
    order: tuple[int, ...]
    overlay: Overlay = field(compare=False)


@functools.lru_cache(maxsize=KEPT)
def _halves(asked: _Asked) -> tuple[np.ndarray, np.ndarray]:
    """What a drawing takes away (its alpha) and what it adds (its ink), in the channels of the picture.

    Both are one pixel wider all round. A channel to spare loses and gets nothing.
    """
    height, width = asked.overlay.pixels.shape[:2]
    covered, ink = np.zeros((2, height + 2, width + 2, asked.channels), np.uint8)
    for place, channel in enumerate(asked.order):
        covered[1:-1, 1:-1, channel] = asked.overlay.pixels[..., 3]
        ink[1:-1, 1:-1, channel] = asked.overlay.pixels[..., place]
    return covered, ink


def _overlap(
    at: tuple[int, int], drawn: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Which part of the picture is covered, and which part of the drawing covers it (rows, columns); None where none.

    A drawing that stands between pixels reaches one pixel further right and down.
    """
    spans = [_span(start, size + 1, most) for start, size, most in zip(at, drawn, shape[:2], strict=False)]
    if any(first >= last for first, last in spans):
        return None
    rows, columns = (slice(first, last) for first, last in spans)
    down, across = (slice(first - start, last - start) for (first, last), start in zip(spans, at, strict=True))
    return (rows, columns), (down, across)


def _span(start: int, size: int, most: int) -> tuple[int, int]:
    return max(start, 0), min(start + size, most)


def _moved(half: np.ndarray, part: tuple[slice, slice], share: tuple[float, float]) -> np.ndarray:
    """A part of a drawing, moved right and down by a share of a pixel: the mean of neighbours, so that it glides."""
    import cv2

    across, down = share
    moved = _neighbour(half, part, 0, 0)
    if across:
        moved = cv2.addWeighted(moved, 1.0 - across, _neighbour(half, part, 0, 1), across, 0.0)
    if down:
        above = _neighbour(half, part, 1, 0)
        if across:
            above = cv2.addWeighted(above, 1.0 - across, _neighbour(half, part, 1, 1), across, 0.0)
        moved = cv2.addWeighted(moved, 1.0 - down, above, down, 0.0)
    return moved


def _neighbour(half: np.ndarray, part: tuple[slice, slice], up: int, left: int) -> np.ndarray:
    """The same part, seen one pixel further up or left."""
    rows, columns = part
    shifted = rows.start + 1 - up, rows.stop + 1 - up, columns.start + 1 - left, columns.stop + 1 - left
    return half[shifted[0] : shifted[1], shifted[2] : shifted[3]]


def _faded(half: np.ndarray, opacity: float) -> np.ndarray:
    import cv2

    return half if opacity >= 1.0 else cv2.convertScaleAbs(half, alpha=opacity)
