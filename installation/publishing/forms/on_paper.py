"""A print on paper, A3 to A0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.forms.registry import Wishes, form
from installation.publishing.paper import printed

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take


@form("print", "-print.tif")
def on_paper(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Print: one generation on --paper A3 to A0, TIFF, 300 dpi, sRGB; enlarged, nothing invented."""
    return printed(take, path, wishes.paper, wishes.generation, progress)
