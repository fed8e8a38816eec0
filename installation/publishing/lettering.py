"""How our sheets are written: warm ink on a dark ground, in the typeface that Pillow carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ImageFont

if TYPE_CHECKING:
    from PIL import ImageDraw

GROUND, INK, FAINT = (14, 13, 12), (226, 222, 214), (128, 123, 115)  # warm, so that burnt greys beside it stay neutral


def write(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    size: int,
    ink: tuple[int, int, int],
    *,
    anchor: str = "la",
) -> None:
    """Write words ``size`` pixels high; ``anchor`` says which point of them is ``at`` (Pillow: la is left, above)."""
    pen.text(at, words, ink, ImageFont.load_default(size), anchor=anchor)
