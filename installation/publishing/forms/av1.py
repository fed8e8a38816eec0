"""AV1 in MP4: ten bits and no royalties, in about two thirds of the space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import Codec, Progress
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import screened

if TYPE_CHECKING:
    from installation.recording.takes import Take

MAIN = Codec(
    "libsvtav1",
    "yuv420p10le",
    options={"crf": "30", "preset": "8", "svtav1-params": "mbr=10000"},  # kilobits: noise knows no end
    least=(64, 64),
)


@form("av1", "-av1.mp4", "libsvtav1", "aac")
def av1(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: AV1 Main, 10 bit, MP4. For websites."""
    return screened(MAIN, take, path, wishes, progress)
