"""Prints: one picture on a sheet of paper of exact size, drawn band by band."""

from __future__ import annotations

import dataclasses
import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from installation.knobs import nearest
from installation.publishing.enlarging import tile
from installation.publishing.lettering import write
from installation.publishing.provenance import xmp
from installation.publishing.stills import finished, srgb, xmp_tag
from installation.publishing.variants import fraction
from installation.publishing.whole import PublishError, whole
from installation.recording import takes

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take
    from installation.records import Pixels

#: Width and height in millimetres (ISO 216), upright.
PAPERS = {"A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189)}
DOTS_PER_INCH, MM_PER_INCH = 300, 25.4
BAND, TILE = 64, 256  # rows in memory at once, and columns enlarged at once
WHITE, INK, GREY = (255, 255, 255), (40, 38, 36), (120, 116, 110)
MARGIN, LETTERS, LIFT = 0.1, 0.0095, 0.35  # shares of the short side, of it, and of the room left above the picture

Pair = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """A sheet, width by height in mm and in pixels, and where on it the picture lies: left, top, width, height."""

    mm: Pair
    extent: Pair
    place: tuple[int, int, int, int]

    @property
    def letters(self) -> int:
        """How high the caption is written, in pixels: 2.8 mm on A3."""
        return max(round(LETTERS * min(self.extent)), 6)

    @property
    def resolution(self) -> tuple[Pair, Pair]:
        """Pixels a centimetre across and down, as fractions: so many that the sheet has its size to the last bit."""
        return ((self.extent[0] * 10, self.mm[0]), (self.extent[1] * 10, self.mm[1]))


def page(paper: str, shape: tuple[int, ...], dots_per_inch: int = DOTS_PER_INCH) -> Page:
    """The sheet for a picture of this shape, lying where the picture is wide. Raises ``PublishError`` for no paper."""
    if paper.upper() not in PAPERS:
        raise PublishError(f"No paper is called {paper!r}.{nearest(paper, PAPERS)} There are: {', '.join(PAPERS)}.")
    height, width = shape[:2]
    short, long = PAPERS[paper.upper()]
    mm = (long, short) if width > height else (short, long)
    across, down = (round(side / MM_PER_INCH * dots_per_inch) for side in mm)
    margin = round(MARGIN * min(across, down))
    room = (across - 2 * margin, down - 2 * margin - margin // 2)
    scale = min(room[0] / width, room[1] / height)
    wide, tall = round(width * scale), round(height * scale)
    top = margin + round((room[1] - tall) * LIFT)
    return Page(mm, (across, down), ((across - wide) // 2, top, wide, tall))


def printed(
    take: Take,
    path: Path,
    paper: str,
    generation: int | None,
    progress: Progress,
    *,
    dots_per_inch: int = DOTS_PER_INCH,
) -> Path:
    """Write a TIFF of one finished generation (None: the last) on paper. Memory does not grow with the paper.

    It appears when it is whole. Raises ``PublishError`` for a generation that is not there, for a paper nobody makes
    and for a disk that refuses.
    """
    import tifffile

    serial, picture = chosen(take, generation)
    sheet = page(paper, picture.shape, dots_per_inch)
    words = (take.title or take.name, f"generation {serial}")
    with whole(path) as beside:
        tifffile.imwrite(
            beside,
            map(_deflated, bands(sheet, picture, caption(sheet, take, serial), progress)),
            shape=(sheet.extent[1], sheet.extent[0], 3),
            dtype=np.uint8,
            rowsperstrip=BAND,  # strips: not every printer's software reads tiles
            photometric="rgb",
            compression="zlib",
            predictor=True,
            resolution=sheet.resolution,
            resolutionunit="CENTIMETER",
            iccprofile=srgb(),
            description=", ".join(words).encode(),
            software="Burntout",
            metadata=None,
            extratags=[xmp_tag(xmp(take, ", ".join(words), serial))],
        )
    progress(1.0)
    return path


def chosen(take: Take, generation: int | None) -> tuple[int, Pixels]:
    """A finished generation's serial and picture; of serials that came again the last. Raises ``PublishError``."""
    marks = finished(take)
    asked = [mark for mark in marks if generation is None or mark.generation == generation]
    if not asked:
        known = sorted({mark.generation for mark in marks})
        raise PublishError(
            f"{take.name} shows no finished generation {generation}. Choose --generation {known[0]} to {known[-1]}."
        )
    for frame in takes.frames(take, {asked[-1].frame}):
        return frame.generation, frame.pixels
    raise PublishError(f"Generation {asked[-1].generation} of {take.name} cannot be read. Choose another --generation.")


def caption(sheet: Page, take: Take, serial: int) -> tuple[int, Pixels]:
    """What stands below the picture, as wide as it: the row of the sheet where it begins, and its pixels."""
    _, top, wide, tall = sheet.place
    size = sheet.letters
    line = Image.new("RGB", (wide, 2 * size), WHITE)
    pen = ImageDraw.Draw(line)
    known = [f"generation {serial}", f"{take.started:%Y}", "" if take.seed is None else f"seed {take.seed}"]
    title = take.title or take.scene or take.name
    write(pen, (0, size / 2), "    ".join(filter(None, (title, fraction(take)))), size, INK)
    write(pen, (wide, size / 2), "    ".join(filter(None, known)), size, GREY, anchor="ra")
    return top + tall + 2 * size, np.asarray(line)


def bands(sheet: Page, picture: Pixels, below: tuple[int, Pixels], progress: Progress) -> Iterator[Pixels]:
    """The sheet from top to bottom, 64 rows at once: white, the picture enlarged, the caption."""
    across, down = sheet.extent
    left, top, wide, tall = sheet.place
    row, words = below
    for begin in range(0, down, BAND):
        drawn = np.full((min(BAND, down - begin), across, 3), 255, np.uint8)
        within = drawn[:, left : left + wide]
        if rows := _shared(begin, len(drawn), top, tall):
            within[rows.start + top - begin : rows.stop + top - begin] = enlarged(picture, (tall, wide), rows)
        if rows := _shared(begin, len(drawn), row, len(words)):
            within[rows.start + row - begin : rows.stop + row - begin] = words[rows.start : rows.stop]
        yield drawn
        progress(min((begin + BAND) / down, 1.0))


def enlarged(picture: Pixels, shape: Pair, rows: range) -> Pixels:
    """Some rows of a picture enlarged to height x width ``shape``, tile by tile: each needs few of its columns."""
    edges = [*range(0, shape[1], TILE), shape[1]]
    boxes = ((rows.start, left, rows.stop, right) for left, right in itertools.pairwise(edges))
    return np.concatenate([tile(picture, shape, box) for box in boxes], axis=1)


def _deflated(band: Pixels) -> bytes:
    """A band as a strip of a TIFF: each pixel less its left neighbour (TIFF 6.0, predictor 2), then zlib.

    tifffile takes pictures whole, and strip by strip only what is packed already.
    """
    change = band.copy()
    change[:, 1:] -= band[:, :-1]  # around 256, as the standard has it
    return zlib.compress(change.tobytes())


def _shared(begin: int, length: int, top: int, tall: int) -> range:
    """Which rows of something ``tall`` that begins at ``top`` lie in a band; empty when none does."""
    return range(max(begin - top, 0), min(begin + length - top, tall))
