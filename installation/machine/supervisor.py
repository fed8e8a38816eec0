"""Who watches a process: starts it, feels its pulse, ends it when it hangs, and gives it another life."""

from __future__ import annotations

import dataclasses
import logging
import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from installation.machine.board import Board
from installation.machine.child import Phase
from installation.machine.memory import Weight, resident
from installation.machine.wires import Outbox, Wires
from installation.records import Order, Report

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

log = logging.getLogger(__name__)

GRACE = 5.0  # seconds between SIGTERM and SIGKILL: time to write a checkpoint to a slow disk
MEMORY_OF_DEATHS = 600.0  # seconds: ten minutes
LONGEST_DELAY = 60.0
WEIGH_EVERY = 5.0  # seconds between two looks at what it holds in memory
QUIET = 120.0  # seconds for a process that holds too much to find a moment that nobody notices; then any must do
MOST_REPORTS = 200  # read per look, so that a chatty process cannot keep the conductor from its tick


@dataclasses.dataclass(frozen=True, slots=True)
class Duty:
    """What a process is there for. ``entry(wires, pipe, *arguments)`` runs in it; patience is in seconds of silence."""

    name: str
    entry: Callable[..., None]
    arguments: tuple[object, ...]
    vitals: Mapping[str, float]
    loading_patience: float
    running_patience: float


def back_off(deaths: Sequence[float], now: float) -> float:
    """Seconds to wait before the next life: 0 after a first death, then 1, 2, 4 up to 60, forgotten in ten minutes."""
    recent = sum(now - death < MEMORY_OF_DEATHS for death in deaths)
    return 0.0 if recent < 2 else min(2.0 ** (recent - 2), LONGEST_DELAY)  # noqa: PLR2004 - the first is forgiven


class Ward:
    """One supervised process, looked at on every tick; nothing here waits for it."""

    def __init__(
        self, duty: Duty, wires: Wires, born: Callable[[], Sequence[Order]], most_bytes: float = math.inf
    ) -> None:
        """``born`` gives the orders that every new life begins with, ``most_bytes`` is what it may hold in memory."""
        self.duty = duty
        self.deaths: list[float] = []
        self.weight = Weight(most=most_bytes)
        self.vitals = Board.create(wires.vitals(duty.name), duty.vitals)
        self._wires = wires
        self._born = born
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._outbox: Outbox | None = None
        self._since = 0.0
        self._due = 0.0
        self._condemned = math.inf
        self._renewing = False
        self._weigh_at = 0.0
        self._objected = False
        self._until = math.inf  # then its search for a quiet moment is over

    @property
    def pid(self) -> int | None:
        """The process's number, while it lives."""
        return self._process.pid if self._process else None

    def post(self, order: Order) -> None:
        """Send an order; without a living process it is lost, and ``born`` says what the next life needs to know."""
        if self._outbox:
            self._outbox.post(order)

    def look(self, now: float) -> Iterator[Report]:
        """Once per tick: what the process reports, and whatever has to be done about it."""
        code = self._process.exitcode if self._process else None  # looked at first: its last words are heard below
        yield from self.hear()
        if code is not None:
            self._bury(now, code)
        elif self._process:
            self._feel_pulse(self._process, now)
            self._weigh(self._process, now)
        elif now >= self._due:
            self._start(now)

    def forgive(self) -> None:
        """Forget its deaths, and the wait for its next life: what it will be asked now is something else."""
        self.deaths.clear()
        if not math.isinf(self._due):
            self._due = 0.0

    def renew(self, now: float) -> None:
        """Ask it to leave; its next life begins at once, and this end counts as no death."""
        self.post(Order("quit"))
        self._renewing = self._process is not None
        self._condemned = min(self._condemned, now + GRACE)

    def stop(self, now: float) -> None:
        """Ask it to leave. ``gone`` says when it has."""
        self.post(Order("quit"))
        if self._process and self.vitals["phase"] == Phase.LOADING:
            self._process.terminate()  # it has nothing to save and does not listen
        self._due = math.inf
        self._condemned = min(self._condemned, now + GRACE)

    def gone(self, patience: float) -> bool:
        """Whether the process has ended, waiting at most ``patience`` seconds."""
        if self._process:
            self._process.join(patience)
        return self._process is None or self._process.exitcode is not None

    def kill(self) -> None:
        """End it now, whatever it is doing, and let go of its pipe."""
        if self._process and self._process.exitcode is None:
            log.warning("The %s did not leave in time; killing it.", self.duty.name)
            self._process.kill()
            self._process.join(1.0)
        self._let_go()

    def _start(self, now: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (self._wires, theirs, *self.duty.arguments)
        self._process = context.Process(target=self.duty.entry, args=arguments, name=self.duty.name, daemon=True)
        self.vitals.write({"phase": Phase.LOADING, "beat": now})
        # Ctrl-C reaches the whole terminal group; a process born with SIGINT blocked leaves stopping to the conductor.
        # Python's resource tracker unblocks SIGINT when it starts, so it has to be there before.
        resource_tracker.ensure_running()
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        theirs.close()
        self._outbox = Outbox(self._pipe, self.duty.name)
        self._since, self._condemned, self._until = now, math.inf, math.inf
        self.weight, self._objected = Weight(most=self.weight.most), False
        for order in self._born():
            self.post(order)

    def hear(self) -> Iterator[Report]:
        """What the process has reported since the last time."""
        for _ in range(MOST_REPORTS):
            try:
                if self._pipe is None or not self._pipe.poll():
                    return
                report = self._pipe.recv()
            except (OSError, EOFError):
                return  # dead: its exit code is looked at next
            if isinstance(report, Report):
                yield report

    def _feel_pulse(self, process: SpawnProcess, now: float) -> None:
        loading = self.vitals["phase"] == Phase.LOADING
        patience = self.duty.loading_patience if loading else self.duty.running_patience
        silent = now - self.vitals["beat"]
        if now >= self._condemned:
            process.kill()
        elif silent > patience and math.isinf(self._condemned):
            log.error(
                "The %s has been silent for %.0f s while %s; ending it.",
                self.duty.name,
                silent,
                "loading" if loading else "running",
            )
            process.terminate()
            self._condemned = now + GRACE

    def _weigh(self, process: SpawnProcess, now: float) -> None:
        """What it holds in memory. Before the kernel kills it, it is asked to leave when nobody notices."""
        if self._renewing or now < self._weigh_at or process.pid is None:
            return
        if now >= self._until:
            self.renew(now)
        self._weigh_at = now + WEIGH_EVERY
        self.weight = self.weight.seen(resident(process.pid), running=self.vitals["phase"] != Phase.LOADING)
        if self.weight.is_too_much:
            self._object(now)

    def _object(self, now: float) -> None:
        """Say once that it holds too much. What has grown to that is asked to leave."""
        if self.weight.has_grown and math.isinf(self._until):
            self._until = now + QUIET
            self.post(Order("leave"))
        elif self._objected:
            return
        self._objected = True
        log.warning("%s", self.weight.sentence(self.duty.name))

    def _bury(self, now: float, code: int) -> None:
        self._let_go()
        if math.isinf(self._due):
            return
        if self._renewing or (code == 0 and not math.isinf(self._until)):
            self._renewing, self._due = False, now
            log.info("The %s has left, as it was asked to; starting it again.", self.duty.name)
            return
        self.deaths = [death for death in self.deaths if now - death < MEMORY_OF_DEATHS] + [now]
        delay = back_off(self.deaths, now)
        self._due = now + delay
        log.error(
            "The %s ended after %.0f s (%s); starting it again in %.0f s. Death %d in ten minutes.",
            self.duty.name,
            now - self._since,
            how(code),
            delay,
            len(self.deaths),
        )

    def _let_go(self) -> None:
        if self._outbox:
            self._outbox.close()
        if self._pipe:
            self._pipe.close()
        self._process = self._pipe = self._outbox = None


def how(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return "left by itself" if code == 0 else f"failed with exit code {code}"
