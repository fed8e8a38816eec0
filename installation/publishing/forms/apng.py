"""APNG: a loop for pages, without loss."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.animation import Bounds, animated, coded
from installation.publishing.forms.registry import Wishes, form

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take

BOUNDS = Bounds(side=480, rate=15, total_bytes=24_000_000)
WRITE = coded("apng", "rgb24", "apng", {"pred": "mixed"}, {"plays": "0"})


@form("apng", "-loop.apng", "apng")
def apng(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Loop: animated PNG without loss, at most 480 pixels and 24 MB."""
    return animated(take, path, BOUNDS, WRITE, seconds=wishes.loop, progress=progress)
