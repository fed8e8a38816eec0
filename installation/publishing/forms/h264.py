"""H.264 in MP4: the film that every browser, phone and projector plays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import H264, Progress
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import screened

if TYPE_CHECKING:
    from installation.recording.takes import Take


@form("h264", ".mp4", "libx264", "aac")
def h264(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: H.264 High, 8 bit, MP4. Plays everywhere."""
    return screened(H264, take, path, wishes, progress)
