"""Figures: all the numbers that a sign may show at one instant, and how they are written into its text."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.machine.board import Board
from installation.readings.instruments import off_board
from installation.readings.register import Missing, Value
from installation.signs import Placeholder, parts

if TYPE_CHECKING:
    from installation.machine.wires import Wires
    from installation.readings.register import Taken
    from installation.records import Pixels
    from installation.stage.light import Light

NOTHING = "\N{EN DASH}"  # where there is no number: never a 0
ABOUT = "≈ "  # before what is estimated, wherever it goes
EVERY = 0.5  # seconds between two notes in the histories
LONGEST = 3600  # notes: half an hour


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A picture that something came from, H x W x 3 uint8 sRGB, and its name."""

    name: str
    pixels: Pixels = dataclasses.field(compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """What is known now. ``caption``, ``columns`` and ``sources`` are what was said last; "" and () mean nothing was.

    ``sigma`` is the noise in what the engine shows, ``phase`` which of ``signs.PHASES`` that is. ``picture`` is what
    the audience sees, H x W x 3 linear light, or None where nobody needs it.
    """

    knobs: Mapping[str, float] = dataclasses.field(default_factory=dict)
    readings: Mapping[str, Taken] = dataclasses.field(default_factory=dict)
    generation: int = 0
    sigma: float = math.nan
    phase: int = 0
    caption: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    sources: tuple[Source, ...] = ()
    picture: Light | None = None
    past: Histories | None = None


class Boards:
    """The boards of readings and of the engine, read without waiting; one that is not there says nothing."""

    def __init__(self, wires: Wires) -> None:
        """Each is joined when it is first there: the engine's is laid after the stage is started."""
        self._wires = wires
        self._boards: dict[str, Board] = {}

    def readings(self) -> dict[str, Taken]:
        """Every reading by address."""
        board = self._board("conductor")
        with contextlib.suppress(KeyError):  # a board of another version
            return off_board(board.read()) if board else {}
        return {}

    def playing(self) -> dict[str, Any]:
        """What the engine shows: how many generations the lineage has, the noise in it, which phase it is in."""
        board = self._board("engine")
        said = board.read() if board else {}
        return {
            "generation": int(said.get("serial", 0.0)),
            "sigma": said.get("sigma", math.nan),
            "phase": int(said.get("showing", 0.0)),
        }

    def _board(self, process: str) -> Board | None:
        if process not in self._boards:
            with contextlib.suppress(OSError, ValueError):  # not there yet, or only half laid
                self._boards[process] = Board(self._wires.vitals(process))
        return self._boards.get(process)


class Histories:
    """Every reading's last half hour, twice a second, in one table that never grows."""

    def __init__(self) -> None:
        """Nothing has been noted."""
        self._names: tuple[str, ...] = ()
        self._table, self._times = np.empty((LONGEST, 0)), np.empty(LONGEST)
        self._count = 0

    def note(self, now: float, readings: Mapping[str, Taken]) -> None:
        """Remember these, if it is time."""
        if self._count and now < self._times[(self._count - 1) % LONGEST] + EVERY:
            return
        if tuple(readings) != self._names:
            self._names, self._count = tuple(readings), 0
            self._table, self._times = np.empty((LONGEST, len(readings))), np.empty(LONGEST)
        self._table[self._count % LONGEST] = [number(taken) for taken in readings.values()]
        self._times[self._count % LONGEST] = now
        self._count += 1

    def of(self, address: str, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """A reading's last ``seconds``: how long ago (s, 0 is the last note, falling to that), and its numbers."""
        if address not in self._names or not self._count:
            return np.empty(0), np.empty(0)
        order = np.arange(max(self._count - LONGEST, 0), self._count) % LONGEST
        ago = self._times[order[-1]] - self._times[order]
        values = self._table[order, self._names.index(address)]
        known = (ago <= seconds) & np.isfinite(values)
        return ago[known], values[known]


def number(taken: Taken | None) -> float:
    """A reading as a number, NaN where there is none."""
    return taken.number if isinstance(taken, Value) else math.nan


def filled(text: str, figures: Figures) -> str:
    """A text with its placeholders filled. What was checked in the scene is not checked again."""
    return "".join(part if isinstance(part, str) else _said(part, figures) for part in parts(text))


def told(taken: Taken | None, format: str) -> str:
    """A reading in figures: with a true minus, marked where it is estimated, a dash where there is none."""
    if taken is None or isinstance(taken, Missing):
        return NOTHING
    return (ABOUT if taken.estimated else "") + figured(taken.number, format)


def _said(place: Placeholder, figures: Figures) -> str:
    match place.what:
        case "reading":
            return told(figures.readings.get(place.address), place.format)
        case "generation":
            return f"{figures.generation:,}"
        case "sigma":
            return figured(figures.sigma, place.format)
        case "phase":
            return place.words[figures.phase]
        case _:  # NaN where the engine plays a score: the board does not say it
            return figured(figures.knobs.get(place.address, math.nan), place.format)


def figured(value: float, format: str) -> str:
    """A number in Python's format, with a minus as wide as a plus; a dash for what is not a number."""
    return f"{value:{format}}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else NOTHING
