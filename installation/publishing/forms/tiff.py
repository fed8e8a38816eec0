"""Stills as TIFF, 16 bits: dissolves without steps, for retouching."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.film import fine
from installation.publishing.forms.registry import Wishes, form
from installation.publishing.stills import Still, sequence, srgb, xmp_tag

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take


@form("tiff", "-tiff")
def tiff(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Stills: a folder of TIFF, 16 bit sRGB, otherwise as png."""
    return sequence(take, path, wishes, written, progress, suffix=".tif")


def written(path: Path, still: Still) -> None:
    """One TIFF with its words and its colour profile, deflated without loss."""
    import tifffile

    tifffile.imwrite(
        path,
        fine(still.light),
        photometric="rgb",
        compression="zlib",
        predictor=True,
        iccprofile=srgb(),
        description=still.words.encode(),
        software="Burntout",
        metadata=None,
        extratags=[xmp_tag(still.xmp)] if still.xmp else [],
    )
