"""A counter: one large number, its unit beside it and what it counts above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.stage.overlays.figures import NOTHING, Figures, filled
from installation.stage.overlays.lines import ASCENT, single
from installation.stage.overlays.sheet import FAINT, INK, Drawing, plate

if TYPE_CHECKING:
    from installation.signs import Sign

SMALL = 0.24  # of the number's size: the unit and the label
LEAST = 0.02  # of the canvas's height: and no smaller than this
GAP = 0.1  # between number and unit, in the number's size
TRIM = 0.17  # of the number's size: figures do not reach as high as a line allows


def content(sign: Sign, figures: Figures) -> str | None:
    """The number in its format; None for nothing."""
    return filled(sign.text, figures).strip() or None


def draw(words: str, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """Number and unit on one baseline."""
    size = sign.size * canvas[1]
    small = max(SMALL * size, LEAST * canvas[1])
    label, number, unit = (single(sign.label, "figures", small), single(words, "figures", size),
                           single(sign.unit, "figures", small))  # fmt: skip
    top = round(label.height * 1.05 - TRIM * size) if sign.label else -round(TRIM * size)
    beside = number.width + round(GAP * size) * bool(sign.unit)
    sheet = plate(max(label.width, beside + unit.width * bool(sign.unit)), top + number.height, small)
    sheet.write(label, (0, 0), FAINT)
    sheet.write(number, (0, top), FAINT if words == NOTHING else INK)
    sheet.write(unit, (beside, top + ASCENT * (size - small)), FAINT)
    return sheet.done()
