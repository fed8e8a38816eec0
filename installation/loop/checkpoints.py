"""Checkpoints: where a lineage goes on after a death. Every generation in memory, every few seconds on the disk.

On the disk the last three are kept. What cannot be read is set aside, and never written over: somebody may want it.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from installation.loop.lineage import Lineage, LineageError, from_bytes, to_bytes
from installation.machine.files import StorageError, older, write_and_keep, write_atomically

log = logging.getLogger(__name__)

NAME = "lineage.safetensors"
ASIDE = "lineage.refused.safetensors"
KEPT = 3  # on the disk


class Checkpoints:
    """Two copies: one beside the wires, which survives the engine, and one on the disk, which survives the power."""

    def __init__(self, memory: Path, disk: Path, every: float) -> None:
        """``every``: seconds between two writes to the disk."""
        self._memory = memory / NAME
        self._disk = disk / NAME
        self._every = every
        self._next = 0.0
        self._failing: set[Path] = set()
        self._last = self._safe = b""

    def keep(self, lineage: Lineage, now: float) -> None:
        """Keep a finished generation. A full disk is said once and tried again; the show goes on without."""
        self._last = to_bytes(lineage)
        self._put(self._memory)
        if now >= self._next:
            self._next = now + self._every
            self.flush()

    def flush(self) -> None:
        """Write the generation kept last to the disk now, unless it stands there already."""
        if self._last and self._last is not self._safe:
            self._put(self._disk)

    def copy_to(self, path: Path) -> None:
        """Write the generation kept last somewhere else: what a take needs to be rendered again. ``StorageError``."""
        if self._last:
            write_atomically(path, self._last)

    def recall(self, scene: str, size: int) -> Lineage | None:
        """The lineage of this scene to go on with, the freshest copy that is whole; None when there is none."""
        for path in (self._memory, *(older(self._disk, place) for place in range(KEPT))):
            lineage = _read(path)
            if lineage and lineage.scene == scene and lineage.present.shape[-1] == size:
                return lineage
        return None

    def _put(self, path: Path) -> None:
        write = partial(write_and_keep, kept=KEPT) if path == self._disk else write_atomically
        try:
            write(path, self._last)
        except StorageError as error:
            if path not in self._failing:
                log.error("No checkpoint; a crash or a power cut would cost the lineage. %s", error)  # noqa: TRY400
            self._failing.add(path)
        else:
            self._failing.discard(path)
            self._safe = self._last if path == self._disk else self._safe


def _read(path: Path) -> Lineage | None:
    try:
        return from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error)
    except LineageError as error:
        log.warning("%s: %s%s", path, error, _set_aside(path))
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
