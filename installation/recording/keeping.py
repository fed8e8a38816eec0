"""Keeping after the fact: takes of the ring become takes like all others."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from installation.machine.files import StorageError
from installation.recording.journal import unwritable
from installation.recording.takes import CARD, LINEAGE

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds for the engine to end the generation it is at: it writes a lineage between two


class Keeping:
    """The takes of the ring that are to be kept.

    Each is moved once the engine has put its lineage into it, without which it could not be rendered again; a turn of
    the ring may have begun only just now. One that waits in vain is moved as it is.
    """

    def __init__(self) -> None:
        """Nothing is to be kept."""
        self._due: dict[Path, tuple[Path, float]] = {}  # by folder: where it goes, and by when

    def ask(self, ring: Path, into: Path, now: float) -> None:
        """Keep every take of a ring, none of which may be written any more.

        What has no card yet is the next turn's: its lineage may be there before the recorder has begun it.
        """
        folders = [card.parent for card in sorted(ring.glob(f"*/{CARD}"))]
        self._due |= {folder: (into, now + PATIENCE) for folder in folders if folder not in self._due}
        if not folders:
            log.info("Nothing is kept: the ring was empty.")

    def without(self, folders: Collection[str]) -> list[Path]:
        """Those of some folders of the ring that nobody wants to keep."""
        return [folder for folder in map(Path, folders) if folder not in self._due]

    def look(self, now: float) -> None:
        """Move what is ready, or has waited long enough. A disk that refuses keeps it in the ring."""
        ready = [folder for folder, (_, due) in self._due.items() if now >= due or _is_ready(folder)]
        for folder in ready:
            into, _ = self._due.pop(folder)
            try:
                log.info("Kept %s.", _moved(folder, into).name)
            except StorageError as refusal:
                log.warning("%s is not kept. %s", folder.name, refusal)


def _is_ready(folder: Path) -> bool:
    return (folder / LINEAGE.format(0)).exists()


def _moved(folder: Path, into: Path) -> Path:
    """Put a folder among others, under a name that none of them has."""
    place, number = into / folder.name, 1
    while place.exists():
        number += 1
        place = into / f"{folder.name}-{number}"
    try:
        into.mkdir(parents=True, exist_ok=True)
        return folder.rename(place)
    except OSError as error:
        raise unwritable(into, error) from error
