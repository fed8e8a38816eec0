"""The ribbon: a take's generations side by side in one long strip, from the first picture to the last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps, PngImagePlugin

from installation.publishing.lettering import FAINT, GROUND, INK, write
from installation.publishing.provenance import xmp
from installation.publishing.selection import thinned
from installation.publishing.stills import finished, srgb
from installation.publishing.whole import PublishError, whole
from installation.recording import takes

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Mark, Take

MOST = 24  # pictures: more are read as one grey
TALLEST = 512  # pixels; larger pictures are made smaller, smaller ones stay pixel for pixel
MARGIN, GAP, WORDS = 48, 6, 40  # pixels: around all, between pictures, below them
CAPTION = 18  # pixels high


def ribbon(take: Take, path: Path, progress: Progress) -> Path:
    """Draw the strip as a PNG that appears when it is whole. A picture that cannot be read leaves its place empty.

    Raises ``PublishError`` when there is nothing to publish and for a disk that refuses.
    """
    marks = thinned(finished(take), MOST)
    pictures = {}
    for frame in takes.frames(take, {mark.frame for mark in marks}):
        pictures[frame.serial] = Image.fromarray(frame.pixels)
        progress(len(pictures) / len(marks))
    if not pictures:
        raise PublishError(f"{take.name} holds no readable pictures; there is nothing to publish.")
    with whole(path) as beside:
        drawn(marks, pictures).save(beside, "PNG", pnginfo=_credits(take), icc_profile=srgb())
    progress(1.0)
    return path


def _credits(take: Take) -> PngImagePlugin.PngInfo:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", xmp(take, f"Generations of {take.name}").decode())
    return notes


def drawn(marks: list[Mark], pictures: dict[int, Image.Image]) -> Image.Image:
    """The strip: every picture in the size of the first, its generation below it."""
    first = next(iter(pictures.values()))
    scale = min(1.0, TALLEST / first.height)
    wide, tall = round(first.width * scale), round(first.height * scale)
    across = 2 * MARGIN + len(marks) * (wide + GAP) - GAP
    strip = Image.new("RGB", (across, 2 * MARGIN + tall + WORDS), GROUND)
    pen = ImageDraw.Draw(strip)
    for place, mark in enumerate(marks):
        left = MARGIN + place * (wide + GAP)
        if picture := pictures.get(mark.frame):
            strip.paste(ImageOps.pad(picture, (wide, tall), Image.Resampling.LANCZOS, GROUND), (left, MARGIN))
        words = f"{mark.generation}" if mark.generation else "origin"
        write(pen, (left, MARGIN + tall + 12), words, CAPTION, FAINT if place else INK)
    return strip
