"""Endurance: the real program, its doors opened and closed as in months of days. What grows, and how even is it?"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from installation import trial
from installation.stage.gaps import Spread, spread
from installation.trial import Trial, TrialError

if TYPE_CHECKING:
    from installation.machine.wires import Wires

MOST_SAMPLES = 1500  # all pairs of them are compared in the end; of a longer run they are taken further apart
LOADING = 180.0  # seconds until the first picture of the loop must be there
WARM_UP = 0.25  # of all samples: until then allocators grow
HOUR = 3600.0
LONGEST_GAP = 100.0  # ms between two frames: six of them are missing then
HOUSE = "all together"
#: What may be held, and by how much it may grow in an hour, that is 180 days.
MOST = {"memory": 32e6, "files": 2.0, "threads": 2.0, "GL objects": 2.0, "shared memory": 1e6, "processes": 1.0}

#: Numbers by process and by what they are of: bytes of memory, counts of all else.
Held = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Course:
    """How long it lasts, how long a day is (half of it open, half closed), and when a sample is taken, in seconds."""

    seconds: float
    day: float = 20.0
    every: float = 2.0  # of a long run they are taken further apart


@dataclass(frozen=True, slots=True)
class Sample:
    """What every process holds at one moment, by which number it goes, and how many tasks want the machine."""

    at: float
    held: Held
    pids: Mapping[str, int]
    load: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it went: what was held at last and its slopes an hour, how often a process was replaced, and the gaps.

    ``gaps`` are all those between two flips of the stage from the first generation on, by day and by night, while
    scenes load and while the stage itself is started anew. ``ended`` is why it came to an end before its time;
    ``load`` is the load average, as a mean.
    """

    days: int
    seconds: float
    held: Held
    slopes: Held
    rebirths: int
    gaps: Spread
    load: float = 0.0
    ended: str = ""
    broken_off: bool = False

    @property
    def faults(self) -> tuple[str, ...]:
        """What is not as it must be, in sentences."""
        stutters = self.gaps.over(LONGEST_GAP)
        told = (
            (self.ended, self.ended),
            (self.rebirths, f"Processes were started anew, {self.rebirths} times."),
            (stutters, f"{stutters} of {self.gaps.total} frames came more than {LONGEST_GAP:.0f} ms after the last."),
        )
        return (*(sentence for is_so, sentence in told if is_so), *_growing(self.slopes))

    def sentence(self) -> str:
        """The verdict for a person."""
        after = f"after {self.days} days in {self.seconds:.0f} s{', broken off' if self.broken_off else ''}"
        if faults := self.faults:
            return f"NOT WELL {after}. {' '.join(faults)}"
        return f"Well {after}: nothing grows, and no frame was late."

    def evenness(self) -> str:
        """How evenly frames came, for a person."""
        gaps = self.gaps
        half, most = gaps.quantile(0.5), gaps.quantile(0.99)
        return (
            f"{gaps.total} frames, half within {half:g} ms of the last, 99 % within {most:g}, all within "
            f"{gaps.longest:g}; {gaps.over(LONGEST_GAP)} over {LONGEST_GAP:g} ms. Load {self.load:.1f}."
        )

    def report(self) -> dict[str, Any]:
        """The verdict for another program."""
        gaps, named = self.gaps, {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}
        return {
            "well": not self.faults,
            "faults": list(self.faults),
            "broken_off": self.broken_off,
            "days": self.days,
            "seconds": round(self.seconds, 1),
            "load": round(self.load, 2),
            "cores": os.cpu_count(),
            "held": self.held,
            "slopes_per_hour": self.slopes,
            "rebirths": self.rebirths,
            "gaps": {
                "frames": gaps.total,
                **{name: _finite(gaps.quantile(share)) for name, share in named.items()},
                "longest_ms": _finite(gaps.longest),
                "over_100_ms": gaps.over(LONGEST_GAP),
            },
        }


@dataclass(slots=True)
class Log:
    """What was seen of a trial so far."""

    samples: list[Sample] = field(default_factory=list)
    before: Spread | None = None
    gaps: Spread = field(default_factory=Spread)
    turns: int = 0

    def look(self, show: Trial, at: float) -> None:
        """Take a sample of it. Raises ``TrialError`` when it is gone."""
        self.samples.append(look(show, at))
        if laid := show.wires:
            with contextlib.suppress(OSError):  # it has just stopped: the next look says so
                self._count(spread(laid.gaps))

    def _count(self, counted: Spread) -> None:
        self.before = self.before or counted
        self.gaps = counted.since(self.before)

    def verdict(self, ended: str, *, broken_off: bool) -> Verdict:
        """What is to be said of it."""
        last = self.samples[-1] if self.samples else Sample(0.0, {}, {})
        load = statistics.fmean(each.load for each in self.samples) if self.samples else 0.0
        grown, reborn = slopes(self.samples), rebirths(self.samples)
        return Verdict(self.turns // 2, last.at, last.held, grown, reborn, self.gaps, load, ended, broken_off)


def endure(
    scene: str, state: Path, course: Course, progress: Callable[[float], None], program: Sequence[str] = trial.PROGRAM
) -> Verdict:
    """Play a scene in processes of its own and open and close its doors, as its calendar would.

    ``state`` must be an empty folder. ``progress`` hears the share of the time that has passed. Ctrl-C ends it with
    what was seen so far. Raises ``TrialError`` for a program that does not come to play.
    """
    log, ended, broken_off = Log(), "", False
    with trial.playing(scene, state, program) as show:
        show.until(lambda: show.vital("engine", "serial") >= 1, LOADING)
        try:
            for passed in _days(show, Path(scene).stem, course, log):
                log.look(show, passed)
                progress(passed / course.seconds)
        except TrialError as refusal:
            ended = str(refusal)
        except KeyboardInterrupt:
            broken_off = True
    return log.verdict(ended, broken_off=broken_off)


def look(show: Trial, at: float) -> Sample:
    """What the program and its children hold now. Raises ``TrialError`` when it is gone."""
    pids = show.pids() if show.process.poll() is None else {}
    each = {name: held for name, pid in pids.items() if (held := _held_by(pid))}
    if trial.PARENT not in each:
        raise TrialError(f"The program ended after {at:.0f} s. What does burntout doctor say?")
    if "stage" in each:
        each["stage"]["GL objects"] = show.vital("stage", "gl_objects")
    house = {"shared memory": _shared(show.wires), "processes": float(len(each))}
    return Sample(at, {**each, HOUSE: house}, pids, os.getloadavg()[0])


def slopes(samples: Sequence[Sample]) -> Held:
    """By how much each thing grows an hour, in each process that lived to the end, after warming up."""
    steady = samples[int(WARM_UP * len(samples)) :]
    return {name: _slopes_of(name, held, steady) for name, held in (steady[-1].held if steady else {}).items()}


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """The median slope of all pairs (Theil 1950, Sen 1968): one step, or a day's up and down, is no growth."""
    if len(times) < 2:  # noqa: PLR2004 - no slope of one
        return 0.0
    earlier, later = np.triu_indices(len(times), 1)
    at, held = np.asarray(times), np.asarray(values)
    return float(np.median((held[later] - held[earlier]) / (at[later] - at[earlier])))


def rebirths(samples: Sequence[Sample]) -> int:
    """How often a process went by another number than in the sample before."""
    pairs = itertools.pairwise(samples)
    return sum(later.pids.get(name, pid) != pid for earlier, later in pairs for name, pid in earlier.pids.items())


def said(name: str, number: float) -> str:
    """A number of what is held, with its unit."""
    return f"{number / 1e6:.1f} MB" if name.endswith("memory") else f"{number:.1f}"


def _days(show: Trial, scene: str, course: Course, log: Log) -> Iterator[float]:
    """The seconds that have passed, at every moment for a sample; meanwhile doors open and close."""
    began, every = time.monotonic(), max(course.every, course.seconds / MOST_SAMPLES)
    while (passed := time.monotonic() - began) < course.seconds:
        if int(passed / (course.day / 2.0)) > log.turns:
            log.turns += 1
            _turn(show, scene, is_open=log.turns % 2 == 0)
        yield passed
        show.rest(min(every, max(course.seconds - passed, 0.01)))


def _turn(show: Trial, scene: str, *, is_open: bool) -> None:
    """Open, with the scene of the plan, or close, as the calendar does."""
    show.send("/programme/open", "true" if is_open else "false")
    if is_open:
        show.send("/scene/load", scene)


def _held_by(pid: int) -> dict[str, float]:
    """What a process holds; nothing of one that has ended meanwhile, though nobody may have looked at its end yet."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            memory, files, threads = process.memory_info().rss, process.num_fds(), process.num_threads()
    except psutil.Error:
        return {}
    return {"memory": float(memory), "files": float(files), "threads": float(threads)} if memory else {}


def _shared(laid: Wires | None) -> float:
    """Bytes of memory that the files of the wires take; what is being taken up meanwhile is not counted."""
    held = 0
    with contextlib.suppress(OSError):
        for path in laid.folder.rglob("*") if laid else ():
            held += path.stat().st_blocks * 512
    return float(held)


def _finite(ms: float) -> float | None:
    """JSON has no word for longer than we can count."""
    return ms if math.isfinite(ms) else None


def _slopes_of(process: str, held: Mapping[str, float], samples: Sequence[Sample]) -> dict[str, float]:
    """One process's, as long as it has been the one that it was at last."""
    pid = samples[-1].pids.get(process)
    its = [sample for sample in samples if process in sample.held and sample.pids.get(process) == pid]
    hours = [sample.at / HOUR for sample in its]
    return {thing: slope(hours, [sample.held[process].get(thing, 0.0) for sample in its]) for thing in held}


def _growing(grown: Held) -> Iterator[str]:
    for process, things in grown.items():
        for thing, by in things.items():
            if by >= MOST[thing]:
                limit = said(thing, MOST[thing])
                yield f"{process}: {thing} grows by {said(thing, by)} an hour (limit {limit})."
