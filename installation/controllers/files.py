"""The files of the controllers, all of them made from what the piece declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from installation.controllers import open_stage_control, touchosc
from installation.machine.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from installation.controllers.surface import Page

TOUCHOSC, OPEN_STAGE_CONTROL = "burntout.tosc", "burntout.json"


def contents(pages: Sequence[Page]) -> Mapping[str, bytes]:
    """What each file contains, by its name."""
    return {TOUCHOSC: touchosc.layout(pages), OPEN_STAGE_CONTROL: open_stage_control.session(pages).encode()}


def write(pages: Sequence[Page], folder: Path) -> list[Path]:
    """Write all of them into a folder, and return their paths. Raises ``StorageError``."""
    written = {folder / name: content for name, content in contents(pages).items()}
    for path, content in written.items():
        write_atomically(path, content)
    return list(written)
