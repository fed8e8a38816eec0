"""Endurance: the real program, its doors opened and closed as in months of days, and what of it grows meanwhile."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from installation.control import osc, sockets
from installation.errors import Refusal
from installation.machine import wires
from installation.machine.board import Board

DAY = 20.0  # seconds of a day: half of it open, half closed
SAMPLE_EVERY = 2.0  # seconds
LOADING = 180.0  # seconds until the first picture of the loop must be there
LEAVE = 15.0  # seconds to stop in
WARM_UP = 0.25  # of all samples: until then allocators grow
HOUR = 3600.0
MOST = {"memory": 64e6, "files": 10.0, "threads": 10.0, "GL objects": 10.0}  # an hour, that is 180 days
HERE = "127.0.0.1"
VITALS = "vitals-engine"


class EnduranceError(Refusal):
    """A program that did not come to play, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the program holds at one moment, all its processes together: bytes, and counts by name."""

    at: float
    held: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it went: days that passed, and what was held at last with its slope an hour, by name."""

    days: int
    seconds: float
    held: Mapping[str, float]
    slopes: Mapping[str, float]

    @property
    def flat(self) -> bool:
        """Whether nothing grows."""
        return all(self.slopes[name] < most for name, most in MOST.items())

    def sentence(self) -> str:
        """The verdict for a person."""
        told = ", ".join(
            f"{_said(name, self.held[name])} {name} ({'+' if slope >= 0 else '-'}{_said(name, abs(slope))} an hour)"
            for name, slope in self.slopes.items()
        )
        return f"{'Flat' if self.flat else 'GROWING'} after {self.days} days in {self.seconds:.0f} s: {told}."


def endure(scene: str, state: Path, seconds: float, progress: Callable[[float], None]) -> Verdict:
    """Play a scene in another process and open and close its doors. Raises ``EnduranceError`` when it ends early.

    ``state`` must be an empty folder. ``progress`` hears the share of the time that has passed.
    """
    samples: list[Sample] = []
    with _playing(scene, state) as (program, port, laid):
        began, closed = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            if int(passed / (DAY / 2.0)) > closed:
                closed += 1
                osc.send(HERE, port, "/programme/open", ["false" if closed % 2 else "true"])
            samples.append(look(program, laid, passed))
            progress(passed / seconds)
            with contextlib.suppress(psutil.TimeoutExpired):
                program.wait(min(SAMPLE_EVERY, max(seconds - passed, 0.01)))
    return Verdict(closed // 2, samples[-1].at, samples[-1].held, slopes(samples))


def look(program: psutil.Process, laid: wires.Wires, at: float) -> Sample:
    """What the program and its children hold now. Raises ``EnduranceError`` when it is gone."""
    try:
        family = [program, *program.children(recursive=True)]
        held = {
            "memory": float(sum(each.memory_info().rss for each in family)),
            "files": float(sum(each.num_fds() for each in family)),
            "threads": float(sum(each.num_threads() for each in family)),
        }
        with contextlib.closing(Board(laid.vitals("stage"))) as stage:
            return Sample(at, {**held, "GL objects": stage["gl_objects"]})
    except (psutil.Error, OSError) as error:
        raise EnduranceError(f"The program ended after {at:.0f} s. Its log is in the state's folder logs.") from error


def slopes(samples: Sequence[Sample]) -> dict[str, float]:
    """By how much each thing held grows an hour: straight lines through the samples after warming up."""
    steady = samples[int(WARM_UP * len(samples)) :]
    if len(steady) < 2:  # noqa: PLR2004 - no slope of one
        return dict.fromkeys(MOST, 0.0)
    times = np.array([sample.at for sample in steady]) / HOUR
    return {name: float(np.polyfit(times, [each.held[name] for each in steady], 1)[0]) for name in MOST}


@contextlib.contextmanager
def _playing(scene: str, state: Path) -> Iterator[tuple[psutil.Process, int, wires.Wires]]:
    """The program, from its first generation on, with its OSC port and its wires."""
    free = sockets.listen(HERE, 0)
    port = free.port
    free.close()
    options = ("--fresh", "--state", str(state), "--osc-port", str(port), "--web-port", "0")
    words = (sys.executable, "-m", "installation", "run", scene, *options)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - ourselves
        try:
            yield psutil.Process(process.pid), port, _awaited(process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(LEAVE)
            except subprocess.TimeoutExpired:
                process.kill()


def _awaited(process: subprocess.Popen[bytes]) -> wires.Wires:
    """Its wires, when it has come to play."""
    deadline = time.monotonic() + LOADING
    while time.monotonic() < deadline and process.poll() is None:
        for folder in wires.memory_folder().glob(f"{wires.PREFIX}{process.pid}-*"):
            with (
                contextlib.suppress(OSError, ValueError),
                contextlib.closing(Board(folder / "vitals-engine")) as engine,
            ):
                if engine["serial"] >= 1:
                    return wires.Wires(folder)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
    raise EnduranceError(f"The program did not play within {LOADING:.0f} s. What does burntout doctor say?")


def _said(name: str, number: float) -> str:
    return f"{number / 1e6:.1f} MB" if name == "memory" else f"{number:.1f}"
