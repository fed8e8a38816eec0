"""The strip of generations as a form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.forms.registry import Wishes, form
from installation.publishing.ribbon import ribbon

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take


@form("generations", "-generations.png")
def generations(take: Take, path: Path, _: Wishes, progress: Progress) -> Path:
    """Strip: up to 24 generations side by side, from the first picture to the last, PNG."""
    return ribbon(take, path, progress)
