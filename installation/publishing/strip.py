"""The picture strip: one picture in every medium at several temperatures, side by side on a sheet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from installation.burns import MEDIA, burn
from installation.burns.calibration import REFERENCE
from installation.images import load, to_pixels, to_tensor
from installation.publishing.lettering import FAINT, GROUND, INK, write
from installation.publishing.whole import PublishError, whole
from installation.randomness import generator
from installation.restorers import Restoring

if TYPE_CHECKING:
    from installation.burns import Medium
    from installation.burns.calibration import Calibration
    from installation.publishing.film import Progress
    from installation.records import Burnt, Pixels
    from installation.restorers import Restorer

SEED, BURN, RESTORE = 1, 0, 1  # every cell burns in the same noise: only medium and temperature differ
STEPS = 8  # of restoring
MARGIN, GAP, PAIR = 40, 12, 4  # pixels at 256 a side: around all, between cells, within a pair
LABELS, HEAD, WORDS, FOOT = 150, 76, 40, 66  # likewise: left of the cells, above them, under each row, under all
NAME, HEAT, CAPTION = 38, 54, 28  # likewise: how high they are written
QUALITY = 80  # of a WebP; a PNG is exact


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One burnt picture, at the temperature its medium really burnt at, and what a restorer made of it."""

    temperature: float
    burnt: Pixels
    restored: Pixels | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Burnings:
    """What a strip shows: a picture's file, its side in pixels, the temperatures, and on which scale they are.

    Without ``calibration`` they are each medium's own; without ``restorer`` nothing is restored.
    """

    picture: Path
    size: int
    temperatures: Sequence[float]
    calibration: Calibration | None = None
    restorer: Restorer | None = None

    def words(self) -> str:
        """What one has to know to read the strip."""
        if self.calibration and self.calibration.damage:
            scale = (
                "Along a row all media do as much harm as white noise at T. Small: the temperature on their own scale."
            )
        else:
            scale = "T on the scale of each medium."
        return f"{scale} Below each: restored by {self.restorer.name}." if self.restorer else scale


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands on the sheet. Words and gaps grow with the pictures, which stay pixel for pixel."""

    side: int
    columns: int
    rows: int
    paired: bool = False

    def px(self, at_256: int) -> int:
        """A length in pixels that is given for pictures of 256 a side."""
        return max(round(at_256 * self.side / 256), 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height of the sheet in pixels."""
        right, bottom = self.corner(self.columns, self.rows)
        return right - self.px(GAP) + self.px(MARGIN), bottom + self.px(FOOT + MARGIN)

    @property
    def foot(self) -> tuple[int, int]:
        """Where the line at the foot begins."""
        return self.corner(0, 0)[0], self.extent[1] - self.px(MARGIN)

    def corner(self, column: int, row: int) -> tuple[int, int]:
        """Left and top of a burnt picture."""
        tall = 2 * self.side + self.px(PAIR) if self.paired else self.side
        left = self.px(MARGIN + LABELS) + column * (self.side + self.px(GAP))
        return left, self.px(MARGIN + HEAD) + row * (tall + self.px(WORDS + GAP))

    def heading(self, column: int | None) -> tuple[int, int]:
        """Where the name above a column begins, or (None) the one above the labels."""
        left = self.px(MARGIN) if column is None else self.corner(column, 0)[0]
        return left, self.px(MARGIN + HEAD - 20)


def strip(burnings: Burnings, path: Path, *, width: int | None = None, progress: Progress | None = None) -> Path:
    """Draw the strip as PNG or WebP, as the name says, ``width`` pixels wide (None: every picture untouched).

    It appears when it is whole; ``progress`` hears the share done, 0 to 1. Raises ``PublishError`` for another kind
    of file and for a disk that refuses, ``ImageError`` for a picture that cannot be used.
    """
    if path.suffix.lower() not in {".png", ".webp"}:
        raise PublishError(f"{path}: a strip is a .png or a .webp. Name it so: --out {path.with_suffix('.png')}")
    total, columns = len(MEDIA) * len(burnings.temperatures), dict[str, list[Cell]]()
    for name, cell in cells(burnings):
        columns.setdefault(name, []).append(cell)
        if progress:
            progress(sum(map(len, columns.values())) / total)
    sheet = draw(columns, burnings)
    if width:
        sheet = sheet.resize((width, round(sheet.height * width / sheet.width)), Image.Resampling.LANCZOS)
    with whole(path) as beside:
        sheet.save(beside, path.suffix[1:], quality=QUALITY, method=6)
    return path


def cells(burnings: Burnings) -> Iterator[tuple[str, Cell]]:
    """Every cell with its medium's name, all temperatures of one before the next: white noise first, then by name."""
    image = to_tensor(load(burnings.picture, burnings.size, burnings.size))
    for name in sorted(MEDIA, key=lambda name: (name != REFERENCE, name)):
        for temperature in burnings.temperatures:
            table = burnings.calibration
            raw = table.raw(name, temperature) if table else temperature
            medium: Medium = dataclasses.replace(MEDIA[name](), temperature=raw)  # type: ignore[type-var] # a panel
            burnt = burn(medium, image, lambda: generator(SEED, BURN))
            restored = restore(burnt, burnings.restorer) if burnings.restorer else None
            yield name, Cell(raw, to_pixels(burnt.image), restored)


def restore(burnt: Burnt, restorer: Restorer) -> Pixels:
    """What a restorer makes of a burnt image in eight steps."""
    for step in restorer.restore(burnt, Restoring(steps=STEPS), generator(SEED, RESTORE)):
        last = step.denoised
    return to_pixels(last)


def draw(columns: Mapping[str, Sequence[Cell]], burnings: Burnings) -> Image.Image:
    """The sheet: a column for every medium under its name, a row for every temperature."""
    page = Layout(burnings.size, len(columns), len(burnings.temperatures), paired=burnings.restorer is not None)
    sheet = Image.new("RGB", page.extent, GROUND)
    pen = ImageDraw.Draw(sheet)
    write(pen, page.heading(None), "T", page.px(HEAT), FAINT, anchor="ls")
    for row, temperature in enumerate(burnings.temperatures):
        _write_row(pen, page, row, temperature, burnings.restorer)
    for column, (name, medium) in enumerate(columns.items()):
        write(pen, page.heading(column), name, page.px(NAME), INK, anchor="ls")
        for row, cell in enumerate(medium):
            _place(sheet, pen, cell, page, page.corner(column, row))
    write(pen, page.foot, burnings.words(), page.px(CAPTION), FAINT, anchor="ls")
    return sheet


def _write_row(pen: ImageDraw.ImageDraw, page: Layout, row: int, temperature: float, restorer: Restorer | None) -> None:
    """The temperature of a row and, under it, by whom it was restored."""
    middle = page.corner(0, row)[1] + page.side // 2
    write(pen, (page.px(MARGIN), middle), f"{temperature:.2g}", page.px(HEAT), INK, anchor="lm")
    if restorer:
        below = middle + page.side + page.px(PAIR)
        write(pen, (page.px(MARGIN), below), restorer.name, page.px(CAPTION), FAINT, anchor="lm")


def _place(sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, page: Layout, corner: tuple[int, int]) -> None:
    """One cell: burnt, below it restored, and at what temperature its medium stood."""
    left, top = corner
    for pixels in (cell.burnt, cell.restored):
        if pixels is not None:
            sheet.paste(Image.fromarray(pixels), (left, top))
            top += page.side + page.px(PAIR)
    write(pen, (left, top + page.px(2)), f"{cell.temperature:.2f}", page.px(CAPTION), FAINT)
