"""The rig: the projectors as they hang. Which are lit, where, how they are aligned, and by which cards.

The stage asks it for outputs and cards at every flip; keys, orders and the displays change it in between.
"""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.errors import Refusal
from installation.stage import alignment
from installation.stage.alignment import Alignment, AlignmentError
from installation.stage.cards import Cards
from installation.stage.displays import Seen
from installation.stage.hanging import Hanging, bound, covered, hung
from installation.stage.outputs import Output, check, folds, mended, whole
from installation.stage.panel import PATTERNS
from installation.stage.patterns import Card
from installation.stage.testcard import Face

if TYPE_CHECKING:
    from installation.machine.settings import StageSettings

log = logging.getLogger(__name__)

GRID = "grid"
STRIDE = 10  # pixels by an arrow with Shift
ARROWS: Mapping[str, tuple[int, int]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
BEGINNING = ("1", "2", "3", "4", "tab", "t")  # keys that begin to align; arrows alone move no projector
LINE = 60  # letters of a warning on a card


class Rig:
    """All projectors of one stage. Says what is wrong with them once."""

    def __init__(self, settings: StageSettings, state: Path, seen: Seen) -> None:
        """Nothing hangs until the window's size is known; what was aligned before lies in the folder of the state."""
        self._wanted = settings.outputs
        self._path = state / alignment.NAME
        self._seen = seen
        self._on = bound(self._wanted, seen.displays)
        self._window = (0, 0)
        self._lit: frozenset[str] = frozenset()
        self._state: Alignment | None = None
        self._sentences: tuple[str, ...] = ()
        self._cards = Cards()
        self._chosen = GRID
        self.aligning = False

    # ------------------------------------------------------------------ where

    @property
    def covering(self) -> tuple[int, int] | None:
        """The size (width, height) of a window over all outputs; None where one like any other will do."""
        return covered(self._wanted, self._seen.displays)

    @property
    def aligned(self) -> tuple[Output, ...]:
        """Every output as it stands, lit or not; the very same ones until one of them has moved."""
        return self._hand.outputs

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What is lit and therefore drawn; nothing when the window shows the canvas as it is."""
        if not self._wanted and self.aligned[0].straight:
            return ()
        return tuple(output for output in self.aligned if output.name in self._lit)

    def hang(self, window: tuple[int, int]) -> None:
        """Place every output in a window of (width, height) pixels, bent as it was before."""
        self._window = window
        hanging = self._hung(window)
        self._say(check([output for output in hanging.outputs if output.name in hanging.lit], window))
        outputs = tuple(mended(output, window)[0] for output in hanging.outputs)
        if self._state is None:
            self._state = Alignment(_sound(outputs, self._saved()))
        else:
            self._state = self._state.placed(outputs)
        self._lit = hanging.lit

    def notice(self, seen: Seen) -> bool:
        """The displays have changed: outputs are lit, dark or elsewhere. True when the window must become another."""
        self._seen = seen
        if len(self._on) < len(self._wanted):
            self._on = bound(self._wanted, seen.displays)
        self.hang(self._window)
        complete = all(output.name in self._lit for output in self.aligned)
        return complete and self.covering not in {None, self._window}

    # ------------------------------------------------------------------ what is shown instead of the picture

    def cards(self, pattern: str, now: float, canvas: tuple[int, int]) -> tuple[Card, ...]:
        """The cards of all lit outputs, for a knob's pattern or the one chosen while aligning; none for ``none``.

        ``now`` is in seconds; ``canvas`` (width, height) in pixels.
        """
        faces = {
            output: self._face(number, output) for number, output in enumerate(self.aligned) if output.name in self._lit
        }
        return self._cards.shown(self._chosen if self.aligning else pattern, faces, now, canvas)

    def _face(self, number: int, output: Output) -> Face:
        warnings = tuple(line for sentence in self._sentences for line in textwrap.wrap(sentence, LINE))
        if not self.aligning or number != self._hand.output:
            return Face(number + 1, None, warnings)
        x, y = self._hand.chosen.corners[self._hand.corner]
        where = f"corner {self._hand.corner + 1}: {x * output.place.width:.1f}, {y * output.place.height:.1f}"
        return Face(number + 1, self._hand.corner, (where, *warnings))

    # ------------------------------------------------------------------ aligning

    def stroke(self, key: str, *, shift: bool = False) -> bool:
        """A key was pressed, by SDL's name for it. True when it was meant for the alignment and nobody else."""
        if not self.aligning and key not in BEGINNING:
            return False
        act = self._act(key, STRIDE if shift else 1)
        if act is None:
            return False
        self.aligning = True
        self._try(act)
        return True

    def obey(self, order: Mapping[str, Any]) -> None:
        """Follow an order from elsewhere, or say why not.

        ``do`` is ``put`` (output and corner, counted from 1; x and y in fractions of the output), ``nudge`` (the same
        in pixels), ``reset`` (output), ``undo`` or ``save``.
        """
        match order:
            case {"do": "put", "output": output, "corner": corner, "x": x, "y": y}:
                self._try(lambda: self._change(self._taken(output, corner).put((x, y))))
            case {"do": "nudge", "output": output, "corner": corner, "x": x, "y": y}:
                self._try(lambda: self._change(self._taken(output, corner).nudge(x, y)))
            case {"do": "reset", "output": output}:
                self._try(lambda: self._change(self._hand.turn_to(output - 1).reset()))
            case {"do": "undo"}:
                self._change(self._hand.undo())
            case {"do": "save"}:
                self._try(self._save)

    def _act(self, key: str, stride: int) -> Callable[[], None] | None:
        """What a key does while aligning; None: nothing."""
        if key in ARROWS:
            return lambda: self._change(self._hand.nudge(*(stride * step for step in ARROWS[key])))
        if key in {"1", "2", "3", "4"}:
            return lambda: self._change(self._hand.choose(int(key) - 1))
        acts: Mapping[str, Callable[[], None]] = {
            "tab": lambda: self._change(self._hand.next_output()),
            "u": lambda: self._change(self._hand.undo()),
            "s": self._save,
            "t": partial(self._choose, PATTERNS[(PATTERNS.index(self._chosen) + 1) % len(PATTERNS)]),
            "escape": self._leave,
        }
        return acts.get(key)

    def _try(self, act: Callable[[], None]) -> None:
        """Do it, or say why not."""
        try:
            act()
        except Refusal as refusal:
            log.warning("%s", refusal)

    def _change(self, state: Alignment) -> None:
        self._state = state

    def _choose(self, pattern: str) -> None:
        self._chosen = pattern if self.aligning else GRID

    def _leave(self) -> None:
        self.aligning, self._chosen = False, GRID

    def _save(self) -> None:
        """Keep the corners. Raises ``StorageError`` when the disk is full."""
        alignment.save(self._path, self.aligned)
        log.info("The alignment of %s is kept in %s.", ", ".join(output.name for output in self.aligned), self._path)

    def _taken(self, output: int, corner: int) -> Alignment:
        return self._hand.turn_to(output - 1).choose(corner - 1)

    # ------------------------------------------------------------------

    @property
    def _hand(self) -> Alignment:
        return self._state or Alignment((whole(*self._window),))

    def _hung(self, window: tuple[int, int]) -> Hanging:
        if not self._wanted:
            only = whole(*window)
            return Hanging((only,), frozenset({only.name}))
        return hung(self._wanted, self._seen.displays, self._on, window)

    def _saved(self) -> Mapping[str, alignment.Bend]:
        try:
            return alignment.load(self._path)
        except AlignmentError as refusal:
            log.warning("%s", refusal)
            return {}

    def _say(self, sentences: tuple[str, ...]) -> None:
        for sentence in sentences:
            if sentence not in self._sentences:
                log.warning("%s", sentence)
        self._sentences = sentences


def _sound(outputs: tuple[Output, ...], bends: Mapping[str, alignment.Bend]) -> tuple[Output, ...]:
    """The outputs with what was saved for them; where that folds, as they are described."""
    bent = alignment.aligned(outputs, bends)
    return tuple(plain if folds(one) else one for one, plain in zip(bent, outputs, strict=True))
