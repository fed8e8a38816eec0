"""FFV1 in Matroska: the master for the archive, without loss and with a checksum in every slice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import Codec, Progress
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import shot

if TYPE_CHECKING:
    from installation.recording.takes import Take

MASTER = Codec(
    "ffv1",
    "yuv444p10le",  # with ten bits YCbCr returns every 8-bit RGB picture exactly, and keeps the BT.709 tags
    "matroska",
    "flac",
    {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"},
)


@form("ffv1", "-ffv1.mkv", "ffv1", "flac")
def ffv1(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: FFV1 version 3, lossless, Matroska, in the size of the take. For the archive."""
    return shot(MASTER, take, path, wishes, progress, height=wishes.height)
