"""DNxHR in QuickTime: what Avid and broadcasters are handed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import Codec, Progress
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import screened

if TYPE_CHECKING:
    from installation.recording.takes import Take

HQX = Codec("dnxhd", "yuv422p10le", "mov", "pcm_s24le", {"profile": "dnxhr_hqx"}, least=(256, 120))


@form("dnxhr", "-dnxhr.mov", "dnxhd", "pcm_s24le")
def dnxhr(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: DNxHR HQX, 10 bit, QuickTime. For Avid and broadcasters."""
    return screened(HQX, take, path, wishes, progress)
