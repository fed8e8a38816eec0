"""HEVC in MP4: ten bits, so that slow fades in the dark show no steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import Codec, Progress
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import screened

if TYPE_CHECKING:
    from installation.recording.takes import Take

MAIN10 = Codec(
    "libx265",
    "yuv420p10le",
    options={"crf": "20", "preset": "fast", "x265-params": "log-level=error:vbv-maxrate=12000:vbv-bufsize=24000"},
    tag="hvc1",  # what Apple players ask for; hev1, the default of FFmpeg, they do not open
)


@form("hevc", "-hevc.mp4", "libx265", "aac")
def hevc(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: HEVC Main 10, 10 bit, MP4. For televisions and Apple devices."""
    return screened(MAIN10, take, path, wishes, progress)
