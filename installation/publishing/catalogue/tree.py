"""The lineage as a tree: it grows from its origin to the right; where the piece began again, a branch begins.

A branch fades as it forgets: its line is as strong as the memory that is left. Pictures hang where they were made.
Branches follow one another in time, so a few rows are enough for any number of them.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.records import Generation

WIDTH, ROW, STEM, EDGE = 1000.0, 96.0, 36.0, 48.0  # of the drawing: its units, and what is left free at both sides
ROWS = 4  # the next branch then stands in the first again
WORDS = 2 * ROWS  # branches at most whose beginnings are named: of more, names would cover each other
LATE = 0.6  # of the width: a word that begins further to the right is written towards the left
PIECES = 48  # of a branch: more shades are read as one fading
FAINTEST = 0.25  # of a line's strength: what is forgotten entirely is still drawn


@dataclasses.dataclass(frozen=True, slots=True)
class Branch:
    """Generations that grew from one another. ``origin`` is what they began with, ``begun`` the place of the first.

    ``places`` count the generations of the take from 0, also where serials come again.
    """

    origin: str
    begun: int
    generations: Sequence[Generation]

    @property
    def places(self) -> range:
        """Where in the take its generations stand."""
        return range(self.begun, self.begun + len(self.generations))


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """A part of a branch: from one point to another, and how strong its line is, 0 to 1."""

    start: tuple[float, float]
    end: tuple[float, float]
    strength: float


@dataclasses.dataclass(frozen=True, slots=True)
class Hung:
    """A picture on the tree: the middle of it, the file, and what it shows."""

    at: tuple[float, float]
    file: str
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class Limb:
    """A branch as it is drawn: its pieces, the word at its beginning, and where that stands."""

    pieces: Sequence[Piece]
    words: str
    at: tuple[float, float]

    @property
    def is_late(self) -> bool:
        """Whether its word has more room to its left."""
        return self.at[0] > LATE * WIDTH


@dataclasses.dataclass(frozen=True, slots=True)
class Tree:
    """The whole drawing, in units of which it is ``width`` across and ``height`` high."""

    width: float
    height: float
    limbs: Sequence[Limb]
    pictures: Sequence[Hung]


def branches(generations: Iterable[Generation], origin: str) -> list[Branch]:
    """The take's generations, divided wherever one did not grow from the one before it."""
    found: list[tuple[str, int, list[Generation]]] = []
    for place, generation in enumerate(generations):
        if found and generation.parent == found[-1][2][-1].serial and generation.parent:
            found[-1][2].append(generation)
        else:
            found.append((generation.source or origin, place, [generation]))
    return [Branch(*each) for each in found]


def planted(grown: Sequence[Branch], pictures: Mapping[int, tuple[str, str]]) -> Tree | None:
    """The drawing. ``pictures`` are file and words by place in the take; None where nothing grew.

    Each branch stands a row below the one before it, four rows deep.
    """
    if not grown:
        return None
    last = max(grown[-1].places[-1], 1)
    scale = (WIDTH - 2 * EDGE) / last
    limbs = [_limb(branch, number, scale, named=len(grown) <= WORDS) for number, branch in enumerate(grown)]
    hung = [
        Hung((EDGE + place * scale, _level(number)), *pictures[place])
        for number, branch in enumerate(grown)
        for place in branch.places
        if place in pictures
    ]
    deepest = _level(min(len(grown), ROWS) - 1)
    return Tree(WIDTH, deepest + ROW / 2, limbs, hung)


def strength(generation: Generation) -> float:
    """How strong a line is where this generation stands, 0.25 to 1: its memory, all of it where none was measured."""
    memory = generation.readings.get("memory", 1.0)
    return round(max(min(memory, 1.0), FAINTEST), 2) if math.isfinite(memory) else FAINTEST


def _limb(branch: Branch, number: int, scale: float, *, named: bool) -> Limb:
    level, start = _level(number), EDGE + branch.begun * scale
    pieces = list(_pieces(branch, level, scale))
    if number and named:  # the stem that ties it to the branch before it; many would be a thicket
        pieces.insert(0, Piece((start - scale, _level(number - 1)), (start, level), FAINTEST))
    return Limb(pieces, branch.origin if named else "", (start, level - ROW * 0.36))


def _pieces(branch: Branch, level: float, scale: float) -> Iterator[Piece]:
    count = min(len(branch.generations), PIECES)
    edges = [round(piece * len(branch.generations) / count) for piece in range(count + 1)]
    for begin, end in itertools.pairwise(edges):
        left, right = (
            EDGE + (branch.begun + place) * scale for place in (begin, min(end, len(branch.generations) - 1))
        )
        yield Piece((left, level), (right, level), strength(branch.generations[begin]))


def _level(number: int) -> float:
    return STEM + ROW / 2 + number % ROWS * ROW
