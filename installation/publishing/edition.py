"""One edition of a take: its contact sheet and its film."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.contact_sheet import contact_sheet
from installation.publishing.film import Progress, film

if TYPE_CHECKING:
    from installation.recording.takes import Take

SHEET_SHARE = 0.05  # of the work: the sheet reads a take once, the film draws every thirtieth of a second of it


def publish(take: Take, out: Path, progress: Progress | None = None) -> tuple[Path, Path]:
    """Make ``NAME.mp4`` and ``NAME.png`` (the contact sheet) of a take in the folder ``out``; returns both paths.

    ``progress`` hears the share done, 0 to 1. Raises ``PublishError`` when there is nothing to publish or no room.
    """
    tell = progress or (lambda _: None)
    sheet = contact_sheet(take, out / f"{take.name}.png", progress=lambda share: tell(SHEET_SHARE * share))
    reel = film(take, out / f"{take.name}.mp4", progress=lambda share: tell(SHEET_SHARE + (1 - SHEET_SHARE) * share))
    return reel, sheet
