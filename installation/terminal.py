"""What a person at a terminal sees: log lines as sentences, and one line that says how the piece is."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.logging import RichHandler
from rich.text import Text

from installation.readings import declared

if TYPE_CHECKING:
    from installation.health import Health

BACKLOG = 10_000  # log lines waiting for a terminal that was stopped with Ctrl-S
CLOCK = "%H:%M:%S"
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))
LOG_BYTES, LOG_FILES = 5_000_000, 4
QUIET_INTERVAL = 10.0  # seconds between status lines where nobody watches live

log = logging.getLogger(__name__)


@contextlib.contextmanager
def speaking(console: Console, logs: Path | None) -> Iterator[None]:
    """Log lines go to the terminal and to ``logs/burntout.log``, from a thread that may wait; the caller never does."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue(BACKLOG)
    written = [_file(logs)] if logs else []
    listener = QueueListener(lines, _screen(console), *written)
    root = logging.getLogger()
    handler = QueueHandler(lines)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        listener.stop()
        for file in written:
            file.close()


def _screen(console: Console) -> logging.Handler:
    """Coloured and wrapped on a terminal; elsewhere a line is a line, so that it can be searched for."""
    if console.is_terminal:
        return RichHandler(console=console, show_path=False, log_time_format=CLOCK, omit_repeated_times=False)
    plain = logging.StreamHandler(console.file)
    journal = "JOURNAL_STREAM" in os.environ  # systemd.exec(5)
    plain.setFormatter(Journal() if journal else logging.Formatter("%(asctime)s %(levelname)-8s %(message)s", CLOCK))
    return plain


class Journal(logging.Formatter):
    """Lines for systemd's journal, which has the time already and wants to know how grave they are: sd-daemon(3)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its priority before every line of it."""
        priority = next(number for level, number in PRIORITIES if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


class LogFile(RotatingFileHandler):
    """A log file on a disk that may be full: lines are lost then, and nobody is told forty times a second.

    Somebody may put the file away, at night as a rule; the next line begins another.
    """

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's own name
        """Whether it is full, having looked first whether it is still there."""
        if self.stream and not Path(self.baseFilename).exists():
            self.stream.close()
            self.stream = None  # as logging does when it opens late
        return bool(super().shouldRollover(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Lose the line: the terminal has it, and the disk was complained about by whoever needs it."""


def _file(logs: Path) -> LogFile:
    file = LogFile(logs / "burntout.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    return file


@contextlib.contextmanager
def watching(console: Console, health: Callable[[], Health]) -> Iterator[None]:
    """A live status line on a terminal; where there is none, a log line every ten seconds."""
    if console.is_terminal:
        with Live(console=console, get_renderable=lambda: status(health()), refresh_per_second=4, transient=True):
            yield
    else:
        with _murmuring(health):
            yield


def status(health: Health) -> Text:
    """Scene, generation, temperature, generations per second and the readings that are brief, on one line."""
    parts: list[str | tuple[str, str]] = [
        (f" {health.state} ", "bold black on dark_orange" if health.state == "playing" else "bold white on red3"),
        f" {health.scene}",
        f"  generation {health.serial}",
        f"  T {health.temperature:.2f}",
        f"  {health.rate:.1f}/s",
        *(
            f"  {each.say_briefly(health.readings[at])}"
            for at, each in declared().items()
            if at in health.readings and each.brief
        ),
        f"  stage {health.stage_fps:.0f} fps",
    ]
    if health.recording:
        dropped = f", {health.dropped_frames} dropped" if health.dropped_frames else ""
        parts.append((f"  recording{dropped}", "red"))
    if lost := sum(health.deaths.values()):
        parts.append((f"  {lost} rebirths", "yellow"))
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


@contextlib.contextmanager
def _murmuring(health: Callable[[], Health]) -> Iterator[None]:
    done = threading.Event()

    def murmur() -> None:
        while not done.wait(QUIET_INTERVAL):
            log.info("%s", status(health()).plain.strip())

    thread = threading.Thread(target=murmur, name="murmur", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(1.0)
