"""Stills as PNG, 8 bits: exactly the pixels of the take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.forms.registry import Wishes, form
from installation.publishing.stills import Still, sequence, srgb
from installation.stage.light import encode

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take


@form("png", "-png")
def png(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Stills: a folder of PNG, 8 bit sRGB, every finished generation or (--stills ticks) every picture of the film."""
    return sequence(take, path, wishes, written, progress, suffix=".png")


def written(path: Path, still: Still) -> None:
    """One PNG with its words and its colour profile."""
    from PIL import Image, PngImagePlugin

    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Description", still.words)
    if still.xmp:
        notes.add_itxt("XML:com.adobe.xmp", still.xmp.decode())
    Image.fromarray(encode(still.light)).save(path, "PNG", pnginfo=notes, icc_profile=srgb())
