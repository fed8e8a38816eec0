"""Which pictures of a take stand for the whole: its first and its hottest burning, and every n-th generation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.recording.takes import Mark
    from installation.records import Generation


STRAGGLERS = 2  # cells in a last row that look forgotten; more of them are worth their row


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One picture of the sheet: the serial of its frame and the words under it (left, right, and a second line)."""

    frame: int
    left: str
    right: str = ""
    below: str = ""


def burning(marks: Sequence[Mark], most: int) -> list[Cell]:
    """The first whole picture and what became of it, in order: burnt, restored, finished. At most ``most`` cells.

    A turn with more to show is thinned evenly; after one with less the next turn follows.
    """
    opening = next((place for place, mark in enumerate(marks) if mark.phase == "generation"), 0)
    return _burning_from(marks, opening, most)


def hottest(marks: Sequence[Mark], most: int) -> list[Cell]:
    """The hottest turn: the picture before it and what became of that. Empty when it is the first, shown already."""
    ends = [place for place, mark in enumerate(marks) if mark.phase == "generation"]
    burnt = [place for place, mark in enumerate(marks) if mark.phase != "generation" and ends and place > ends[0]]
    if not burnt:
        return []
    peak = max(burnt, key=lambda place: marks[place].temperature)
    opening = max(place for place in ends if place < peak)
    return _burning_from(marks, opening, most) if opening > ends[0] else []


def without_stragglers(cells: list[Cell], columns: int) -> list[Cell]:
    """No row of one or two cells below full ones: as many of the earliest give way; their likes stand above them."""
    left_over = len(cells) % columns
    return cells[left_over:] if left_over <= STRAGGLERS and len(cells) > columns else cells


def _burning_from(marks: Sequence[Mark], opening: int, most: int) -> list[Cell]:
    turn = list(marks[opening + 1 : 1 + _end_of_turn(marks, opening + 1)])
    if len(turn) < most - 1:
        turn = list(marks[opening + 1 : opening + most])
    return [_described(mark) for mark in [*marks[opening : opening + 1], *thinned(turn, most - 1)]]


def forgetting(marks: Iterable[Mark], generations: Iterable[Generation], most: int) -> tuple[int, list[Cell]]:
    """Every n-th finished generation after the origin: n, as small as ``most`` cells allow, and the cells."""
    finished = [mark for mark in marks if mark.phase == "generation"][1:]
    every = max(math.ceil(len(finished) / most), 1)
    measured = matched(finished, generations)
    return every, [_remembered(mark, measured.get(mark.frame)) for mark in finished[every - 1 :: every]]


def matched(finished: Iterable[Mark], generations: Iterable[Generation]) -> dict[int, Generation]:
    """What the log says of each finished generation, by the serial of its frame.

    Both run forward in time and are matched in that order: after a change of scene serials may come again.
    """
    logged, begun = list(generations), 0
    found: dict[int, Generation] = {}
    for mark in finished:
        for place in range(begun, len(logged)):
            if logged[place].serial == mark.generation:
                found[mark.frame], begun = logged[place], place + 1
                break
    return found


def thinned(marks: Sequence[Mark], most: int) -> list[Mark]:
    """At most ``most`` of them, evenly spread, the first and the last among them."""
    if len(marks) <= most:
        return list(marks)
    step = (len(marks) - 1) / max(most - 1, 1)
    return [marks[round(place * step)] for place in range(most)]


def _end_of_turn(marks: Sequence[Mark], begun: int) -> int:
    """The place of the first finished generation from ``begun`` on, or of the last mark."""
    ends = (place for place in range(begun, len(marks)) if marks[place].phase == "generation")
    return next(ends, len(marks) - 1)


def _described(mark: Mark) -> Cell:
    if mark.phase == "generation":
        return Cell(mark.frame, f"generation {mark.generation}" if mark.generation else "origin")
    verb = "burnt" if mark.phase == "burn" else "restoring"
    return Cell(mark.frame, verb, f"T {mark.temperature:.2f}", f"generation {mark.generation}")


def _remembered(mark: Mark, generation: Generation | None) -> Cell:
    memory = generation.readings.get("memory") if generation else None
    below = "" if memory is None else f"memory {round(memory, 2) + 0.0:.2f}"  # never minus nothing
    return Cell(mark.frame, f"generation {mark.generation}", f"T {mark.temperature:.2f}", below)
