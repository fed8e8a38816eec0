"""A curve: a reading over time, beside a second one or what theory says, with its number now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from installation.readings.register import declared
from installation.stage.overlays.figures import NOTHING, Figures, figured, told
from installation.stage.overlays.lines import single
from installation.stage.overlays.sheet import EMBER, FAINT, INK, Drawing, Sheet, heading, plate

if TYPE_CHECKING:
    from installation.signs import Sign

Points = tuple[tuple[float, float], ...]
FINENESS = 600  # thin lines on a canvas so many pixels high; the reading's own is twice as wide
HEAD, FOOT = 1.75, 1.5  # lines above and below the field, in sizes
STEPS = 240  # points of a curve at most: more than can be told apart


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn: points (seconds ago, value) of the reading, a second one and theory; the axis; the number."""

    main: Points
    second: Points
    theory: Points
    low: float
    high: float
    now: str
    unit: str


def content(sign: Sign, figures: Figures) -> Curves:
    """The last ``sign.window`` seconds. The axis is the sign's, else the reading's with whatever lies beyond."""
    main, second = (_points(sign, figures, address) for address in (sign.reading, sign.second))
    theory = _theory(sign, figures)
    reading = declared().get(sign.reading)
    seen = [value for points in (main, second, theory) for _, value in points]
    low, high = _axis(sign, [reading.low, reading.high, *seen] if reading else seen)
    unit = sign.unit or (reading.unit if reading else "")
    return Curves(main, second, theory, low, high, told(figures.readings.get(sign.reading), ".3g"), unit)


def draw(curves: Curves, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """Label and number above, the field, and below it how far back it goes."""
    size, width, height = sign.size * canvas[1], round(sign.width * canvas[0]), round(sign.height * canvas[1])
    field = _Field(curves, sign.window, width, round(HEAD * size), height)
    sheet = plate(width, round((HEAD + FOOT) * size) + height, size)
    _head(sheet, curves, sign, size)
    sheet.rule((0, field.top), width, 1)
    sheet.rule((0, field.top + height), width, 1)
    stroke = max(round(canvas[1] / FINENESS), 1)
    sheet.line(field.through(curves.theory), stroke, FAINT)
    sheet.line(field.through(curves.second), stroke, INK)
    sheet.line(field.through(curves.main), 2 * stroke, EMBER)
    if curves.main:
        sheet.dot(field.through(curves.main)[-1], 2.5 * stroke)
    _foot(sheet, curves, sign, size)
    return sheet.done()


@dataclass(frozen=True, slots=True)
class _Field:
    """Where curves are drawn, in pixels."""

    curves: Curves
    window: float
    width: int
    top: int
    height: int

    def through(self, points: Points) -> list[tuple[float, float]]:
        """Points on the sheet; what lies beyond the axis runs along its edge."""
        span = self.curves.high - self.curves.low
        return [
            (
                self.width * (1.0 - ago / self.window),
                self.top + self.height * (1.0 - min(max((value - self.curves.low) / span, 0.0), 1.0)),
            )
            for ago, value in points
        ]


def _head(sheet: Sheet, curves: Curves, sign: Sign, size: float) -> None:
    number = single(f"{curves.now} {curves.unit}".strip() if curves.now != NOTHING else NOTHING, "figures", size)
    heading(sheet, sign.label or sign.reading.rpartition("/")[2], number, EMBER)


def _foot(sheet: Sheet, curves: Curves, sign: Sign, size: float) -> None:
    """Below the field: how far back it goes at the left, what the axis spans at the right."""
    small = 0.8 * size
    back = f"{sign.window:g} s" if sign.window < 120 else f"{sign.window / 60:g} min"  # noqa: PLR2004 - two minutes
    span = single(f"{figured(curves.low, '.3g')} to {figured(curves.high, '.3g')}", "figures", small)
    sheet.write(single(back, "figures", small), (0, sheet.height - span.height), FAINT)
    sheet.write(span, (sheet.width - span.width, sheet.height - span.height), FAINT)


def _points(sign: Sign, figures: Figures, address: str) -> Points:
    """A reading's past, thinned evenly where it has more points than can be seen."""
    if not address or figures.past is None:
        return ()
    ago, values = figures.past.of(address, sign.window)
    kept = np.unique(np.linspace(0, len(ago) - 1, min(len(ago), STEPS)).astype(int))
    return tuple((float(ago[place]), float(values[place])) for place in kept)


def _theory(sign: Sign, figures: Figures) -> Points:
    """Theory as a reading of its own, or as a level across the field."""
    if isinstance(sign.theory, str):
        return _points(sign, figures, sign.theory)
    return () if sign.theory is None else ((sign.window, sign.theory), (0.0, sign.theory))


def _axis(sign: Sign, spread: Sequence[float]) -> tuple[float, float]:
    """Both ends as the sign wants them, or as far as numbers go; it always has a length."""
    low = min(spread, default=0.0) if sign.low is None else sign.low
    high = max(spread, default=1.0) if sign.high is None else sign.high
    return low, high if high > low else low + 1.0
