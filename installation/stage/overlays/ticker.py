"""A ticker: short texts that run along an edge, from right to left. Each takes its figures when it comes in."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.stage.overlay import Overlay, revision
from installation.stage.overlays.fade import towards
from installation.stage.overlays.figures import Figures, filled
from installation.stage.overlays.hand import made
from installation.stage.overlays.lines import LEADING, single
from installation.stage.overlays.sheet import Drawing, band, clear, placed

if TYPE_CHECKING:
    from installation.signs import Sign

PACE = 2.2  # sizes a second: read at a stroll
GAP = 2.4  # between texts, in sizes
AHEAD = 6.0  # sizes before it comes in, a text is drawn
LONGEST_STEP = 0.1  # seconds: after a pause the line goes on where it stood


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text on the endless tape: where it begins, in pixels."""

    start: float
    overlay: Overlay

    @property
    def end(self) -> float:
        return self.start + self.overlay.pixels.shape[1]


class Ticker:
    """A tape that runs on. ``hand`` draws the texts; whoever shows them is never kept waiting."""

    def __init__(self, sign: Sign, hand: Executor) -> None:
        """An empty tape."""
        self._sign, self._hand = sign, hand
        self._canvas = (0, 0)
        self._tape: deque[_Piece] = deque()
        self._coming: Future[Drawing] | None = None
        self._next = 0
        self._run = self._opacity = 0.0
        self._last: float | None = None

    @property
    def height(self) -> int:
        """How much of its edge it takes, in pixels; nothing once it has faded."""
        return self._row if self._opacity > 0.0 else 0

    @property
    def gone(self) -> bool:
        """Whether nothing of it is seen."""
        return self._opacity == 0.0

    def overlays(
        self, now: float, figures: Figures, canvas: tuple[int, int], shift: float, goal: float
    ) -> list[Overlay]:
        """The band, and on it what is between the edges now. ``goal`` is the opacity to fade to."""
        elapsed, self._last = 0.0 if self._last is None else now - self._last, now
        if canvas != self._canvas:
            self._unroll(canvas)
        self._opacity = towards(self._opacity, goal, elapsed)
        self._run += min(max(elapsed, 0.0), LONGEST_STEP) * PACE * self._size
        self._feed(figures)
        y = placed(self._sign.where, (canvas[0], self._row), canvas, shift)[1]
        ground = Overlay(self._band.pixels, (0.0, y - self._band.pad), self._ground, self._opacity)
        return [ground, *(self._shown(piece, y) for piece in self._tape if piece.start < self._run)]

    def _shown(self, piece: _Piece, y: float) -> Overlay:
        at = (self._canvas[0] + piece.start - self._run, y)
        return Overlay(piece.overlay.pixels, at, piece.overlay.revision, self._opacity)

    def _unroll(self, canvas: tuple[int, int]) -> None:
        """Begin anew on a canvas of another size."""
        self._canvas, self._size = canvas, self._sign.size * canvas[1]
        self._row = round(LEADING * self._size)
        self._band, self._ground = band(canvas[0], self._row, self._size), revision()
        self._tape.clear()
        self._coming, self._run = None, 0.0

    def _feed(self, figures: Figures) -> None:
        """Forget what has run out, and have the next text drawn before it comes in at the right."""
        while self._tape and self._tape[0].end < self._run - self._canvas[0]:
            self._tape.popleft()
        if self._coming and self._coming.done():
            drawing, self._coming = made(self._coming, "ticker"), None
            self._append(drawing)
        end = self._tape[-1].end if self._tape else self._run
        if self._coming is None and end < self._run + AHEAD * self._size:
            words = filled(self._sign.items[self._next], figures)
            self._next = (self._next + 1) % len(self._sign.items)
            self._coming = self._hand.submit(drawn, words, self._size)

    def _append(self, drawing: Drawing | None) -> None:
        """Behind the last one, or at the right edge where that has gone in already."""
        if drawing is None:
            return
        start = max(self._tape[-1].end + GAP * self._size if self._tape else self._run, self._run)
        self._tape.append(_Piece(start, Overlay(drawing.pixels, (0.0, 0.0), revision())))


def drawn(words: str, size: float) -> Drawing:
    """One text, without a ground."""
    block = single(words, "figures", size)
    sheet = clear(block.width, block.height)
    sheet.write(block, (0, 0))
    return sheet.done()
