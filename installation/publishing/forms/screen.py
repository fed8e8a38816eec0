"""What all films have in common: how wishes become a film in a codec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import Codec, Progress, film

if TYPE_CHECKING:
    from installation.publishing.forms.registry import Wishes
    from installation.recording.takes import Take

HEIGHT = 1080  # pixels, unless another height is wished for


def screened(codec: Codec, take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """The take as a film for screens, 1080 pixels high unless wished otherwise."""
    return shot(codec, take, path, wishes, progress, height=wishes.height or HEIGHT)


def shot(codec: Codec, take: Take, path: Path, wishes: Wishes, progress: Progress, *, height: int | None) -> Path:
    """The take as a film of this height; None is the take's own, pixel for pixel."""
    return film(
        take,
        path,
        codec=codec,
        height=height,
        rate=wishes.rate,
        title=wishes.title,
        audio=wishes.audio,
        look=wishes.look,
        progress=progress,
    )
