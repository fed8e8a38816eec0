"""What stands still: a sign drawn once, and again when what it shows has changed, never between two flips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from installation.stage.overlay import Overlay, revision
from installation.stage.overlays import bar, caption, columns, counter, curve, ladder, sources, text
from installation.stage.overlays.fade import towards
from installation.stage.overlays.figures import Figures
from installation.stage.overlays.hand import made
from installation.stage.overlays.sheet import Drawing, placed

if TYPE_CHECKING:
    from installation.signs import Sign

EVERY = 0.5  # seconds between two drawings: faster, nobody could read it, and three times a second it would flicker


class Kind(NamedTuple):
    """How a kind of sign is made: what it shows now, if anything, and how that is drawn.

    What it shows is a value: while it is equal, nothing is drawn. ``dissolves`` where a new drawing is another thing
    than the one before and not the same with other numbers.
    """

    content: Callable[[Sign, Figures], Any]
    draw: Callable[[Any, Sign, tuple[int, int]], Drawing]
    dissolves: bool = False


KINDS: Mapping[str, Kind] = {
    "caption": Kind(caption.content, caption.draw, dissolves=True),
    "text": Kind(text.content, text.draw),
    "counter": Kind(counter.content, counter.draw),
    "curve": Kind(curve.content, curve.draw),
    "bar": Kind(bar.content, bar.draw),
    "ladder": Kind(ladder.content, ladder.draw),
    "columns": Kind(columns.content, columns.draw, dissolves=True),
    "sources": Kind(sources.content, sources.draw, dissolves=True),
}


@dataclass(frozen=True, slots=True)
class _Layer:
    """A drawing on its way in (the last one) or out (those before it)."""

    drawing: Drawing
    revision: int
    opacity: float = 0.0


class Still:
    """One sign with its drawings. ``hand`` draws; whoever shows them is never kept waiting."""

    def __init__(self, sign: Sign, hand: Executor) -> None:
        """Nothing is drawn yet."""
        self._sign, self._hand, self._kind = sign, hand, KINDS[sign.kind]
        self._layers: list[_Layer] = []
        self._wanted: object = None
        self._drawing: Future[Drawing] | None = None
        self._due = float("-inf")
        self._last: float | None = None

    @property
    def height(self) -> int:
        """How much of its place it takes, in pixels."""
        return max((layer.drawing.size[1] for layer in self._layers), default=0)

    @property
    def gone(self) -> bool:
        """Whether nothing of it is seen."""
        return all(layer.opacity == 0.0 for layer in self._layers)

    def overlays(
        self, now: float, figures: Figures, canvas: tuple[int, int], shift: float, goal: float
    ) -> list[Overlay]:
        """What is to be seen now. ``goal`` is the opacity to fade to."""
        elapsed, self._last = 0.0 if self._last is None else now - self._last, now
        shows = self._ask(now, figures, canvas) if goal > 0.0 else bool(self._layers)
        self._take()
        self._fade(goal if shows else 0.0, elapsed)
        return [self._placed(layer, canvas, shift) for layer in self._layers]

    def _ask(self, now: float, figures: Figures, canvas: tuple[int, int]) -> bool:
        """Have it drawn if it has changed; whether there is anything to show. Nothing is asked of it in between."""
        if now < self._due or self._drawing:
            return self._wanted is not None
        self._due = now + EVERY
        content = self._kind.content(self._sign, figures)
        wanted = None if content is None else (content, canvas)
        if wanted is not None and wanted != self._wanted:
            self._drawing = self._hand.submit(self._kind.draw, content, self._sign, canvas)
        self._wanted = wanted
        return wanted is not None

    def _take(self) -> None:
        """Put up what has been drawn."""
        if self._drawing is None or not self._drawing.done():
            return
        drawing, self._drawing = made(self._drawing, self._sign.kind), None
        if drawing and self._layers and not self._kind.dissolves:
            self._layers = [replace(self._layers[-1], drawing=drawing, revision=revision())]
        elif drawing:
            self._layers.append(_Layer(drawing, revision()))

    def _fade(self, goal: float, elapsed: float) -> None:
        """The last drawing goes towards the goal, those before it go out."""
        if not self._layers:
            return
        leaving = [replace(layer, opacity=towards(layer.opacity, 0.0, elapsed)) for layer in self._layers[:-1]]
        last = replace(self._layers[-1], opacity=towards(self._layers[-1].opacity, goal, elapsed))
        self._layers = [*(layer for layer in leaving if layer.opacity > 0.0), last]

    def _placed(self, layer: _Layer, canvas: tuple[int, int], shift: float) -> Overlay:
        drawing = layer.drawing
        x, y = placed(self._sign.where, drawing.size, canvas, shift)
        return Overlay(drawing.pixels, (x - drawing.pad, y - drawing.pad), layer.revision, layer.opacity)
