"""The contact sheet as a form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing import contact_sheet
from installation.publishing.film import Progress
from installation.publishing.forms.registry import Wishes, form

if TYPE_CHECKING:
    from installation.recording.takes import Take


@form("contact-sheet", ".png")
def sheet(take: Take, path: Path, _: Wishes, progress: Progress) -> Path:
    """Sheet: how the take burnt and what it forgot, PNG, 203 mm wide at 300 dpi."""
    return contact_sheet.contact_sheet(take, path, progress=progress)
