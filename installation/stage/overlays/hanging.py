"""The hanging: all the signs on the wall, those of this scene coming and those of the last one going."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import NamedTuple, Protocol

from installation.signs import KINDS, Sign
from installation.stage.overlay import Overlay
from installation.stage.overlays.figures import Figures
from installation.stage.overlays.still import Still
from installation.stage.overlays.ticker import Ticker

BETWEEN = 0.035  # of the canvas's height, between two signs at one place
LIVE = Sign("caption", "bottom-left", KINDS["caption"].size, KINDS["caption"].width, 0.0)


class Poster(Protocol):
    """A sign with its drawings. ``height`` is what it takes of its place, in pixels."""

    @property
    def height(self) -> int: ...

    @property
    def gone(self) -> bool: ...

    def overlays(
        self, now: float, figures: Figures, canvas: tuple[int, int], shift: float, goal: float
    ) -> list[Overlay]: ...


class _Hung(NamedTuple):
    """A sign, its poster, and how far from its edge it stands, in pixels."""

    sign: Sign
    poster: Poster
    shift: float = 0.0


class Hanging:
    """What is written on the wall. ``hand`` draws: a thread of its own on the stage."""

    def __init__(self, hand: Executor) -> None:
        """An empty wall; a caption that somebody says is shown even where a scene has none."""
        self._hand = hand
        self._signs: tuple[Sign, ...] = ()
        self._up = [_Hung(LIVE, Still(LIVE, hand))]
        self._coming_down: list[_Hung] = []

    def hang(self, signs: Iterable[Sign]) -> None:
        """Replace all signs by these; the same signs again change nothing."""
        signs = tuple(signs)
        if signs == self._signs:
            return
        live = () if any(sign.kind == "caption" for sign in signs) else (LIVE,)
        self._signs = signs
        self._coming_down += self._up
        hung = [_Hung(sign, _poster(sign, self._hand)) for sign in (*signs, *live)]
        self._up = sorted(hung, key=lambda each: each.sign.kind != "ticker")  # a ticker has its edge to itself

    def overlays(self, now: float, figures: Figures, canvas: tuple[int, int], level: float = 1.0) -> list[Overlay]:
        """What lies over the picture now, the hindmost first. ``canvas`` is width and height in pixels.

        ``level`` is the opacity wanted of all, 0 to 1; they go there as slowly as ``fade`` says, whoever turns it.
        """
        self._move(canvas)
        going = [each for sign in self._coming_down for each in _seen(sign, now, figures, canvas, 0.0)]
        coming = [each for sign in self._up for each in _seen(sign, now, figures, canvas, level)]
        self._coming_down = [hung for hung in self._coming_down if not hung.poster.gone]
        return [overlay for overlay in (*going, *coming) if overlay.opacity > 0.0]

    def _move(self, canvas: tuple[int, int]) -> None:
        """Let those at one place stand side by side, the first nearest to its edge."""
        taken: dict[str, float] = defaultdict(float)
        for number, hung in enumerate(self._up):
            places = _places(hung.sign)
            shift = max(taken[place] for place in places)
            self._up[number] = hung._replace(shift=shift)
            for place in places if hung.poster.height else ():
                taken[place] = shift + hung.poster.height + BETWEEN * canvas[1]


def _seen(hung: _Hung, now: float, figures: Figures, canvas: tuple[int, int], goal: float) -> list[Overlay]:
    return hung.poster.overlays(now, figures, canvas, hung.shift, goal)


def _places(sign: Sign) -> tuple[str, ...]:
    """The places it takes from others: a ticker, which comes first, its whole edge."""
    if sign.kind == "ticker":
        return tuple(f"{sign.where}{side}" for side in ("-left", "", "-right"))
    return (sign.where,)


def _poster(sign: Sign, hand: Executor) -> Poster:
    return Ticker(sign, hand) if sign.kind == "ticker" else Still(sign, hand)
