"""Where a picture goes in a window: whole between black bars, or filling it and losing its edges."""

from __future__ import annotations

from typing import Literal, NamedTuple

Fit = Literal["contain", "cover"]


class Box(NamedTuple):
    """A rectangle in pixels, from the top left."""

    x: int
    y: int
    width: int
    height: int


def place(picture: tuple[int, int], window: tuple[int, int], fit: str) -> tuple[Box, Box]:
    """Which part of the picture is shown, and where in the window. Sizes are (width, height) in pixels, at least 1.

    ``contain`` shows the whole picture as large as fits; ``cover`` fills the window with its middle.
    Proportions are kept to the nearest pixel.
    """
    if fit == "cover":
        return _inscribed(window, picture), Box(0, 0, *window)
    return Box(0, 0, *picture), _inscribed(picture, window)


def _inscribed(shape: tuple[int, int], frame: tuple[int, int]) -> Box:
    """The largest rectangle with the proportions of ``shape`` in the middle of ``frame``."""
    scale = min(frame[0] / shape[0], frame[1] / shape[1])
    width, height = (min(max(round(side * scale), 1), most) for side, most in zip(shape, frame, strict=True))
    return Box((frame[0] - width) // 2, (frame[1] - height) // 2, width, height)
