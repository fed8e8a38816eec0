"""Curves over generations, drawn twice from one layout: into a picture with Pillow and into a page as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from PIL import ImageFont

if TYPE_CHECKING:
    from PIL import ImageDraw

    Ink = tuple[int, int, int]
    Point = tuple[float, float]

GROUND, INK, FAINT, HAIR = (14, 13, 12), (226, 222, 214), (142, 137, 128), (52, 49, 46)  # as on all our sheets
LIVE: Sequence[Ink] = ((238, 122, 48), (226, 196, 110), (122, 168, 190), (150, 170, 112))  # ember, straw, smoke, moss
TITLE, TEXT = 20, 14  # pixels
HEAD, FOOT, LEFT, RIGHT = 44, 30, 60, 130  # pixels around the field of curves: title, ticks, ticks, names
STEPS = (1.0, 2.0, 5.0, 10.0)  # between ticks, times a power of ten
MOST_TICKS = 5
APART = 18  # pixels between the names of curves that end close together


@dataclass(frozen=True, slots=True)
class Curve:
    """A number for every generation, the first of generation 0. Theory is drawn thin, what was measured thick.

    A theory that is called like a measured curve belongs to that one: it takes its ink, dimmed, and no name.
    """

    name: str
    values: Sequence[float]
    kind: Literal["measured", "theory"] = "measured"


@dataclass(frozen=True, slots=True)
class Panel:
    """One or more curves over the same generations. ``scale`` of the upright axis: linear begins at 0."""

    title: str
    unit: str
    curves: Sequence[Curve]
    scale: Literal["linear", "log"] = "linear"

    def span(self) -> tuple[float, float]:
        """The least and the largest number that the axis shows; on a logarithmic one whole powers of ten."""
        values = [value for curve in self.curves for value in curve.values if math.isfinite(value)]
        high = max(values, default=1.0)
        if self.scale == "log":
            low = 10.0 ** math.floor(math.log10(min(values, default=1.0)))
            return low, max(10.0 ** math.ceil(math.log10(high)), 10.0 * low)
        step = self._step(high)
        return 0.0, step * max(math.ceil(high / step - 1e-9), 1)

    def height(self, value: float) -> float:
        """Where a value stands between the foot (0) and the head (1) of the axis."""
        low, high = self.span()
        if self.scale == "log":
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """The numbers written at the axis."""
        low, high = self.span()
        if self.scale == "log":
            return [low * 10.0**power for power in range(round(math.log10(high / low)) + 1)]
        step = self._step(high)
        return [step * count for count in range(round(high / step) + 1)]

    def last(self) -> int:
        """The last generation of the longest curve, at least 1."""
        return max([1, *(len(curve.values) - 1 for curve in self.curves)])

    def _step(self, high: float) -> float:
        power = 10.0 ** math.floor(math.log10(high / MOST_TICKS)) if high > 0.0 else 0.1
        return next((step * power for step in STEPS if high / (step * power) <= MOST_TICKS), STEPS[-1] * power)


@dataclass(frozen=True, slots=True)
class Box:
    """Where a panel stands, in pixels."""

    left: float
    top: float
    width: float
    height: float

    def at(self, panel: Panel, generation: float, value: float) -> Point:
        """The pixel of a value at a generation."""
        field = self.height - HEAD - FOOT
        across = (self.width - LEFT - RIGHT) * generation / panel.last()
        return self.left + LEFT + across, self.top + HEAD + field * (1.0 - panel.height(value))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; ``dots`` marks each."""

    points: Sequence[Point]
    ink: Ink
    width: int
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a point; ``anchor`` as in Pillow: l, m, r across and a, m, s upright."""

    at: Point
    words: str
    size: int
    ink: Ink
    anchor: str


def drawing(panel: Panel, box: Box) -> Iterator[Stroke | Label]:
    """Everything that a panel consists of, the hindmost first."""
    yield Label((box.left + LEFT, box.top + TITLE), panel.title, TITLE, INK, "ls")
    yield Label((box.left + box.width - RIGHT, box.top + TITLE), panel.unit, TEXT, FAINT, "rs")
    yield from _axes(panel, box)
    inks = _inks(panel)
    for curve, ink in sorted(zip(panel.curves, inks, strict=True), key=lambda each: each[0].kind != "theory"):
        points = [box.at(panel, at, value) for at, value in enumerate(curve.values) if math.isfinite(value)]
        measured = curve.kind == "measured"
        yield Stroke(points, ink, 3 if measured else 2, measured)
    yield from _names(panel, box, inks)


def paint(pen: ImageDraw.ImageDraw, panel: Panel, box: Box, zoom: int = 1) -> None:
    """Draw a panel into a picture, ``zoom`` times as large as its box: made smaller again, its lines are soft."""
    for part in drawing(panel, box):
        if isinstance(part, Label):
            at = (part.at[0] * zoom, part.at[1] * zoom)
            pen.text(at, part.words, part.ink, ImageFont.load_default(part.size * zoom), anchor=part.anchor)
        else:
            points = [(x * zoom, y * zoom) for x, y in part.points]
            pen.line(points, part.ink, part.width * zoom, joint="curve")
            for point in points if part.dots else ():
                pen.circle(point, 1.4 * part.width * zoom, part.ink)


def svg(panel: Panel, width: int, height: int) -> str:
    """The panel as an SVG element of this size in pixels."""
    parts = "".join(map(_element, drawing(panel, Box(0, 0, width, height))))
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(panel.title)}">{parts}</svg>'


def short(value: float) -> str:
    """A number as it is said beside an axis or in a table: 0.008, 4.51, 57.8, 4,398."""
    for least, digits in ((100.0, 0), (10.0, 1), (1.0, 2)):
        if abs(value) >= least:
            return f"{round(value, digits):,g}" if digits else f"{value:,.0f}"
    return f"{round(value, 3):g}"


def _axes(panel: Panel, box: Box) -> Iterator[Stroke | Label]:
    low, last = panel.span()[0], panel.last()
    for tick in panel.ticks():
        start, end = box.at(panel, 0, tick), box.at(panel, last, tick)
        yield Stroke((start, end), HAIR, 1)
        yield Label((start[0] - 10, start[1]), short(tick), TEXT, FAINT, "rm")
    every = max(1, math.ceil(last / 10))
    for generation in range(0, last + 1, every):
        x, y = box.at(panel, generation, low)
        yield Label((x, y + 8), str(generation), TEXT, FAINT, "ma")


def _names(panel: Panel, box: Box, inks: Sequence[Ink]) -> Iterator[Label]:
    """Each curve's name at its end, pushed down where another stands there already."""
    ends = [
        (*box.at(panel, len(curve.values) - 1, curve.values[-1]), curve.name, ink)
        for curve, ink in zip(panel.curves, inks, strict=True)
        if len(panel.curves) > 1 and curve.values and math.isfinite(curve.values[-1]) and not _belongs(curve, panel)
    ]
    free = -math.inf
    for x, y, name, ink in sorted(ends, key=lambda end: end[1]):
        free = max(y, free + APART)
        yield Label((x + 12, free), name, TEXT, ink, "lm")


def _inks(panel: Panel) -> list[Ink]:
    measured = [curve.name for curve in panel.curves if curve.kind == "measured"]
    own = {name: LIVE[place % len(LIVE)] for place, name in enumerate(measured)}
    return [_dimmed(own.get(curve.name)) if curve.kind == "theory" else own[curve.name] for curve in panel.curves]


def _dimmed(ink: Ink | None) -> Ink:
    """Halfway to the ground; without an ink what all theory is drawn in."""
    if ink is None:
        return FAINT
    red, green, blue = ((one + other) // 2 for one, other in zip(ink, GROUND, strict=True))
    return red, green, blue


def _belongs(curve: Curve, panel: Panel) -> bool:
    return curve.kind == "theory" and any(curve.name == each.name for each in panel.curves if each.kind == "measured")


def _element(part: Stroke | Label) -> str:
    colour = "#{:02x}{:02x}{:02x}".format(*part.ink)
    if isinstance(part, Label):
        across = {"l": "start", "m": "middle", "r": "end"}[part.anchor[0]]
        drop = {"a": 0.8, "m": 0.35, "s": 0.0}[part.anchor[1]] * part.size
        return (
            f'<text x="{part.at[0]:.1f}" y="{part.at[1] + drop:.1f}" font-size="{part.size}" fill="{colour}" '
            f'text-anchor="{across}">{escape(part.words)}</text>'
        )
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in part.points)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{part.width}"/>'
    radius = 1.4 * part.width
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>' for x, y in part.points)
    return line + ("".join(dots) if part.dots else "")
