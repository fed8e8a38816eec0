"""A caption: prose in a few even lines, in any of the scripts, in a corner or in the middle of an edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.stage.overlays.figures import Figures, filled
from installation.stage.overlays.lines import wrapped
from installation.stage.overlays.sheet import Drawing, alignment, plate

if TYPE_CHECKING:
    from installation.signs import Sign


def content(sign: Sign, figures: Figures) -> str | None:
    """What is said now: what somebody said live, or the scene's own words; None for nothing."""
    return figures.caption.strip() or filled(sign.text, figures).strip() or None


def draw(words: str, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """The words on a plate that is no larger than they need. ``canvas`` is width and height in pixels."""
    size = sign.size * canvas[1]
    block = wrapped(words, "prose", size, sign.width * canvas[0])
    sheet = plate(block.width, block.height, size)
    sheet.write(block, (0, 0), align=alignment(sign.where))
    return sheet.done()
