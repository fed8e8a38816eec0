"""Animated WebP: the smallest loop a page can show without a player."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.animation import Bounds, animated, coded
from installation.publishing.forms.registry import Wishes, form

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take

BOUNDS = Bounds(side=640, rate=15, total_bytes=6_000_000)
WRITE = coded("libwebp_anim", "yuv420p", "webp", {"quality": "75", "compression_level": "4"}, {"loop": "0"})


@form("webp", "-loop.webp", "libwebp_anim")
def webp(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Loop: animated WebP, at most 640 pixels and 6 MB."""
    return animated(take, path, BOUNDS, WRITE, seconds=wishes.loop, progress=progress)
