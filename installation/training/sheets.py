"""Sheets of pictures with their labels, small enough to travel with the model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

if TYPE_CHECKING:
    from installation.records import Pixels

GROUND, INK, FAINT = (14, 13, 12), (226, 222, 214), (142, 137, 128)  # warm: burnt greys beside it stay neutral
MARGIN, GAP, TITLE, TEXT = 28, 6, 24, 15  # pixels
LINE = 22  # pixels that a line of text takes
STUB = 92  # pixels for the words at the left of a row
LARGEST = 400_000  # bytes of a sheet
QUALITIES = (90, 84, 78, 70, 60, 48, 36, 24)  # of WebP, tried in this order


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Pictures side by side; ``label`` stands at their left, ``captions`` one under each. ``apart``: space above."""

    pictures: Sequence[Pixels]
    label: str = ""
    captions: Sequence[str] = ()
    apart: bool = False

    def height(self, cell: int) -> int:
        """In pixels, with cells ``cell`` pixels a side."""
        return cell + GAP + (LINE if self.captions else 0) + (2 * GAP if self.apart else 0)


def draw(title: str, note: str, rows: Sequence[Row], cell: int = 128) -> Pillow.Image:
    """A sheet: a title, a line that says what is seen, and rows of cells ``cell`` pixels a side."""
    stub = STUB if any(row.label for row in rows) else 0
    columns = max(len(row.pictures) for row in rows)
    width = 2 * MARGIN + stub + columns * (cell + GAP) - GAP
    lines = _wrapped(note, width - 2 * MARGIN)
    head = MARGIN + TITLE + 2 * GAP + LINE * len(lines) + GAP
    sheet = Pillow.new("RGB", (width, head + sum(row.height(cell) for row in rows) + MARGIN - GAP), GROUND)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, MARGIN), title, INK, ImageFont.load_default(TITLE))
    for number, line in enumerate(lines):
        pen.text((MARGIN, MARGIN + TITLE + 2 * GAP + LINE * number), line, FAINT, ImageFont.load_default(TEXT))
    top = head
    for row in rows:
        _draw_row(sheet, row, (MARGIN + stub, top + (2 * GAP if row.apart else 0)), cell)
        top += row.height(cell)
    return sheet


def encode(sheet: Pillow.Image, largest: int = LARGEST) -> bytes:
    """The sheet as WebP of at most ``largest`` bytes: in the best quality that allows it, or else at half its size."""
    for quality in QUALITIES:
        file = io.BytesIO()
        sheet.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= largest:
            return file.getvalue()
    return encode(sheet.reduce(2), largest)


def _draw_row(sheet: Pillow.Image, row: Row, corner: tuple[int, int], cell: int) -> None:
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    left, top = corner
    if row.label:
        pen.multiline_text((MARGIN, top + cell // 2), row.label, INK, font, anchor="lm", spacing=GAP)
    for number, picture in enumerate(row.pictures):
        sheet.paste(_sized(picture, cell), (left + number * (cell + GAP), top))
    for number, caption in enumerate(row.captions):
        at = (left + number * (cell + GAP) + cell // 2, top + cell + 3)
        pen.text(at, _fitting(caption, cell), FAINT, font, anchor="ma")


def _sized(picture: Pixels, cell: int) -> Pillow.Image:
    drawn = Pillow.fromarray(picture)
    return drawn if drawn.size == (cell, cell) else drawn.resize((cell, cell), Pillow.Resampling.LANCZOS)


def _fitting(words: str, width: int) -> str:
    """As much of the words as fits into a line."""
    font = ImageFont.load_default(TEXT)
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words + "…"


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` pixels."""
    font = ImageFont.load_default(TEXT)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
