"""A film that closes: it plays for ever without a jump."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.closing import looped
from installation.publishing.film import H264, Progress, shoot_film, shooting
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.forms.screen import HEIGHT
from installation.publishing.reel import reel
from installation.publishing.sound import Bed

if TYPE_CHECKING:
    from installation.recording.takes import Take


#: Finer than a film: where it closes the coarsest picture of a loop stands beside its finest, the key picture.
FINE = dataclasses.replace(H264, options={**H264.options, "crf": "12", "maxrate": "40M", "bufsize": "80M"})


@form("loop", "-loop.mp4", "libx264", "aac")
def loop(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Loop: the take's most alike generations about --loop seconds apart, closed without a jump. H.264, MP4."""
    seam, lights = looped(reel(take, wishes.rate), wishes.loop)
    bed = Bed(wishes.audio, seam.length / wishes.rate) if wishes.audio else None
    shoot = shooting(take, FINE, wishes.height or HEIGHT, wishes.rate)
    shoot_film(path, lights, shoot, seam.length, bed=bed, progress=progress)
    return path
