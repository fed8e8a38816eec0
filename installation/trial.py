"""A trial: the real program in a process of its own, as a user starts it, and watched from outside by its wires."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from installation.control import osc, sockets
from installation.errors import Refusal
from installation.machine import wires
from installation.machine.board import glance
from installation.machine.wires import Wires

HERE = "127.0.0.1"
LEAVE = 15.0  # seconds to stop in
GLANCE = 0.005  # seconds between two looks
PROGRAM = (sys.executable, "-m", "installation")
RUN = "run"
PARENT = "conductor"  # who starts all the others


class TrialError(Refusal):
    """A program that did not come to play, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A program that runs: ``began`` is when its command was given, in monotonic seconds, ``port`` its OSC's."""

    process: subprocess.Popen[bytes]
    port: int
    began: float

    @property
    def wires(self) -> Wires | None:
        """Where its wires are; None before they are laid."""
        laid = wires.memory_folder().glob(f"{wires.PREFIX}{self.process.pid}-*")
        return next(map(Wires, laid), None)

    def vital(self, process: str, name: str) -> float:
        """One vital sign of a process now; 0 before it has a board."""
        laid = self.wires
        return glance(laid.vitals(process)).get(name, 0.0) if laid else 0.0

    def pids(self) -> dict[str, int]:
        """The process numbers of all that live now, the conductor's first, what has no vital signs by its number."""
        laid, children = self.wires, list[psutil.Process]()
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            children = psutil.Process(self.process.pid).children(recursive=True)
        names = {glance(board).get("pid"): name for name, board in (laid.boards() if laid else {}).items()}
        return {PARENT: self.process.pid, **{names.get(each.pid, f"other {each.pid}"): each.pid for each in children}}

    def send(self, address: str, *arguments: str) -> None:
        """One OSC message to it."""
        osc.send(HERE, self.port, address, list(arguments))

    def until(self, true: Callable[[], bool], within: float) -> float:
        """Wait for something, and return the seconds it took. Raises ``TrialError`` where it does not come."""
        began = time.monotonic()
        while not true():
            if (ended := self.process.poll() is not None) or time.monotonic() - began > within:
                why = "ended" if ended else f"did not come to it within {within:.0f} s"
                raise TrialError(f"The program {why}. What does burntout doctor say?")
            self.rest(GLANCE)
        return time.monotonic() - began

    def rest(self, seconds: float) -> None:
        """Let it play for so long, or until it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)


@contextlib.contextmanager
def playing(scene: str, state: Path, program: Sequence[str] = PROGRAM) -> Iterator[Trial]:
    """The program with a fresh lineage of a scene. In a session of its own: Ctrl-C in the terminal is not for it."""
    free = sockets.listen(HERE, 0)
    port = free.port
    free.close()
    options = ("--fresh", "--state", str(state), "--osc-port", str(port), "--web-port", "0")
    words, silent = (*program, RUN, scene, *options), subprocess.DEVNULL
    began = time.monotonic()
    with subprocess.Popen(words, stdout=silent, stderr=silent, start_new_session=True) as process:  # noqa: S603 - ourselves
        try:
            yield Trial(process, port, began)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(LEAVE)
            except subprocess.TimeoutExpired:
                process.kill()
