"""How the processes are wired: where the ring and the boards are, and the pipe to and from the conductor.

A value is a state and goes over a board; a command is an event and goes through a pipe, one per life of a process.
Neither side may be held up by the other: the conductor's end sends from a thread of its own behind a bounded queue.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import queue
import shutil
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

import psutil

from installation.records import Order, Report

log = logging.getLogger(__name__)

OUTBOX = 1000  # orders waiting for a process that does not read: ten seconds of a busy performance
PREFIX = "burntout-"


@dataclasses.dataclass(frozen=True, slots=True)
class Wires:
    """The paths of one running installation; picklable, handed to every process."""

    folder: Path

    @property
    def ring(self) -> Path:
        """Frames, written by the engine."""
        return self.folder / "ring"

    @property
    def board(self) -> Path:
        """Knob values by address, written by the conductor."""
        return self.folder / "board"

    @property
    def camera(self) -> Path:
        """What the camera sees, written by its process; it is there where a camera is."""
        return self.folder / "camera"

    @property
    def glimpses(self) -> Path:
        """Pictures from outside that entered the loop, written by the engine."""
        return self.folder / "glimpses"

    @property
    def glances(self) -> Path:
        """Small pictures of what the audience sees, written by the stage; it is there where somebody may watch."""
        return self.folder / "glances"

    @property
    def corners(self) -> Path:
        """Where the projectors' corners stand, written by the stage as soon as it shows something."""
        return self.folder / "corners"

    @property
    def gaps(self) -> Path:
        """How long flips were apart, counted; written by the stage."""
        return self.folder / "gaps"

    def vitals(self, process: str) -> Path:
        """A process's own board: its beat and its readings."""
        return self.folder / f"vitals-{process}"

    def boards(self) -> dict[str, Path]:
        """Every process's own board that is there now, by the process's name."""
        return {path.name.partition("-")[2]: path for path in self.folder.glob(self.vitals("*").name)}


def lay(parent: Path | None = None) -> Wires:
    """A fresh folder for the wires, on tmpfs where there is one. Remains of dead conductors are swept first."""
    home = parent or memory_folder()
    sweep(home)
    return Wires(Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=home)))


def take_up(wires: Wires) -> None:
    """Remove every file of the wires."""
    shutil.rmtree(wires.folder, ignore_errors=True)


def sweep(home: Path) -> None:
    """Remove what conductors that were killed left behind."""
    for folder in home.glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def memory_folder() -> Path:
    """Where files cost no disk: Linux's shared memory, else the temporary folder."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder inside
    return memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())


class Outbox:
    """The conductor's end of a pipe: ``post`` never waits. Orders nobody reads are dropped and counted."""

    def __init__(self, pipe: Connection, name: str) -> None:
        """Start the thread that sends."""
        self.dropped = 0
        self._pipe = pipe
        self._waiting: queue.Queue[Order | None] = queue.Queue(OUTBOX)
        self._thread = threading.Thread(target=self._send, name=f"outbox-{name}", daemon=True)
        self._thread.start()

    def post(self, order: Order) -> None:
        """Hand an order over; it is sent in turn."""
        try:
            self._waiting.put_nowait(order)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Stop sending, once the process has ended; what is still waiting is lost with it."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(1.0)  # sending to the dead fails at once; nobody may close the pipe under the thread

    def _send(self) -> None:
        while (order := self._waiting.get()) is not None:
            try:
                self._pipe.send(order)
            except OSError:
                return  # the process is gone; the supervisor sees that too


class Line(Protocol):
    """How orders reach the engine and its reports leave it: by the pipe, or by way of another machine."""

    def order(self, patience: float = 0.0) -> Order | None:
        """The next order, waiting up to ``patience`` seconds. Raises ``EOFError`` when nobody gives any."""

    def report(self, name: str, /, **data: object) -> None:
        """Tell the conductor something."""


class Uplink:
    """A process's end of its pipe: orders in, reports out, from any of its threads."""

    def __init__(self, pipe: Connection) -> None:
        """Take over the connection."""
        self._pipe = pipe
        self._turn = threading.RLock()  # a signal may end a report in its midst: the last words still need a turn

    def order(self, patience: float = 0.0) -> Order | None:
        """The next order, waiting up to ``patience`` seconds. Raises ``EOFError`` when the conductor is gone."""
        try:
            if not self._pipe.poll(patience):
                return None
            received = self._pipe.recv()
        except OSError as error:
            raise EOFError from error
        return received if isinstance(received, Order) else None

    def report(self, name: str, /, **data: object) -> None:
        """Tell the conductor something; a conductor that is gone is no reason to fall over."""
        with self._turn, contextlib.suppress(OSError):
            self._pipe.send(Report(name, data))


class PipeHandler(logging.Handler):
    """Log lines of a process, spoken by the conductor: one voice on the terminal."""

    def __init__(self, line: Line) -> None:
        """Send records along this line."""
        super().__init__()
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        self._line.report("log", level=record.levelno, name=record.name, text=self.format(record))
