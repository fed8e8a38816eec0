"""A collapse of words on one page: what it said, what was measured, and what chance alone would have done."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from installation import __version__
from installation.collapse import notebook, theory
from installation.collapse.chart import FAINT, GROUND, INK, LIVE, Box, Curve, Panel, paint, short, svg
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
from installation.collapse.text import MEANING, Settings, TextGeneration, described, excerpt, generations
from installation.machine.files import write_atomically
from installation.randomness import generator

if TYPE_CHECKING:
    Voices = Mapping[int, str]

FILES = ("report.json", "report.png", "report.html")
CHANCE = "chance alone"  # what theory is called beside the curves
RUNS = 16  # of chance, averaged: the vocabulary's standard error is then about 4 words
THEORY_STREAM = 1  # of the random numbers of generation 0, which draws none itself
SEED = 7  # chosen among 15, which all collapsed, for what its last generation stammers
EXCERPT = 60  # words and marks
LEFT, HEADING = "words that are left", 44  # the heading of the last cell, and pixels from it to the words

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
<div class="said">{said}</div>
<div class="drawn">{drawn}</div>
<section><h2>{left}</h2><p>{words}</p></section>
<table>{table}</table>
</html>
"""


@dataclass(frozen=True, slots=True)
class Report:
    """A finished run. ``theory`` holds, by the names of readings, what the neutral theory expects per generation."""

    text: str
    digest: str
    seed: int
    settings: Settings
    generations: Sequence[TextGeneration]
    theory: Mapping[str, Sequence[float]]

    def curve(self, reading: str) -> list[float]:
        """A reading of every generation."""
        return [each.readings[reading] for each in self.generations]

    def voices(self, most: int = EXCERPT) -> Voices:
        """How the first two generations and the last begin, and the one two before it: 0, 1, 7 and 9 of ten."""
        last = len(self.generations) - 1
        shown = sorted({serial for serial in (0, 1, last - 2, last) if serial >= 0})
        return {serial: excerpt(self.generations[serial].words, most) for serial in shown}

    def left(self) -> list[str]:
        """The words that the last generation still knows, the commonest first; marks are not counted."""
        return [word for word, _ in Counter(self.generations[-1].words).most_common() if word[0].isalnum()]

    def panels(self) -> list[Panel]:
        """One for every reading, with the theory's curve where there is one."""
        return [
            Panel(
                meaning.title,
                meaning.unit,
                [
                    Curve("measured", self.curve(name)),
                    *(Curve(CHANCE, self.theory[at], "theory") for at in (name,) if at in self.theory),
                ],
                "log" if meaning.log else "linear",
            )
            for name, meaning in MEANING.items()
        ]

    def note(self) -> str:
        """What was done, in a sentence or two."""
        words = len(self.generations[0].words)
        return (
            f"A model that remembers {self.settings.order - 1} words read {words:,} words of {self.text} and wrote as "
            f"many; the next read those, and so on. {described(self.settings).capitalize()}, seed {self.seed}. "
            f"Thin: {CHANCE}, every word drawn by its frequency (Wright-Fisher)."
        )


def words(
    real: tuple[str, ...],
    settings: Settings,
    *,
    seed: int = SEED,
    last: int = 9,
    folder: Path | None = None,
    text: str = "",
) -> Report:
    """Let words collapse for generations 0 to ``last``. With a folder every generation is kept there as it comes.

    ``text`` is what the real text is called. Raises ``CollapseError`` where the folder holds another collapse,
    ``StorageError`` where it cannot be written.
    """
    made: Iterable[TextGeneration]
    made = islice(generations(real, settings, seed), last + 1)
    if folder is not None:
        made = notebook.collapse(folder, real, settings, seed, last)
    told = tuple(made)
    return Report(text, notebook.digest(real), seed, settings, told, chance(real, settings.fresh, last, seed))


def chance(real: Sequence[str], fresh: float, last: int, seed: int) -> dict[str, list[float]]:
    """Vocabulary and entropy where every word is drawn by its frequency in the generation before: mean of 16 runs."""
    rng = generator(seed, 0, THEORY_STREAM)
    counts = np.array(sorted(Counter(real).values()), dtype=np.int64)
    kinds, bits = np.zeros(last + 1), np.zeros(last + 1)
    for _ in range(RUNS):
        for at, present in enumerate(theory.wright_fisher(counts, last, rng, share=fresh)):
            shares = present[present > 0] / present.sum()
            kinds[at] += shares.size / RUNS
            bits[at] -= (shares * np.log2(shares)).sum() / RUNS
    return {"vocabulary": kinds.tolist(), "entropy": bits.tolist()}


def write(report: Report, folder: Path) -> list[Path]:
    """Numbers as JSON, a sheet as PNG, a page as HTML; each replaced whole. Raises ``StorageError``."""
    contents: Sequence[bytes | str] = (
        json.dumps(numbers(report), indent=1, ensure_ascii=False) + "\n",
        png(report),
        html(report),
    )
    paths = [folder / name for name in FILES]
    for path, content in zip(paths, contents, strict=True):
        write_atomically(path, content)
    return paths


def numbers(report: Report) -> dict[str, object]:
    """Everything that was measured and how, as JSON takes it."""
    return {
        "program": f"Burntout {__version__}",
        "text": report.text,
        "digest": report.digest,
        "seed": report.seed,
        "settings": asdict(report.settings),
        "readings": {name: report.curve(name) for name in MEANING},
        "chance": dict(report.theory),
        "meaning": {name: f"{each.doc} {each.unit}. {each.source}." for name, each in MEANING.items()},
        "excerpts": {str(serial): said for serial, said in report.voices().items()},
    }


def png(report: Report) -> bytes:
    """The sheet: excerpts side by side above, a panel for every reading below. 1600 pixels wide."""
    voices, panels = report.voices(), report.panels()
    column = (WIDTH - 2 * MARGIN - (len(voices) - 1) * GAP) // len(voices)
    prose = {serial: wrapped(said, column, PROSE) for serial, said in voices.items()}
    note = wrapped(report.note(), WIDTH - 2 * MARGIN, PROSE)
    top = HEAD + LEADING * len(note) + GAP
    below = top + LEADING * (2 + max(map(len, prose.values()))) + GAP
    height = below + -(-(len(panels) + 1) // COLUMNS) * (PANEL + GAP) + MARGIN
    sheet = Image.new("RGB", (WIDTH * ZOOM, height * ZOOM), GROUND)
    pen = ImageDraw.Draw(sheet)
    inscribe(pen, (MARGIN, MARGIN), "Words that forget", TITLE, INK)
    write_lines(pen, (MARGIN, HEAD), note, FAINT)
    for place, (serial, lines) in enumerate(prose.items()):
        left = MARGIN + place * (column + GAP)
        inscribe(pen, (left, top), f"generation {serial}", PROSE, LIVE[0])
        write_lines(pen, (left, top + int(1.5 * LEADING)), lines, INK)
    boxes = [cell(place, below) for place in range(len(panels) + 1)]
    for panel, box in zip(panels, boxes, strict=False):
        paint(pen, panel, box, ZOOM)
    _write_left(pen, report, boxes[-1])
    file = io.BytesIO()
    sheet.reduce(ZOOM).save(file, "PNG", optimize=True)
    return file.getvalue()


def html(report: Report) -> str:
    """The same as a page that needs nothing else: no script, no font, no network."""
    said = "".join(
        f"<section><h2>generation {serial}</h2>{escape(words)}</section>" for serial, words in report.voices().items()
    )
    drawn = "".join(
        f"<figure>{svg(panel, 720, PANEL)}<figcaption>{escape(f'{each.doc} {each.source}')}</figcaption></figure>"
        for panel, each in zip(report.panels(), MEANING.values(), strict=True)
    )
    header = row("th", ["generation", *(str(each.serial) for each in report.generations)])
    rows = (row("td", [MEANING[name].title, *map(short, report.curve(name))]) for name in MEANING)
    return PAGE.format(
        title="Words that forget", note=escape(report.note()), said=said, drawn=drawn,
        left=f"{LEFT} ({len(report.left())})", words=escape(", ".join(report.left())), table=header + "".join(rows),
        style=STYLE,
    )  # fmt: skip


def _write_left(pen: ImageDraw.ImageDraw, report: Report, box: Box) -> None:
    """The words that are left, as many as there is room for."""
    words, left, top = report.left(), int(box.left) + MARGIN, int(box.top)
    lines = wrapped(", ".join(words), int(box.width) - 2 * MARGIN, PROSE)
    room = int(box.height) // LEADING - 2
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1].rstrip(",") + " …"]
    inscribe(pen, (left, top), f"{LEFT} ({len(words)})", 20, INK)
    write_lines(pen, (left, top + HEADING), lines, INK)
