"""HLS: a film in short pieces, for any web server or CDN; players choose where to begin."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import H264, Progress, shoot_film, shooting
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import HEIGHT
from installation.publishing.reel import reel
from installation.publishing.whole import whole_folder

if TYPE_CHECKING:
    from installation.recording.takes import Take

LIST = "index.m3u8"
LADDER = dataclasses.replace(H264, options={**H264.options, "maxrate": "6M", "bufsize": "12M"}, container="hls")


@form("hls", "-hls", "libx264")
def hls(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Stream: H.264 in pieces of six seconds with their list (HLS), a folder for any web server."""
    seen = reel(take, wishes.rate)
    shoot = shooting(take, LADDER, wishes.height or HEIGHT, wishes.rate)
    with whole_folder(path) as beside:
        shoot_film(beside / LIST, seen.lights(), shoot, seen.ticks, progress=progress)
    return path
