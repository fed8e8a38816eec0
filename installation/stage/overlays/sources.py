"""Sources: the pictures that something was made from, small, each with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.stage.overlays.figures import Figures, Source
from installation.stage.overlays.lines import length, single
from installation.stage.overlays.sheet import FAINT, Drawing, Sheet, plate

if TYPE_CHECKING:
    import numpy as np

    from installation.signs import Sign

MOST = 12  # pictures in a row
GAP = 0.7  # between pictures, in sizes
HEAD, FOOT = 1.7, 1.6  # lines above and below the pictures, in sizes


def content(sign: Sign, figures: Figures) -> tuple[Source, ...] | None:  # noqa: ARG001 - asked as every kind is
    """The sources that were named last; None for none."""
    return figures.sources[:MOST] or None


def draw(sources: tuple[Source, ...], sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """As many pictures as go into the width, in a row, as high as the sign says."""
    size, high = sign.size * canvas[1], max(round(sign.height * canvas[1]), 2)
    step = high + round(GAP * size)
    shown = sources[: max(int((sign.width * canvas[0] + GAP * size) // step), 1)]
    top = round(HEAD * size) if sign.label else 0
    label = single(sign.label, "figures", size)
    width = max(step * len(shown) - round(GAP * size), label.width * bool(sign.label))
    sheet = plate(width, top + high + round(FOOT * size), size)
    sheet.write(label, (0, 0))
    for place, source in enumerate(shown):
        sheet.picture(_square(source), (place * step, top), (high, high))
        _name(sheet, source.name, (place * step, top + high), high, size)
    return sheet.done()


def _square(source: Source) -> np.ndarray:
    """The middle of a picture."""
    height, width = source.pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return source.pixels[top : top + side, left : left + side]


def _name(sheet: Sheet, name: str, at: tuple[int, int], room: int, size: float) -> None:
    """A name below its picture, as far as it goes."""
    small = 0.75 * size
    while name and length(name, "figures", small) > room:
        name = f"{name.rstrip('…')[:-1]}…" if len(name) > 1 and name != "…" else ""
    sheet.write(single(name, "figures", small), (at[0], at[1] + 0.3 * size), FAINT)
