"""The caretaker: what the building needs and nobody sees. Projectors, systemd, and the chores of the night."""

from __future__ import annotations

import contextlib
import gzip
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from installation.machine.notify import ServiceManager
from installation.machine.settings import Settings
from installation.programme.chores import Chore
from installation.programme.hours import Programme
from installation.programme.projector import Projectors
from installation.recording import budget, takes
from installation.records import Message

log = logging.getLogger(__name__)

AFTER_CLOSING = 5.0  # seconds until what was made is published: by then the recorder has closed the take
LATE_RESTART = 3600  # seconds: a machine that slept through the night does not restart its engine before the public
EXPORT_PATIENCE = 4 * 3600.0  # seconds
CLOSE_WITHIN = 2.0  # seconds: longer than a child takes to be noticed and killed
LOG = "burntout.log"
EXPORTED = "exported"  # a file of this name in a take's folder: the chore has published it


class Wellbeing(Protocol):
    """How the piece is, as far as `systemctl status` has room for it."""

    @property
    def state(self) -> str: ...
    @property
    def scene(self) -> str: ...
    @property
    def serial(self) -> int: ...
    @property
    def stage_fps(self) -> float: ...


class Caretaker:
    """Owns the projectors' thread, systemd's socket and the one child that may be publishing."""

    def __init__(self, settings: Settings, programme: Programme | None) -> None:
        """Without a programme the doors are open from the start, and there are no chores."""
        self._settings, self._programme = settings, programme
        self._projectors = Projectors(settings.projector)
        self._systemd = ServiceManager()
        self._chores = (programme or Programme(settings.zone)).chores
        self._exporting = Export(settings.state, what=self._chores.publish, config=settings.file)
        self._is_open, self._export_due = False, float("inf")

    def __enter__(self) -> Self:
        self._projectors.__enter__()
        if self._programme is None:
            self.doors(is_open=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._systemd.close()
        self._exporting.close()
        self._projectors.__exit__(kind, error, trace)

    def doors(self, *, is_open: bool) -> None:
        """The doors were opened or closed: the projectors follow when their lamps can, publishing after a closing."""
        self._projectors.want(on=is_open)
        if self._chores.closing and self._is_open and not is_open:
            self._export_due = time.monotonic() + AFTER_CLOSING
        self._is_open = is_open

    def look(self, now: float, frames: float, health: Callable[[], Wellbeing]) -> None:
        """Once a tick: ``frames`` is the stage's counter; how the piece is, is asked for when it is told."""
        self._systemd.look(now, frames, lambda: _sentence(health()))
        if now >= self._export_due:
            self._export_due = float("inf")
            threading.Thread(target=self._exporting.run, name="export", daemon=True).start()

    def chores(self, post: Callable[[Message], object]) -> dict[str, Chore]:
        """What the programme wants done at night, by name."""
        plan, state = self._chores, self._settings.state
        restart, collapse = (Message(each, (), "programme") for each in ("/engine/restart", "/collapse/start"))
        wanted: dict[str, tuple[int | None, Callable[[], object], int | None]] = {
            "restart": (plan.restart, lambda: post(restart), LATE_RESTART),
            "export": (plan.export, self._exporting.run, None),
            "rotate": (plan.rotate, lambda: rotate(state / "logs", datetime.now(UTC), plan.logs_days), None),
            "collapse": (plan.collapse, lambda: post(collapse), None),
            "tidy": (plan.tidy, lambda: budget.tidy(state, plan.takes_bytes), None),
        }
        return {name: Chore(at, _silent(do), grace) for name, (at, do, grace) in wanted.items() if at is not None}


class Export:
    """Publishes the last finished take in a process of its own, with the least right to the processor."""

    def __init__(
        self,
        state: Path,
        patience: float = EXPORT_PATIENCE,
        what: Sequence[str] = (),
        config: Path | None = None,
    ) -> None:
        """``patience``: seconds until it is given up. ``what``: forms, ``bag``, ``site``; else the usual forms.

        ``config`` is the machine.toml in which the catalogue has its imprint.
        """
        self._state, self._patience, self._what = state, patience, what
        self._config = ["--config", str(config)] if config else []
        self._closed, self._turn = threading.Event(), threading.Lock()

    def run(self) -> None:
        """Publish, unless that was done or there is nothing to publish. Waits for it, in a thread that may.

        While it is at it a second call does nothing.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._publish()
            finally:
                self._turn.release()

    def _publish(self) -> None:
        finished = [take for take in takes.all_takes(self._state) if take.status == "complete"]
        if not finished or self._was_done(finished[-1]) or self._closed.is_set():
            log.info("Nothing to export: no take has ended since the last time.")
            return
        name = finished[-1].name
        for words in orders(finished[-1].folder, self._what):
            if code := self._called(words):
                log.error("Take %s was not exported (exit code %d). Try: burntout publish last", name, code)
                return
        (finished[-1].folder / EXPORTED).touch()
        log.info("Exported take %s.", name)

    def _was_done(self, take: takes.Take) -> bool:
        by_hand = not self._what and (take.folder / f"{take.name}.mp4").exists()
        return by_hand or (take.folder / EXPORTED).exists()

    def _called(self, words: Sequence[str]) -> int:
        """The exit code of one of our own commands, run with the least right to the processor."""
        nice = ["nice", "-n", "19"] if shutil.which("nice") else []
        where = ["--state", str(self._state), *self._config]
        command = [*nice, sys.executable, "-m", "installation", *words, *where]
        silent = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent) as child:  # noqa: S603 - ourselves
            return self._await_end(child)

    def close(self) -> None:
        """End whatever is being published, and wait until it has ended."""
        self._closed.set()
        if self._turn.acquire(timeout=CLOSE_WITHIN):
            self._turn.release()

    def _await_end(self, child: subprocess.Popen[bytes]) -> int:
        deadline = time.monotonic() + self._patience
        while child.poll() is None:
            if self._closed.wait(0.2) or time.monotonic() > deadline:
                child.kill()  # a film is written beside and renamed: half of one is never left under its name
                break
        return child.wait(10.0)


def orders(take: Path, what: Sequence[str]) -> list[list[str]]:
    """The commands that publish a take: its editions, its bag, and last the catalogue of all."""
    forms = [each for each in what if each not in {"bag", "site"}]
    named = ["--form", ",".join(forms)] if forms else []
    editions = [["publish", str(take), *named]] if forms or not what else []
    bag = [["publish", "bag", str(take)]] if "bag" in what else []
    return [*editions, *bag, *([["publish", "site"]] if "site" in what else [])]


def rotate(logs: Path, now: datetime, days: int) -> None:
    """Put the log away as ``burntout-2026-11-23.log.gz`` and delete those older than so many days.

    The log's writer notices that its file is gone and begins another. Raises ``OSError`` where the disk is full.
    """
    current, away = logs / LOG, logs / f"burntout-{now:%Y-%m-%d}.log.gz"
    if current.exists() and not away.exists():
        aside = logs / f"burntout-{now:%Y-%m-%d}.log"
        current.rename(aside)
        with aside.open("rb") as plain, gzip.open(away.with_suffix(".tmp"), "wb") as packed:
            shutil.copyfileobj(plain, packed)
        away.with_suffix(".tmp").replace(away)
        aside.unlink()
    oldest = f"burntout-{now - timedelta(days=days):%Y-%m-%d}"
    for old in logs.glob("burntout-????-??-??.log*"):
        if old.name < oldest:
            with contextlib.suppress(FileNotFoundError):
                old.unlink()


def _sentence(health: Wellbeing) -> str:
    return f"{health.state}: {health.scene}, generation {health.serial}, stage {health.stage_fps:.0f} fps"


def _silent(do: Callable[[], object]) -> Callable[[], None]:
    """A chore's answer goes nowhere; what it had to say is in the log."""

    def chore() -> None:
        do()

    return chore
