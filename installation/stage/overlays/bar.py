"""A bar: a reading as a length, such as how much of the origin is still remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.readings.register import declared
from installation.stage.overlays.figures import Figures, number, told
from installation.stage.overlays.lines import single
from installation.stage.overlays.sheet import EMBER, HAIR, Drawing, heading, plate

if TYPE_CHECKING:
    from installation.signs import Sign

GAP = 0.35  # between words and bar, in sizes


@dataclass(frozen=True, slots=True)
class Length:
    """How long the bar is, 0 to 1, and what stands above it."""

    share: float
    said: str


def content(sign: Sign, figures: Figures) -> Length:
    """The reading between the ends of its axis; without a number the bar is empty."""
    taken, reading = figures.readings.get(sign.reading), declared().get(sign.reading)
    low = sign.low if sign.low is not None else (reading.low if reading else 0.0)
    high = sign.high if sign.high is not None else (reading.high if reading else 1.0)
    value = number(taken)
    share = (value - low) / (high - low) if high > low and math.isfinite(value) else 0.0
    unit = sign.unit or (reading.unit if reading else "")
    return Length(round(min(max(share, 0.0), 1.0), 3), f"{told(taken, '.2f')} {unit}".strip())


def draw(length: Length, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """Label and number above a thin bar."""
    size, width = sign.size * canvas[1], round(sign.width * canvas[0])
    thick = max(round(sign.height * canvas[1]), 2)
    said = single(length.said, "figures", size)
    top = said.height + round(GAP * size)
    sheet = plate(width, top + thick, size)
    heading(sheet, sign.label or sign.reading.rpartition("/")[2], said)
    sheet.rule((0, top), width, thick, HAIR)
    if length.share > 0.0:
        sheet.rule((0, top), width * length.share, thick, EMBER)
    return sheet.done()
