"""ProRes in QuickTime: what editors and grading suites are handed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import Codec, Progress
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import screened

if TYPE_CHECKING:
    from installation.recording.takes import Take

# FFmpeg's other encoder, prores_ks, seeks the smallest file in four times the time, which burnt noise does not reward:
# 4 dB further from the picture in HQ, 2 in 4444.
HQ = Codec("prores_aw", "yuv422p10le", "mov", "pcm_s24le", {"profile": "3", "vendor": "apl0"}, apart=True)
FOUR = Codec("prores_aw", "yuv444p10le", "mov", "pcm_s24le", {"profile": "4", "vendor": "apl0"}, apart=True)


@form("prores", "-prores.mov", "prores_aw", "pcm_s24le")
def prores(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: ProRes 422 HQ, 10 bit, QuickTime. For editing."""
    return screened(HQ, take, path, wishes, progress)


@form("prores4444", "-prores4444.mov", "prores_aw", "pcm_s24le")
def prores4444(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Film: ProRes 4444, whole colour resolution, QuickTime. For grading and compositing."""
    return screened(FOUR, take, path, wishes, progress)
