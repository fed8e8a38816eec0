"""A text: one line, such as a title or a label with a figure in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.stage.overlays.figures import Figures, filled
from installation.stage.overlays.lines import length, single
from installation.stage.overlays.sheet import SAFE, Drawing, plate

if TYPE_CHECKING:
    from installation.signs import Sign


def content(sign: Sign, figures: Figures) -> str | None:
    """The line with its figures; None for nothing."""
    return filled(sign.text, figures).strip() or None


def draw(words: str, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """The line on a plate, smaller than asked for if it would not fit between the margins."""
    size, room = sign.size * canvas[1], canvas[0] * (1 - 2 * SAFE)
    wide = length(" ".join(words.split()), "figures", size)
    block = single(words, "figures", size * min(1.0, room / max(wide, 1.0)))
    sheet = plate(block.width, block.height, block.size)
    sheet.write(block, (0, 0))
    return sheet.done()
