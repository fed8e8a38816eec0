"""Checkpoints: where a lineage goes on after a death. Every generation in memory, every few seconds on the disk."""

from __future__ import annotations

import logging
from pathlib import Path

from installation.loop.lineage import Lineage, LineageError, from_bytes, to_bytes
from installation.machine.files import StorageError, write_atomically

log = logging.getLogger(__name__)

NAME = "lineage.safetensors"


class Checkpoints:
    """Two copies: one beside the wires, which survives the engine, and one on the disk, which survives the power."""

    def __init__(self, memory: Path, disk: Path, every: float) -> None:
        """``every``: seconds between two writes to the disk."""
        self._memory = memory / NAME
        self._disk = disk / NAME
        self._every = every
        self._next = 0.0
        self._failing: set[Path] = set()
        self._last = b""

    def keep(self, lineage: Lineage, now: float) -> None:
        """Keep a finished generation. A full disk is said once and tried again; the show goes on without."""
        self._last = to_bytes(lineage)
        self._put(self._memory)
        if now >= self._next:
            self._next = now + self._every
            self.flush()

    def flush(self) -> None:
        """Write the generation kept last to the disk now."""
        if self._last:
            self._put(self._disk)

    def copy_to(self, path: Path) -> None:
        """Write the generation kept last somewhere else: what a take needs to be rendered again. ``StorageError``."""
        if self._last:
            write_atomically(path, self._last)

    def recall(self, scene: str, size: int) -> Lineage | None:
        """The lineage of this scene to go on with, the freshest copy that is whole; None when there is none."""
        for path in (self._memory, self._disk):
            lineage = _read(path)
            if lineage and lineage.scene == scene and lineage.present.shape[-1] == size:
                return lineage
        return None

    def _put(self, path: Path) -> None:
        try:
            write_atomically(path, self._last)
        except StorageError as error:
            if path not in self._failing:
                log.error("No checkpoint; a crash or a power cut would cost the lineage. %s", error)  # noqa: TRY400
            self._failing.add(path)
        else:
            self._failing.discard(path)


def _read(path: Path) -> Lineage | None:
    try:
        return from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, LineageError) as error:
        log.warning("%s: %s", path, error)
        return None
