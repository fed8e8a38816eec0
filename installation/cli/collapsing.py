"""Collapse: words, pictures, report."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from installation.cli.voice import Config, State, console, given, group, progress_bar, say
from installation.machine import settings as settings_
from installation.machine.files import share

if TYPE_CHECKING:
    from installation.cluster.spread import News
    from installation.collapse.images import Settings
    from installation.collapse.report import Report
    from installation.training.painting import Studio
    from installation.training.retraining import Job, Moment

app = group("Retrain a model on its own output, generation by generation, until it forgets.")
TEXT = "moby-dick.txt"
EXCERPT = 40  # words and marks of each generation, for a terminal 80 columns wide
MOST_COLUMNS = 10  # of numbers
NICE = 15  # the show comes first


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
    from installation.collapse import notebook
    from installation.collapse import report as reports
    from installation.collapse.text import Settings, load

    path = text or share("assets") / "texts" / TEXT
    settings = Settings(temperature, beam, fresh, order)
    if out and rebirth:
        notebook.rebirth(out)
    with console.status("Reading and writing"):
        told = reports.words(load(path), settings, seed=seed, last=generations, folder=out, text=path.name)
    console.print(voices(told))
    console.print(readings(told))
    for made in reports.write(told, out) if out else ():
        say(str(made))


@app.command()
def pictures(  # noqa: PLR0917 - options of a command
    images: Annotated[
        Path | None, typer.Argument(help="A folder of real pictures; default: archive and origins.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the run is called; its folder is STATE/collapse/NAME.")] = "pictures",
    mode: Annotated[str, typer.Option(help="synthetic, fresh, augmentation or accumulate.")] = "synthetic",
    share_: Annotated[float, typer.Option("--share", help="Share of real pictures in mode fresh; 0 to 1.")] = 0.2,
    generations: Annotated[int, typer.Option(min=0, max=999, help="The last generation.")] = 5,
    count: Annotated[int, typer.Option(help="Pictures painted and learnt by each generation.")] = 256,
    size: Annotated[
        int, typer.Option(help="Pixels a side, from 64 to 256, by pipelines to 1024; in steps of 32.")
    ] = 128,
    start: Annotated[float, typer.Option(help="How far a picture is burnt before it is painted again; 1: away.")] = 0.7,
    bias: Annotated[float, typer.Option(help="Variance of the noise it is burnt with; below 1 plays safe.")] = 1.0,
    steps: Annotated[int, typer.Option(help="Steps of the sampler; few are a bias of their own.")] = 4,
    practice: Annotated[int, typer.Option(help="Steps of learning per generation.")] = 100,
    batch: Annotated[int, typer.Option(help="Pictures per step.")] = 16,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 2e-4,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 1,
    model: Annotated[Path | None, typer.Option(help="An ember or a Stable Diffusion folder; default: ours.")] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="local|HOST:PORT", help="Paint on a Ray cluster, or in a process per core.")
    ] = None,
    state: State = None,
    config: Config = None,
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of this name as it was begun.")] = False,
    rebirth: Annotated[bool, typer.Option("--rebirth", help="First forget all of it but generation 0.")] = False,
) -> None:
    """Retrain a model on its own pictures, generation by generation; may be stopped, killed and resumed at any time.

    Example: burntout collapse pictures --mode fresh --share 0.2 --name fed
    """
    from installation.collapse import folder
    from installation.collapse.images import Settings, understood
    from installation.training import gallery
    from installation.training.retraining import Job

    machine = settings_.load(config, given(state=state))
    path = folder.home(machine.state, name)
    settings = Settings(mode, share_, count, size, start, bias, steps, practice, batch, rate)  # type: ignore[arg-type] # checks it
    if resume:
        kept = folder.read(path)
        settings, seed = understood(kept.run["settings"]), kept.run["beginning"]["seed"]
        model = model or kept.base(machine.engine.models)
    if rebirth:
        folder.rebirth(path)
    hung = gallery.hang(gallery.files(images) if images else gallery.shipped(), settings.size)
    model = model or share("assets") / "ember"
    os.nice(NICE)  # before others are started, who inherit it
    with studio(ray, model, machine, settings) as painters:
        work(Job(path, settings, hung, model, seed, generations, painters, machine.engine.models))
    say(f"The run is in {path}. Look at it: burntout collapse report {name}")


@app.command()
def report(
    names: Annotated[list[str], typer.Argument(help="Runs of pictures to compare, by name.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for JSON, PNG and HTML.")] = Path(),
    state: State = None,
    config: Config = None,
) -> None:
    """Draw runs of pictures side by side: their readings as curves, their seeds as they decay.

    Example: burntout collapse report starved fed --out report/
    """
    from installation.collapse import comparison, folder

    where = settings_.load(config, given(state=state)).state
    for made in comparison.write([folder.read(folder.home(where, name)) for name in names], out):
        say(str(made))


def work(job: Job) -> None:
    """Walk a job to its end, showing how far it is."""
    with progress_bar() as line:
        task = line.add_task("", total=1.0)
        for moment in job.moments():
            line.update(task, completed=moment.share, description=described(moment, job.last))
            if moment.phase in {"generation", "refused"}:
                line.console.print(moment.refused or reported(moment), highlight=False)


@contextlib.contextmanager
def studio(place: str | None, model: Path, machine: settings_.Settings, collapsing: Settings) -> Iterator[Studio]:
    """Who paints: this process, or the workers of a cluster, each with as many threads as the engine is given, or one.

    Raises ``ClusterError``.
    """
    if place is None:
        from installation.training.painting import HERE

        yield HERE
        return
    from installation.cluster.atelier import open_atelier
    from installation.cluster.reach import reached

    with reached(place) as reach:
        yield open_atelier(reach, model, machine, collapsing, hear)


def hear(news: News) -> None:
    """Say what went wrong on a cluster: who died or is left out, and why."""
    if news.sentence:
        say(news.sentence)


def described(moment: Moment, last: int) -> str:
    """How a job stands, in a line."""
    doing = {"learn": f"learning, loss {moment.loss:.3f}", "paint": "painting"}.get(moment.phase, moment.phase)
    return f"generation {moment.serial} of {last}, {doing}, {moment.pictures_per_second:.0f} pictures/s"


def reported(moment: Moment) -> str:
    """The readings of a finished generation, in a line."""
    from installation.collapse.chart import short
    from installation.collapse.images import MEANING

    readings = moment.kept.readings if moment.kept else {}
    told = ", ".join(f"{MEANING[name].title} {short(value)}" for name, value in readings.items() if name in MEANING)
    return f"generation {moment.serial}: {told}"


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
