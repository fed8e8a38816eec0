"""Collapse: words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from installation.cli.voice import console, group, say
from installation.machine.files import share

if TYPE_CHECKING:
    from installation.collapse.report import Report

app = group("Retrain a model on its own output, generation by generation, until it forgets.")
TEXT = "moby-dick.txt"
EXCERPT = 40  # words and marks of each generation, for a terminal 80 columns wide
MOST_COLUMNS = 10  # of numbers


@app.command()
def words(  # noqa: PLR0917 - options of a command
    text: Annotated[Path | None, typer.Argument(help="A text in UTF-8; default: five chapters of Moby-Dick.")] = None,
    generations: Annotated[int, typer.Option(min=1, max=999, help="The last generation.")] = 9,
    temperature: Annotated[float, typer.Option(help="Below 1 the likely words become likelier; 0.1 to 2.")] = 0.7,
    beam: Annotated[int, typer.Option(help="How many continuations are tried at once; 1 to 8.")] = 1,
    fresh: Annotated[float, typer.Option(help="Share of real text in what is read next; 0 to 1.")] = 0.0,
    order: Annotated[int, typer.Option(help="Words of memory and the next one: 3 knows two words; 1 to 4.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 7,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep generations and a report here; a run goes on.")
    ] = None,
    *,
    rebirth: Annotated[bool, typer.Option("--rebirth", help="First forget all of --out but generation 0.")] = False,
) -> None:
    """Let a text be read and written again until it stammers; show the first, the second and the last generations.

    Example: burntout collapse words --fresh 0.1 --out words/
    """
    from installation.collapse import notebook, report
    from installation.collapse.text import Settings, load

    path = text or share("assets") / "texts" / TEXT
    settings = Settings(temperature, beam, fresh, order)
    if out and rebirth:
        notebook.rebirth(out)
    with console.status("Reading and writing"):
        told = report.words(load(path), settings, seed=seed, last=generations, folder=out, text=path.name)
    console.print(voices(told))
    console.print(readings(told))
    for made in report.write(told, out) if out else ():
        say(str(made))


def voices(report: Report) -> Table:
    """How some generations begin, side by side."""
    said = report.voices(EXCERPT)
    headers = (Column(f"generation {serial}", ratio=1, overflow="fold") for serial in said)
    table = Table(*headers, box=None, expand=True, padding=(0, 2, 1, 0))
    table.add_row(*map(Text, said.values()))
    return table


def readings(report: Report) -> Table:
    """A row for each reading, a column for each generation, or for every so many if there are more than fit."""
    from installation.collapse.chart import short
    from installation.collapse.text import MEANING

    every = -(-len(report.generations) // MOST_COLUMNS)
    shown = report.generations[::every]
    numbers = (Column(str(each.serial), justify="right", no_wrap=True) for each in shown)
    table = Table("generation", *numbers, box=None, padding=(0, 1, 0, 0))
    for name, meaning in MEANING.items():
        table.add_row(meaning.title, *(short(each.readings[name]) for each in shown))
        if name in report.theory:
            table.add_row("  by chance", *(short(report.theory[name][each.serial]) for each in shown), style="dim")
    return table
