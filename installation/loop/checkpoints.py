"""Checkpoints: where a lineage goes on after a death. Every generation in memory, every few seconds on the disk.

On the disk the last three are kept. What cannot be read is set aside, and never written over: somebody may want it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from installation.loop.lineage import Lineage, LineageError, from_bytes, to_bytes
from installation.machine.files import StorageError, older, write_and_keep, write_atomically, write_whole

if TYPE_CHECKING:
    from installation.machine.scribe import Scribe

log = logging.getLogger(__name__)

NAME = "lineage.safetensors"
ASIDE = "lineage.refused.safetensors"
KEPT = 3  # on the disk
SLOW = 5.0  # seconds for one checkpoint: somebody should look at such a disk
PARTING = 2.0  # seconds that an orderly end waits for the disk: less than a conductor who stops has


class Checkpoints:
    """Two copies: one beside the wires, which survives the engine, and one on the disk, which survives the power."""

    def __init__(self, memory: Path, disk: Path, every: float, scribe: Scribe | None = None) -> None:
        """``every``: seconds between two writes to the disk. Without a scribe the caller waits for it."""
        self._memory = Copy(memory / NAME, write_whole)
        self._disk = Copy(disk / NAME, partial(write_and_keep, kept=KEPT))
        self._every, self._scribe = every, scribe
        self._next = 0.0
        self._last = b""

    def keep(self, lineage: Lineage, now: float) -> None:
        """Keep a finished generation. A full disk is said once and tried again; the show goes on without."""
        self.put(to_bytes(lineage), now)

    def put(self, data: bytes, now: float) -> None:
        """The same for a checkpoint that was made elsewhere."""
        self._last = data
        self._memory.put(self._last)
        if now >= self._next:
            self._next = now + self._every
            self._write()

    def flush(self) -> None:
        """Write the generation kept last to the disk now, unless it stands there already; a slow disk has 2 s."""
        self._write()
        if self._scribe and not self._scribe.finish(PARTING):
            log.warning("The disk is slow; the newest checkpoint may be the one before. Look at it: burntout doctor.")

    def copy_to(self, path: Path) -> None:
        """Write the generation kept last somewhere else: what a take needs to be rendered again. ``StorageError``."""
        if self._last:
            write_atomically(path, self._last)

    def recall(self, scene: str, *sizes: int) -> Lineage | None:
        """The lineage of this scene to go on with, the freshest copy that is whole and of one of these sizes.

        None when there is none. Copies that cannot be read are set aside, and what that costs is said.
        """
        refused: list[Path] = []
        for path in self._paths():
            lineage = _read(path, refused)
            if lineage and lineage.scene == scene and lineage.present.shape[-1] in sizes:
                if refused:
                    log.warning("Another copy of the checkpoint is whole: going on from generation %d.", lineage.serial)
                return lineage
        if refused:
            log.error("No copy of the checkpoint is whole; the piece begins again from its origin.")
        return None

    def copies(self) -> tuple[bytes, ...]:
        """Every copy that is there, the freshest first, unread: for an engine elsewhere, which recalls from them."""
        found = []
        for path in self._paths():
            with contextlib.suppress(OSError):
                found.append(path.read_bytes())
        return tuple(found)

    def lay(self, copies: Sequence[bytes]) -> None:
        """Put another machine's copies where ``recall`` looks. Raises ``StorageError``."""
        for path, data in zip(self._paths(), copies, strict=False):
            write_whole(path, data)

    def _paths(self) -> tuple[Path, ...]:
        return (self._memory.path, *(older(self._disk.path, place) for place in range(KEPT)))

    def _write(self) -> None:
        if not self._last:
            return
        job = partial(self._disk.put, self._last)
        if self._scribe:
            self._scribe.ask(job)
        else:
            job()


class Stand(NamedTuple):
    """Where a lineage stands: what a checkpoint, and the report of a generation, are about."""

    scene: str
    seed: int
    serial: int


def stand(data: bytes) -> Stand | None:
    """What a checkpoint is about, from its first lines alone; None for what is no checkpoint."""
    try:
        head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        told = json.loads(head["__metadata__"]["lineage"])
        return Stand(str(told["scene"]), int(told["seed"]), int(told["serial"]))
    except (ValueError, KeyError, TypeError):
        return None


class Copy:
    """One place where the newest generation stands. What goes wrong there is said once, until it is well again."""

    def __init__(
        self, path: Path, write: Callable[[Path, bytes], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing is written yet. ``write`` raises ``StorageError``; ``clock`` is in seconds."""
        self.path = path
        self._write, self._clock = write, clock
        self._holds = b""
        self._trouble = logging.NOTSET

    def put(self, data: bytes) -> None:
        """Write it, unless it was the last thing written here."""
        if data is self._holds:
            return
        before, (self._trouble, sentence) = self._trouble, self._try(data)
        if self._trouble not in {before, logging.NOTSET}:
            log.log(self._trouble, "%s", sentence)

    def _try(self, data: bytes) -> tuple[int, str]:
        """How grave it is, and the sentence for it."""
        began = self._clock()
        try:
            self._write(self.path, data)
        except StorageError as error:
            return logging.ERROR, f"No checkpoint; a crash or a power cut would cost the lineage. {error}"
        self._holds = data
        if (took := self._clock() - began) < SLOW:
            return logging.NOTSET, ""
        return logging.WARNING, (
            f"The disk is slow: a checkpoint took {took:.0f} s to be written, and a power cut may cost as much more. "
            "The show does not wait for it. Look at the disk: burntout doctor."
        )


def _read(path: Path, refused: list[Path]) -> Lineage | None:
    """A whole lineage. Whatever else stands there is set aside, said, and noted in ``refused``."""
    try:
        return from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error)
    except LineageError as error:
        log.warning("%s: %s%s", path, error, _set_aside(path))
    refused.append(path)
    return None


def _set_aside(path: Path) -> str:
    """Put what was refused where nothing writes over it, and say where."""
    aside = path.with_name(ASIDE)
    try:
        path.replace(aside)
    except OSError as error:
        log.warning("%s stays where it is: %s", path, error)
        return ""
    return f" What was refused is kept as {aside.name}."
