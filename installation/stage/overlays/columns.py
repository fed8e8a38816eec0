"""Columns: prose side by side, one for each generation of a text that collapses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from installation.stage.overlays.figures import Figures
from installation.stage.overlays.lines import LEADING, Block, single, wrapped
from installation.stage.overlays.sheet import EMBER, HAIR, Drawing, plate

if TYPE_CHECKING:
    from installation.signs import Sign

Columns = tuple[tuple[str, str], ...]
GUTTER = 1.4  # between columns, in sizes
HEAD = 1.9  # from a head to its text, in sizes


def content(sign: Sign, figures: Figures) -> Columns | None:
    """The columns that came last, else the scene's own; None for none."""
    return figures.columns or sign.columns or None


def draw(columns: Columns, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """Heads above a hairline, texts below it, all in one size; a text that is too long ends with an ellipsis."""
    size, width, height = sign.size * canvas[1], round(sign.width * canvas[0]), round(sign.height * canvas[1])
    gutter = GUTTER * size
    each = (width - gutter * (len(columns) - 1)) / len(columns)
    room = math.floor((height / size - HEAD) / LEADING)
    texts = [_shortened(wrapped(text, "prose", size, each), room) for _, text in columns]
    tallest = max(text.height for text in texts)
    sheet = plate(width, round(HEAD * size) + tallest, size)
    for place, ((head, _), text) in enumerate(zip(columns, texts, strict=True)):
        left = round(place * (each + gutter))
        sheet.write(single(head, "figures", size), (left, 0), EMBER)
        sheet.rule((left, 1.55 * size), each, 1, HAIR)
        sheet.write(text, (left, HEAD * size))
    return sheet.done()


def _shortened(block: Block, room: int) -> Block:
    """As many lines as there is room for."""
    if len(block.lines) <= max(room, 1):
        return block
    kept = [*block.lines[: max(room, 1)]]
    kept[-1] = f"{kept[-1].rpartition(' ')[0]}…"
    return wrapped("\n".join(kept), block.cut, block.size, block.width + block.size)
