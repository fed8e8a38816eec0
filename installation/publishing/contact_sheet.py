"""A take on one page: how its origin burnt, and every n-th generation of its forgetting."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps, PngImagePlugin

from installation.publishing.lettering import FAINT, GROUND, INK, write
from installation.publishing.provenance import xmp
from installation.publishing.selection import Cell, burning, forgetting, hottest, without_stragglers
from installation.publishing.variants import fraction
from installation.publishing.whole import PublishError, whole
from installation.recording import takes

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take

WIDTH, MARGIN, GAP = 2400, 120, 16  # pixels: 203 mm wide at 300 dots per inch
COLUMNS, ROWS = 8, 6  # at most; the first two rows burn
CELL = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS  # 256 pixels: the loop's own size, untouched
DOTS_PER_INCH = 300

TITLE, TEXT, CAPTION = 72, 28, 21  # pixels
HEAD, SECTION, WORDS, FOOT = 300, 98, 78, 80  # pixels: above all, above a section, under a row, under all


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """Some rows of cells under a heading."""

    heading: str
    cells: Sequence[Cell]

    def height(self, tall: int) -> int:
        """In pixels, with cells ``tall`` pixels high."""
        return SECTION + -(-len(self.cells) // COLUMNS) * (tall + WORDS)


def contact_sheet(take: Take, path: Path, *, progress: Progress | None = None) -> Path:
    """Draw the sheet as a PNG, 2400 pixels wide. It appears when it is whole; ``progress`` hears the share done.

    Raises ``PublishError`` for a take without pictures and for a disk that refuses.
    """
    sections = arrange(take)
    wanted = {cell.frame for section in sections for cell in section.cells}
    pictures = {}
    for frame in takes.frames(take, wanted):
        pictures[frame.serial] = Image.fromarray(frame.pixels)
        if progress:
            progress(len(pictures) / len(wanted))
    if not pictures:
        raise PublishError(f"{take.name} holds no readable pictures; there is nothing to publish.")
    with whole(path) as beside:
        sheet = draw(take, sections, pictures)
        sheet.save(beside, "PNG", pnginfo=_credits(take), dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return path


def arrange(take: Take) -> list[Section]:
    """What is on the sheet: a row of burning, a row of the hottest, then the generations."""
    marks = takes.marks(take.folder)
    every, cells = forgetting(marks, takes.generations(take), COLUMNS * (ROWS - 2))
    sections = [
        Section("burning", burning(marks, COLUMNS)),
        Section("burning, at its hottest", hottest(marks, COLUMNS)),
        Section(_every(every), without_stragglers(cells, COLUMNS)),
    ]
    return [section for section in sections if section.cells]


def draw(take: Take, sections: Sequence[Section], pictures: Mapping[int, Image.Image]) -> Image.Image:
    """The page. A cell whose picture cannot be read any more stays empty, with its words."""
    first = next(iter(pictures.values()))
    tall = round(CELL * first.height / first.width)
    height = HEAD + sum(section.height(tall) for section in sections) + FOOT + MARGIN
    sheet = Image.new("RGB", (WIDTH, height), GROUND)
    pen = ImageDraw.Draw(sheet)
    _draw_head(pen, take)
    top = HEAD
    for section in sections:
        write(pen, (MARGIN, top + SECTION - 2 * TEXT), section.heading, TEXT, FAINT)
        for place, cell in enumerate(section.cells):
            left, upper = corner(top, place, tall)
            if picture := pictures.get(cell.frame):
                sheet.paste(_sized(picture, tall), (left, upper))
            _draw_words(pen, left, upper + tall + 12, cell)
        top += section.height(tall)
    _draw_foot(pen, take, height - MARGIN)
    return sheet


def corner(top: int, place: int, tall: int) -> tuple[int, int]:
    """Left and top of the cell at this place of a section that begins at ``top``, in pixels."""
    row, column = divmod(place, COLUMNS)
    return MARGIN + column * (CELL + GAP), top + SECTION + row * (tall + WORDS)


def _draw_head(pen: ImageDraw.ImageDraw, take: Take) -> None:
    write(pen, (MARGIN, MARGIN), take.title or take.scene or take.name, TITLE, INK)
    write(pen, (WIDTH - MARGIN, MARGIN + TITLE - TEXT), f"{take.started:%d %B %Y, %H:%M} UTC", TEXT, INK, anchor="ra")
    known = {
        "number": fraction(take),
        "scene": take.scene,
        "origin": take.origin,
        "seed": take.seed,
        "restored by": take.manifest.get("restorer"),
    }
    line = "     ".join(f"{name} {value}" for name, value in known.items() if value not in {None, ""})
    write(pen, (MARGIN, MARGIN + TITLE + 36), line, TEXT, FAINT)


def _draw_words(pen: ImageDraw.ImageDraw, left: int, top: int, cell: Cell) -> None:
    write(pen, (left, top), cell.left, CAPTION, INK)
    write(pen, (left + CELL, top), cell.right, CAPTION, INK, anchor="ra")
    write(pen, (left, top + CAPTION + 6), cell.below, CAPTION, FAINT)


def _draw_foot(pen: ImageDraw.ImageDraw, take: Take, top: int) -> None:
    counted = f"{take.frames} frames" + (f", {take.dropped} dropped" if take.dropped else "")
    digest = str(take.manifest.get("digest") or "")[:16]
    parts = [take.name, counted, f"model {digest}" if digest else "", f"Burntout {take.manifest.get('version', '')}"]
    write(pen, (MARGIN, top), "     ".join(filter(None, map(str.strip, parts))), CAPTION, FAINT)
    if take.status == "cut off":
        write(
            pen,
            (WIDTH - MARGIN, top),
            "cut off: the recorder did not come to write the end",
            CAPTION,
            FAINT,
            anchor="ra",
        )


def _sized(picture: Image.Image, tall: int) -> Image.Image:
    if picture.size == (CELL, tall):
        return picture
    return ImageOps.pad(picture, (CELL, tall), Image.Resampling.LANCZOS, GROUND)


def _every(number: int) -> str:
    if number == 1:
        return "every generation"
    teen = 10 < number % 100 < 20  # noqa: PLR2004 - eleventh to nineteenth
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"every {number}{ending} generation"


def _credits(take: Take) -> PngImagePlugin.PngInfo:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Title", take.title or take.name)
    notes.add_itxt("Creation Time", take.started.isoformat())
    notes.add_itxt("Description", f"Contact sheet of {take.name}: {take.scene}, lineage seed {take.seed}.")
    notes.add_itxt("XML:com.adobe.xmp", xmp(take, f"Contact sheet of {take.name}").decode())
    notes.add_itxt("Software", f"Burntout {take.manifest.get('version', '')}".strip())
    return notes
