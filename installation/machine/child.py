"""How every process of the installation begins, beats and ends."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from enum import IntEnum
from multiprocessing.connection import Connection

from installation.machine.board import Board
from installation.machine.wires import PipeHandler, Uplink, Wires


class Phase(IntEnum):
    """What a process is doing: the patience with it depends on that."""

    LOADING = 0
    RUNNING = 1
    RESTING = 2


#: The vital signs every process has; its own readings are added to these.
PULSE: Mapping[str, float] = {"phase": float(Phase.LOADING), "beat": 0.0, "pid": 0.0}


class Vitals:
    """A process's own board: it beats, and shows what it measures. Written from one thread only."""

    def __init__(self, wires: Wires, name: str) -> None:
        """Join the board the conductor has laid."""
        self._board = Board(wires.vitals(name))
        self._board.write({"pid": float(os.getpid())})

    def beat(self, phase: Phase = Phase.RUNNING, **readings: float) -> None:
        """Alive, and this is what it looks like. ``beat`` is in seconds of the machine's monotonic clock."""
        self._board.write({"phase": float(phase), "beat": time.monotonic(), **readings})

    def seen(self, name: str) -> float:
        """What the board says now."""
        return self._board[name]


@contextlib.contextmanager
def living(name: str, pipe: Connection) -> Iterator[Uplink]:
    """The life of a process: logs go to the conductor, SIGTERM ends it through its ``finally`` clauses.

    SIGINT is not for us: the conductor started us with it blocked, and tells us when to stop. SIGUSR1 prints every
    thread's stack. An end of the conductor (``EOFError``) is an orderly end.
    """
    signal.signal(signal.SIGTERM, _leave)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    uplink = Uplink(pipe)
    handler = PipeHandler(uplink)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("installation").setLevel(logging.INFO)  # other people's libraries speak only when it matters
    logging.getLogger(name).debug("Process %d lives.", os.getpid())
    try:
        yield uplink
    except EOFError:
        logging.getLogger(name).info("The conductor is gone; leaving.")


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not break into what is being saved
    sys.exit(0)
