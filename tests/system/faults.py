"""The ledger of faults: what was provoked, and what was seen of it by audience, machine and clock.

`pytest tests/system --faults` writes what such a run saw into deploy/RUNBOOK.md, between two marks.
"""

import os
import platform
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from installation.machine.board import Board
from tests.support import until
from tests.system.performance import Performance

RUNBOOK = Path(__file__).parents[2] / "deploy" / "RUNBOOK.md"
BEGIN, END = "<!-- faults: written by pytest tests/system --faults -->", "<!-- end of faults -->"
PATIENCE = 120.0  # seconds until a fault must be over
SILENCE = 12.0  # seconds that a process may be silent: on a busy machine an engine's first generation takes eight
LOOK_EVERY = 0.01  # seconds
STANDING = 0.5  # seconds without a new frame that a visitor would notice
LINE = re.compile(r"^\d\d:\d\d:\d\d +(?:INFO|WARNING|ERROR) +(.*?) *$", re.MULTILINE)

#: What is provoked, in the order of the runbook's table: the tests name these and no others.
FAULTS = (
    "The engine dies",
    "The engine runs out of memory",
    "The engine dies again and again",
    "The stage dies",
    "The recorder dies",
    "Engine, stage, recorder and camera hang, all at once",
    "The conductor hangs for a moment",
    "The conductor hangs for ever",
    "The conductor dies",
    "The power is cut",
    "The piece is stopped and started",
    "The model gives what is not a number",
    "The model gives a flat field",
    "A model cannot be trusted",
    "The loop reaches a fixed point",
    "The loop runs in a cycle",
    "A scene is damaged",
    "A scene's origin is damaged",
    "A checkpoint is damaged in memory",
    "A checkpoint is damaged on the disk",
    "machine.toml is damaged",
    "programme.toml is damaged",
    "The disk fills up",
    "The disk fills up while recording",
    "The disk is full from the start",
    "The disk turns read-only",
    "The disk is read-only from the start",
    "The disk is slow",
    "The state cannot be written",
    "A projector is unplugged",
    "A projector answers nonsense",
    "A projector answers nothing",
    "The clock is moved by a day, a month, and back",
    "The night leaves an hour out",
    "The night repeats an hour",
    "Noise at the OSC port",
    "Strangers at the OSC port",
    "Strangers at the web port",
    "The OSC port is taken",
)
UNSEEN = "not provoked in this run"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    fault: str
    provoked: str
    audience: str
    machine: str
    seconds: float | None

    def line(self) -> str:
        """As Markdown."""
        took = "" if self.seconds is None else f"{self.seconds:.1f} s"
        cells = (self.fault, self.provoked, self.audience, self.machine, took)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


class Eyewitness:
    """Sits before the wall: a thread that watches the stage's counter of frames for as long as it is wanted."""

    def __init__(self, show: Performance) -> None:
        self._show, self._leaving = show, threading.Event()
        self.gaps: list[float] = []
        self._burning = False
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_: object):
        self._leaving.set()
        self._thread.join(10.0)

    def said(self) -> str:
        """What it saw."""
        longest = max(self.gaps, default=0.0)
        if longest > STANDING:
            return f"the picture standing still for {longest:.1f} s at most"
        seen = "the picture burning on" if self._burning else "nothing"
        return f"{seen}; {longest * 1e3:.0f} ms between two frames at most"

    def _watch(self) -> None:
        with closing(Board(self._show.wires.vitals("stage"))) as stage:
            counted, since = stage["frames"], time.monotonic()
            while not self._leaving.wait(LOOK_EVERY):
                self._burning |= bool(stage["burning_on"])
                if (frames := stage["frames"]) != counted:
                    self.gaps.append(time.monotonic() - since)
                    counted, since = frames, time.monotonic()
            self.gaps.append(time.monotonic() - since)


@dataclass
class Fault:
    """A fault while it lasts."""

    show: Performance
    heard: int
    began: float
    seconds: float | None = None
    said: list[str] = field(default_factory=list)

    def over(self, is_over: Callable[[], object]) -> None:
        """Wait until it is over, and remember how long that took."""
        until(is_over, PATIENCE)
        self.seconds = time.monotonic() - self.began

    def says(self, pattern: str) -> str:
        """Wait for the line in which the machine says this, and remember it."""
        found = re.compile(pattern)
        line = until(lambda: next((line for line in self._lines() if found.search(line)), None), PATIENCE)
        self.said.append(str(line))
        return str(line)

    def _lines(self) -> list[str]:
        return LINE.findall(self.show.said()[self.heard :])


class Ledger:
    """All faults of a run, in the order in which they were provoked."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    @contextmanager
    def provoked(self, show: Performance, fault: str, how: str) -> Iterator[Fault]:
        """A fault, watched from before it is provoked; entered when all that was promised of it was seen."""
        _require_known(fault)
        lasting = Fault(show, len(show.said()), time.monotonic())
        with Eyewitness(show) as witness:
            yield lasting
        machine = "; ".join(f'"{line}"' for line in lasting.said)
        self.rows.append(Row(fault, how, witness.said(), _without_places(machine), lasting.seconds))

    def note(self, fault: str, how: str, audience: str, machine: str, seconds: float | None = None) -> None:
        """What a test has seen of a fault in its own way."""
        _require_known(fault)
        self.rows.append(Row(fault, how, audience, _without_places(machine), seconds))

    def table(self, now: datetime) -> str:
        """Every known fault, whether this run provoked it or not, and under which conditions the table came to be."""
        conditions = (
            f"Seen on {now:%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}, load {os.getloadavg()[0]:.1f}; no graphics card, 25 pictures a second of a "
            f"scene of 64 pixels; patience of {SILENCE:g} s with a silent process. Seconds count from the fault, or "
            "from its end where it lasts, until all was as before; those of a start until the first picture."
        )
        head = (
            "| fault | how it was provoked | the audience saw | the machine said | over after |\n" + "| --- " * 5 + "|"
        )
        return "\n".join([conditions, "", head, *(row.line() for row in self._in_order())])

    def _in_order(self) -> Iterator[Row]:
        for fault in FAULTS:
            seen = [row for row in self.rows if row.fault == fault]
            yield seen[-1] if seen else Row(fault, UNSEEN, "", "", None)

    def write(self, path: Path, now: datetime) -> None:
        """Put the table between the marks."""
        before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
        path.write_text(f"{before}{BEGIN}\n{self.table(now)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def close(ledger: Ledger) -> None:
    """Write a run's table into the runbook."""
    ledger.write(RUNBOOK, datetime.now(UTC))


def _require_known(fault: str) -> None:
    if fault not in FAULTS:
        raise ValueError(f"{fault!r} is not in FAULTS; add it there, where it shall stand in the table.")


def _without_places(said: str) -> str:
    """Folders and ports of the test's own say nothing to a reader."""
    return re.sub(r"(?:/[\w.-]+){2,}/([\w.-]+)", r"\1", re.sub(r"(127\.0\.0\.1):\d+", r"\1", said))
