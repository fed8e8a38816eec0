"""Collapses of pictures side by side: a curve for each diet, what chance alone would do, and the seeds that decay."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from installation import __version__
from installation.collapse import CollapseError
from installation.collapse.chart import FAINT, GROUND, INK, LIVE, Curve, Panel, paint, short, svg
from installation.collapse.images import MEANING, Settings, chance, understood
from installation.collapse.sheet import (
    COLUMNS,
    GAP,
    HEAD,
    LEADING,
    MARGIN,
    PANEL,
    PROSE,
    STYLE,
    TITLE,
    WIDTH,
    ZOOM,
    cell,
    inscribe,
    row,
    wrapped,
    write_lines,
)
from installation.machine.files import write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from installation.collapse.folder import Kept, KeptGeneration

HEADLINE = "Pictures that forget"
FILES = ("pictures.json", "pictures.png", "pictures.html")
ROWS = 3  # generations shown of a run: the first, the middle and the last
LABEL = 40  # pixels left of a row of seeds
QUALITY = 85  # of the seeds in a page

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
<h1>{title}</h1>
<p>{note}</p>
{seeds}
<div class="drawn">{drawn}</div>
{tables}
</html>
"""


@dataclass(frozen=True, slots=True)
class Life:
    """One run: what it is called, how it was done, its generations, and the kinds that chance would have left."""

    title: str
    settings: Settings
    run: Mapping[str, Any]
    generations: Sequence[KeptGeneration]
    chance: Sequence[float]

    def curve(self, reading: str) -> list[float]:
        """A reading of every generation."""
        return [each.readings[reading] for each in self.generations]

    def shown(self) -> list[KeptGeneration]:
        """The first generation, the middle one and the last."""
        last = len(self.generations) - 1
        places = np.unique(np.linspace(0, last, min(ROWS, last + 1)).round().astype(int))
        return [self.generations[place] for place in places]


def lives(runs: Iterable[Kept]) -> list[Life]:
    """Runs made ready to be compared, called by their diet, or by their names where two have the same.

    Raises ``CollapseError`` for a run without a generation, or with other readings.
    """
    found = [(kept, _life(kept)) for kept in runs]
    titles = [life.title for _, life in found]
    return [replace(life, title=kept.name) if titles.count(life.title) > 1 else life for kept, life in found]


def panels(compared: Sequence[Life]) -> list[Panel]:
    """One for every reading, a curve for every run; beside the kinds what chance alone leaves of them, dimmed."""
    return [
        Panel(
            meaning.title,
            meaning.unit,
            [
                *(Curve(life.title, life.curve(name)) for life in compared),
                *(Curve(life.title, life.chance, "theory") for life in compared if name == "kinds"),
            ],
        )
        for name, meaning in MEANING.items()
    ]


def note(compared: Sequence[Life]) -> str:
    """What was done, in a few sentences."""
    first = compared[0]
    each = first.settings
    return (
        f"A model paints {each.count} pictures of {each.size} x {each.size}, each from one that it has learnt, burnt "
        f"to temperature {each.start:g} and restored in {each.steps} steps; then it learns them, {each.practice} steps "
        f"of {each.batch}, and so on. Generation 0 is the model as it was given, and paints from "
        f"{first.run['taught']} real pictures. Left, what "
        "each generation paints out of the same noise; right, lines of descent from real pictures, each painted again "
        "from the one above it. Dimmed, beside the kinds left: chance "
        f"alone, copying the same diet (Wright-Fisher). Seed {first.run['beginning']['seed']}."
    )


def write(runs: Sequence[Kept], folder: Path) -> list[Path]:
    """Numbers as JSON, a sheet as PNG, a page as HTML; each replaced whole. ``CollapseError``, ``StorageError``."""
    compared = lives(runs)
    contents: Sequence[bytes | str] = (
        json.dumps(numbers(compared), indent=1, ensure_ascii=False) + "\n",
        png(compared),
        html(compared),
    )
    paths = [folder / name for name in FILES]
    for path, content in zip(paths, contents, strict=True):
        write_atomically(path, content)
    return paths


def numbers(compared: Sequence[Life]) -> dict[str, Any]:
    """Everything that was measured and how, as JSON takes it."""
    return {
        "program": f"Burntout {__version__}",
        "runs": {
            life.title: {
                **life.run,
                "made": [dict(each.made) for each in life.generations],
                "readings": {name: [round(value, 5) for value in life.curve(name)] for name in MEANING},
                "kinds by chance": [round(value, 4) for value in life.chance],
            }
            for life in compared
        },
        "meaning": {name: f"{each.doc} {each.unit}. {each.source}." for name, each in MEANING.items()},
    }


def png(compared: Sequence[Life]) -> bytes:
    """The sheet, 1600 pixels wide: the seeds of every run as they decay, and a panel for every reading below."""
    said, drawn = wrapped(note(compared), WIDTH - 2 * MARGIN), panels(compared)
    strips = [strip(life) for life in compared]
    tops = [HEAD + LEADING * len(said) + GAP]
    for shown in strips:
        tops.append(tops[-1] + LEADING + shown.height + GAP)
    height = tops[-1] + GAP + -(-len(drawn) // COLUMNS) * (PANEL + GAP) + MARGIN
    page = Image.new("RGB", (WIDTH * ZOOM, height * ZOOM), GROUND)
    pen = ImageDraw.Draw(page)
    inscribe(pen, (MARGIN, MARGIN), HEADLINE, TITLE, INK)
    write_lines(pen, (MARGIN, HEAD), said, FAINT)
    for place, panel in enumerate(drawn):
        paint(pen, panel, cell(place, tops[-1] + GAP), ZOOM)
    small = page.reduce(ZOOM)
    for place, (life, shown, top) in enumerate(zip(compared, strips, tops, strict=False)):
        ImageDraw.Draw(small).text((MARGIN, top), life.title, LIVE[place % len(LIVE)], font_size=PROSE)
        small.paste(shown, (MARGIN, top + LEADING))
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def strip(life: Life) -> Picture:
    """The fixed seeds of a run, a row for each generation that is shown: as wide as a sheet between its margins."""
    rows = [_row_of(each) for each in life.shown()]
    wide = WIDTH - 2 * MARGIN - LABEL
    heights = [round(wide * picture.height / picture.width) for picture in rows]
    shown = Image.new("RGB", (wide + LABEL, sum(heights)), GROUND)
    pen, top = ImageDraw.Draw(shown), 0
    for generation, picture, height in zip(life.shown(), rows, heights, strict=True):
        shown.paste(picture.resize((wide, height), Image.Resampling.LANCZOS), (LABEL, top))
        pen.text((0, top + height // 2), str(generation.serial), FAINT, font_size=PROSE, anchor="lm")
        top += height
    return shown


def html(compared: Sequence[Life]) -> str:
    """The same as a page that needs nothing else: no script, no font, no network."""
    drawn = "".join(
        f"<figure>{svg(panel, 720, PANEL)}<figcaption>{escape(f'{each.doc} {each.source}')}</figcaption></figure>"
        for panel, each in zip(panels(compared), MEANING.values(), strict=True)
    )
    return PAGE.format(
        title=HEADLINE, style=STYLE, note=escape(note(compared)), drawn=drawn,
        seeds="".join(map(_seeds, compared)), tables="".join(map(_table, compared)),
    )  # fmt: skip


def _life(kept: Kept) -> Life:
    settings = understood(kept.run["settings"])
    if not kept.generations:
        raise CollapseError(f"{kept.name} has no generation yet. Let it go on, then ask again.")
    if any(MEANING.keys() - each.readings.keys() for each in kept.generations):
        raise CollapseError(f"{kept.name} was measured by another version. Make it again under another name.")
    by_chance = chance(settings, kept.run["taught"], kept.last)
    return Life(settings.title, settings, kept.run, kept.generations, by_chance)


def _row_of(generation: KeptGeneration) -> Picture:
    """The seeds of a generation. Raises ``CollapseError`` where they are damaged."""
    try:
        with Image.open(generation.seeds, formats=("PNG",)) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError) as error:
        raise CollapseError(
            f"{generation.seeds} is damaged ({error}). Remove its folder and let the run go on."
        ) from None


def _seeds(life: Life) -> str:
    file = io.BytesIO()
    strip(life).save(file, "WEBP", quality=QUALITY)
    shown = base64.b64encode(file.getvalue()).decode()
    title = escape(life.title)
    picture = f'<img alt="{title}: the same seeds, generation by generation" src="data:image/webp;base64,{shown}">'
    return f"<section><h2>{title}</h2>{picture}</section>"


def _table(life: Life) -> str:
    header = row("th", [life.title, *(str(each.serial) for each in life.generations)])
    rows = (row("td", [meaning.title, *map(short, life.curve(name))]) for name, meaning in MEANING.items())
    return f"<table>{header}{''.join(rows)}</table>"
