"""Sequences of stills: numbered pictures in a folder, of every finished generation or of every tick of the film."""

from __future__ import annotations

import dataclasses
import functools
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.provenance import xmp
from installation.publishing.reel import reel
from installation.publishing.whole import PublishError, whole_folder
from installation.recording import takes
from installation.stage.light import Light, decode

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.publishing.forms.registry import Wishes
    from installation.recording.takes import Mark, Take

#: Where a profile says when it was made (ICC.1:2022, 7.2.8), and when sRGB was (IEC 61966-2-1).
DATED, SRGB_DATE = slice(24, 36), (1999, 10, 18, 0, 0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Still:
    """One picture of a sequence, the sentence it carries, and its XMP packet where it has one."""

    light: Light
    words: str
    xmp: bytes = b""


Writer = Callable[[Path, Still], None]


def sequence(take: Take, folder: Path, wishes: Wishes, write: Writer, progress: Progress, *, suffix: str) -> Path:
    """Fill a folder with ``NAME.000001`` and so on, each written by ``write``; it appears when it is whole.

    Raises ``PublishError`` when there is nothing to publish and for a disk that refuses.
    """
    total, stills = found(take, wishes)
    stem = take.folder.resolve().name
    count = 0
    with whole_folder(folder) as beside:
        for count, still in enumerate(stills, start=1):
            write(beside / f"{stem}.{count:06d}{suffix}", still)
            progress(min(count / total, 1.0))
        if not count:
            raise PublishError(f"{take.name} holds no readable pictures; there is nothing to publish.")
    progress(1.0)
    return folder


def found(take: Take, wishes: Wishes) -> tuple[int, Iterator[Still]]:
    """How many stills there should be, and those that can be read."""
    if wishes.stills == "ticks":
        seen = reel(take, wishes.rate)
        words = (f"{take.title or take.name}, {tick / wishes.rate:.2f} s" for tick in range(seen.ticks))
        return seen.ticks, (
            Still(light, said, xmp(take, said)) for light, said in zip(seen.lights(), words, strict=False)
        )
    marks = finished(take)
    return len(marks), _generations(take, {mark.frame for mark in marks})


def finished(take: Take) -> list[Mark]:
    """The marks of all finished generations. Raises ``PublishError`` where there is none."""
    marks = [mark for mark in takes.marks(take.folder) if mark.phase == "generation"]
    if not marks:
        raise PublishError(f"{take.name} holds no finished generation; there is nothing to publish.")
    return marks


@functools.cache
def srgb() -> bytes:
    """An ICC profile that says sRGB (Little CMS builds it), the same whenever it is asked for."""
    from PIL import ImageCms

    profile = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return profile[: DATED.start] + struct.pack(">6H", *SRGB_DATE) + profile[DATED.stop :]


def xmp_tag(packet: bytes) -> tuple[int, int, int, bytes, bool]:
    """An XMP packet as TIFF has it: tag 700, bytes (XMP specification, part 3)."""
    return (700, 1, len(packet), packet, True)


def _generations(take: Take, wanted: set[int]) -> Iterator[Still]:
    for frame in takes.frames(take, wanted):
        words = f"{take.title or take.name}, generation {frame.generation}"
        yield Still(decode(frame.pixels), words, xmp(take, words, frame.generation))
