"""The gallery: every scene rehearsed, on a contact sheet of its own, and all of them on one sheet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from installation.loop.album import shipped
from installation.machine.files import share
from installation.publishing.lettering import FAINT, GROUND, INK, write
from installation.publishing.rehearsal import planned, rehearse
from installation.publishing.whole import PublishError, whole
from installation.restorers.shelf import Shelf

if TYPE_CHECKING:
    from pathlib import Path

    from installation.machine.settings import EngineSettings
    from installation.publishing.rehearsal import Shot
    from installation.scenes import Scene

CANVAS = (960, 540)  # pixels of a rehearsal's stage: letters of a thirtieth of it stay readable on the sheet
CELL = (480, 270)
SHOTS, COLUMNS = 12, 4  # of a scene's own sheet
ROW = 4  # shots of a scene on the sheet of all: the picture of each third, and the last
MARGIN, GAP, HEAD, WORDS = 40, 12, 104, 46  # pixels: around all, between cells, above a scene, under a cell
TITLE, TEXT, CAPTION = 40, 22, 18
WIDTH = 1400  # pixels of the sheet of all
QUALITY = 75  # of a WebP


def rehearsals(scenes: Iterable[Scene], sheet: Path, engine: EngineSettings, most: int) -> Iterator[Scene]:
    """Rehearse scenes, each given back when its sheet is written beside the one of all, which comes last.

    Raises ``PublishError``, ``ImageError`` and ``ModelError``.
    """
    shelf, album, rows = Shelf(engine, "cpu"), shipped(share("assets")), []
    for scene in scenes:
        restorer = shelf.take(scene.restorer, scene.model, scene.grid)
        plan = planned(scene, SHOTS, CANVAS, most)
        shots = list(rehearse(scene, restorer, album, plan, time.perf_counter))
        save(scene_sheet(scene, shots), sheet.with_name(f"{sheet.stem}-{scene.name}{sheet.suffix}"))
        rows.append((scene, shots))
        yield scene
    save(_smaller(gallery_sheet(rows)), sheet)


def scene_sheet(scene: Scene, shots: Sequence[Shot]) -> Image.Image:
    """A scene's own contact sheet: its title, and its shots in the order of time, each with its moment."""
    rows = -(-len(shots) // COLUMNS)
    sheet = _page(COLUMNS, HEAD + rows * (CELL[1] + WORDS))
    pen = ImageDraw.Draw(sheet)
    _write_head(pen, MARGIN, scene)
    for place, shot in enumerate(shots):
        row, column = divmod(place, COLUMNS)
        corner = MARGIN + column * (CELL[0] + GAP), MARGIN + HEAD + row * (CELL[1] + WORDS)
        sheet.paste(_cell(shot), corner)
        write(pen, (corner[0], corner[1] + CELL[1] + 8), moment(shot), CAPTION, FAINT)
    return sheet


def gallery_sheet(rehearsed: Sequence[tuple[Scene, Sequence[Shot]]]) -> Image.Image:
    """All scenes below each other, some shots of each in a row."""
    step = HEAD + CELL[1] + GAP
    sheet = _page(ROW, len(rehearsed) * step)
    pen = ImageDraw.Draw(sheet)
    for row, (scene, shots) in enumerate(rehearsed):
        top = MARGIN + row * step
        _write_head(pen, top, scene)
        for column, shot in enumerate(chosen(shots, ROW)):
            sheet.paste(_cell(shot), (MARGIN + column * (CELL[0] + GAP), top + HEAD))
    return sheet


def save(sheet: Image.Image, path: Path) -> Path:
    """Write a sheet as PNG or WebP, as the name says. Raises ``PublishError`` for another kind, and for a full disk."""
    kind = path.suffix[1:].lower()
    if kind not in {"png", "webp"}:
        raise PublishError(f"{path}: a gallery is a .png or a .webp. Name it so: {path.with_suffix('.webp')}")
    with whole(path) as beside:
        sheet.save(beside, kind, quality=QUALITY, method=6)
    return path


def moment(shot: Shot) -> str:
    """Which moment of the scene it is."""
    shown = {"burn": f"burning, T {shot.temperature:.2f}", "restore": "restoring", "generation": "restored"}
    return f"generation {shot.generation}, {shown[shot.phase]}"


def chosen(shots: Sequence[Shot], number: int) -> Iterator[Shot]:
    """So many of the shots, evenly, the last of all among them."""
    return (shots[(place + 1) * len(shots) // number - 1] for place in range(min(number, len(shots))))


def _smaller(sheet: Image.Image) -> Image.Image:
    """As wide as a README shows it at most, twice over."""
    return sheet.resize((WIDTH, round(sheet.height * WIDTH / sheet.width)), Image.Resampling.LANCZOS)


def _page(columns: int, height: int) -> Image.Image:
    width = columns * (CELL[0] + GAP) - GAP + 2 * MARGIN
    return Image.new("RGB", (width, height + 2 * MARGIN), GROUND)


def _cell(shot: Shot) -> Image.Image:
    return Image.fromarray(shot.pixels).resize(CELL, Image.Resampling.LANCZOS)


def _write_head(pen: ImageDraw.ImageDraw, top: int, scene: Scene) -> None:
    """Title, and below it the first sentence of what the scene says of itself."""
    write(pen, (MARGIN, top), scene.title, TITLE, INK)
    sentence = " ".join(scene.doc.split()).partition(". ")[0].rstrip(".")
    write(pen, (MARGIN, top + TITLE + 14), f"{sentence}." if sentence else "", TEXT, FAINT)
