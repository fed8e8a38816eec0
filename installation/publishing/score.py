"""The score of a take: what was played at every generation, and when. It is read as a stream, however long the take."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.conditioning import KINDS
from installation.publishing.projection import LONGEST_PAUSE
from installation.recording import journal, takes

if TYPE_CHECKING:
    from installation.recording.takes import Mark, Take

PAUSE_NS = round(LONGEST_PAUSE * 1e9)
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Times:
    """When a generation was seen, in nanoseconds of the performance.

    ``still``: since when the picture before it stood there anew, None where it simply went on; ``began``: when the
    picture before it was finished; ``burns`` and ``restores``: the stages of burning, the steps of restoring.
    """

    still: int | None
    began: int
    burns: Sequence[int]
    restores: Sequence[int]
    ended: int

    def at(self, share: float, burning: float) -> int:
        """When to show a moment with this share of its turn behind it, 0 to 1, of which ``burning`` is burning.

        More stages, or fewer steps, fill the time that those of the take had: the film keeps its rhythm.
        """
        burns = [burning * stage / len(self.burns) for stage in range(1, len(self.burns) + 1)]
        left, parts = 1.0 - burning, len(self.restores) + 1
        restores = [burning + left * step / parts for step in range(1, parts)]
        known = np.array([*self.burns, *self.restores, self.ended], np.int64) - self.began
        return self.began + round(float(np.interp(share, [0.0, *burns, *restores, 1.0], [0, *known])))


@dataclass(frozen=True, slots=True)
class Passage:
    """One generation of the log with all that led to it; the last passage has none, and holds the end of the log.

    ``number`` counts the lineages and names their files, ``told`` is what the engine said when it began this one.
    ``prompt`` is what somebody asked for in words, None the scene's own. ``lines`` are the log's since the passage
    before, in order, with their times cut like the pictures'; ``generation`` stands last among them.
    """

    number: int
    told: Line
    prompt: str | None
    lines: Sequence[Line]
    generation: Line | None
    times: Times


@dataclass(frozen=True, slots=True)
class Overview:
    """A score at a glance: how many generations, and between which bounds their denoising steps lie."""

    generations: int
    steps: tuple[int, int]


def overview(take: Take) -> Overview:
    """Read the whole log once, keeping nothing of it."""
    count, fewest, most = 0, 0, 0
    for line in journal.read(take.folder / takes.LOG):
        if "generation" in line:
            steps = int(line["generation"].get("knobs", {}).get("/restore/steps", 0))
            fewest, most, count = min(fewest, steps) if count else steps, max(most, steps), count + 1
    return Overview(count, (fewest, most))


def score(take: Take) -> Iterator[Passage]:
    """Every passage of a take in order. Only one is in memory at a time, with its pictures' times.

    Times are the take's own, but a pause longer than ``LONGEST_PAUSE`` is cut to it, and time never runs backwards.
    """
    context = _Context(take.manifest)
    clock = _Clock(takes.each_mark(take.folder), take.clock_ns)
    gathered: list[Line] = []
    for line in journal.read(take.folder / takes.LOG):
        gathered.append(line)
        if "generation" in line:
            yield context.passage(gathered, line["generation"], clock.until(line))
            gathered = []
    yield context.passage(gathered, None, clock.rest())


class _Context:
    """What plays: which lineage, with what, and under which words."""

    def __init__(self, manifest: Line) -> None:
        self._number, self._told = 0, manifest
        self._prompt: str | None = None

    def passage(self, lines: Sequence[Line], generation: Line | None, window: _Window) -> Passage:
        for line in lines:
            if "playing" in line:
                self._play(line["playing"])
            elif line.get("message", {}).get("address") == "/prompt":
                self._prompt = str(line["message"]["arguments"][0])
        return Passage(self._number, self._told, self._prompt, [*map(window.moved, lines)], generation, window.times)

    def _play(self, told: Line) -> None:
        # other weights, or led by another: the same words
        dressed = told.get("serial") and any(told.get(each) != self._told.get(each) for each in ("model", *KINDS))
        self._number, self._told, self._prompt = self._number + 1, told, self._prompt if dressed else None


@dataclass(frozen=True, slots=True)
class _Window:
    """The times of one passage, and what its clock showed (``true``) against the performance's (``played``)."""

    times: Times
    true: np.ndarray
    played: np.ndarray

    def moved(self, line: Line) -> Line:
        """A line of the log with its time in the performance's nanoseconds."""
        if "at_ns" not in line:
            return line
        at = float(np.interp(line["at_ns"] - self.true[0], self.true - self.true[0], self.played - self.played[0]))
        return {**line, "at_ns": int(self.played[0]) + round(at)}


class _Clock:
    """Goes along with the pictures of a take, and leaves long pauses out."""

    def __init__(self, marks: Iterator[Mark], began: int) -> None:
        self._marks, self._last, self._cut = marks, began, 0
        first = next(marks, None)
        if first is not None:  # nothing is cut before the first picture
            self._last, self._marks = first.at_ns, itertools.chain([first], marks)
        self._ended = self._last

    def until(self, line: Line) -> _Window:
        """The window up to a logged generation, whose line is written a little after its picture."""
        serial, written = line["generation"]["serial"], line.get("at_ns", self._last)
        seen = list(self._up_to(serial, written))
        ended = seen and _finishes(seen[-1], serial)
        return self._window(seen, None if ended else written)

    def rest(self) -> _Window:
        """What came after the last logged generation: only when the last of it was seen matters."""
        began = (self._last, self._ended)
        for mark in self._marks:
            self._ended = self._played(mark.at_ns)
        return _Window(Times(None, began[1], (), (), self._ended), *_rising([began, (self._last, self._ended)]))

    def _up_to(self, serial: int, written: int) -> Iterator[Mark]:
        """The pictures from the one after the last generation to this one's own, or to those that came after it."""
        for mark in self._marks:
            if mark.at_ns > written:
                self._marks = itertools.chain([mark], self._marks)
                return
            yield mark
            if _finishes(mark, serial):
                return

    def _window(self, seen: Sequence[Mark], ended: int | None) -> _Window:
        """``ended`` where the finished picture itself was lost."""
        began = (self._last, self._ended)
        true = [*(mark.at_ns for mark in seen), *([] if ended is None else [ended])]
        played = [self._played(stamp) for stamp in true]
        stood = max((place for place, mark in enumerate(seen[:-1]) if mark.phase == "generation"), default=None)
        turn = [*zip((mark.phase for mark in seen), played, strict=False)][0 if stood is None else stood + 1 :]
        times = Times(
            still=None if stood is None else played[stood],
            began=began[1] if stood is None else played[stood],
            burns=[stamp for phase, stamp in turn if phase == "burn"],
            restores=[stamp for phase, stamp in turn if phase == "restore"],
            ended=played[-1],
        )
        self._ended = times.ended
        return _Window(times, *_rising([began, *zip(true, played, strict=True)]))

    def _played(self, stamp: int) -> int:
        gap = stamp - self._last
        self._cut += gap - min(max(gap, 0), PAUSE_NS)
        self._last = stamp
        return stamp - self._cut


def _rising(pairs: Iterable[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Two clocks side by side, without the instants at which the first stood still or went back."""
    kept: list[tuple[int, int]] = []
    for pair in pairs:
        if not kept or pair[0] > kept[-1][0]:
            kept.append(pair)
    true, played = zip(*kept, strict=True)
    return np.array(true, np.int64), np.array(played, np.int64)


def _finishes(mark: Mark, serial: int) -> bool:
    return mark.phase == "generation" and mark.generation == serial
