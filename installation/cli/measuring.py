"""Measuring: doctor, bench, calibrate, melt, soak."""

from __future__ import annotations

import signal
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from installation.cli.voice import Config, State, console, given, group, progress_bar, say
from installation.machine import settings as settings_

if TYPE_CHECKING:
    from installation.bench import Contest
    from installation.endurance import Verdict
    from installation.machine.settings import Settings

app = group("Measure the machine and the models.")


@app.command()
def doctor(
    *,
    json: Annotated[bool, typer.Option("--json", help="For another program.")] = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Say what this machine can do, and what is missing with what to do about it."""
    from installation import doctor as examination

    findings = []
    for finding in examination.examine(settings_.load(config, given(state=state))):
        findings.append(finding)
        if not json:
            console.print(examination.line(finding), highlight=False, soft_wrap=True)
    if json:
        typer.echo(examination.report(findings))
    if any(finding.fatal for finding in findings):
        raise typer.Exit(1)


@app.command()
def bench(
    model: Annotated[
        str | None,
        typer.Option(help="Race a pipeline instead: sd-turbo or sdxl-turbo (random weights), a folder, a name."),
    ] = None,
    *,
    size: Annotated[
        int | None, typer.Option(min=64, max=2048, help="Pixels a side; default: 512, 256 on a CPU.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, max=50, help="Denoising steps.")] = 1,
    abreast: Annotated[list[int] | None, typer.Option(min=2, help="Lineages at once; may be repeated.")] = None,
    decoder: Annotated[Literal["tiny", "full"], typer.Option(help="Who turns latents into pictures.")] = "tiny",
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"] | None,
        typer.Option(help="What numbers it computes with; default: what machine.toml says, else what is fast here."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.0, help="For each way, with --model.")] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="For another program, with --model.")] = False,
    config: Config = None,
) -> None:
    """Measure what this machine does: starting, the loop, the stage, OSC latency, memory; with conditions. A minute.

    With --model a pipeline is played in every way, against diffusers' own call in the same run.
    """
    from installation import bench as benches

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what it has started ends with it
    if model is not None:
        batches = (1, *abreast) if abreast else ()
        _race(benches.Contest(model, size, steps, batches, decoder, dtype, seconds), settings_.load(config), json=json)
        return
    table = Table("figure", "value", "conditions", box=None)
    with console.status("Measuring"):
        for figure in benches.measure(settings_.load(config)):
            table.add_row(figure.name, figure.value, figure.conditions)
    console.print(table)


def _race(contest: Contest, settings: Settings, *, json: bool) -> None:
    from json import dumps

    from installation import bench as benches
    from installation.models import race

    with Console(stderr=True).status("Racing"):
        known, laps = benches.contestants(contest, settings)
        told = list(laps)
    if json:
        typer.echo(dumps(race.report(known, told), indent=2))
        return
    table = Table(*(Column(head, no_wrap=place > 0) for place, head in enumerate(race.HEADS)), box=None)
    for lap in told:
        table.add_row(*race.row(lap))
    console.print(table)
    say(race.sentence(known))


@app.command()
def calibrate(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of your own pictures; default: those that came with the program.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=32, max=1024, help="Pixels a side; default: the show's.")] = None,
    images: Annotated[int, typer.Option(min=1, help="How many pictures at most, spread over the folder.")] = 64,
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; default: calibration.json in the state.")] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Measure how much harm each medium does at each temperature, for /burn/scale calibrated. Some minutes.

    For example: burntout calibrate ~/Pictures --images 100. The piece plays by it from its next start.
    """
    from installation.burns import calibration

    settings = settings_.load(config, given(state=state))
    pictures = calibration.gallery(folder, size or settings.engine.size, images)
    with progress_bar() as progress:
        task = progress.add_task(f"Burning {len(pictures)} pictures", total=1.0)
        table = calibration.measured(pictures, progress=lambda share: progress.update(task, completed=share))
    path = out or settings.state / calibration.FILE
    calibration.save(table, path)
    for medium, halfway in table.halfways():
        say(f"{medium}: half burnt at T {halfway:.2f}")
    say(f"{len(table.damage)} media in {path}. Play by it: burntout send /burn/scale calibrated")


@app.command()
def melt(
    restorer: Annotated[str, typer.Option(help="ember, archive or diffusion.")] = "ember",
    model: Annotated[str | None, typer.Option(help="A pipeline's folder or name, as a scene says it.")] = None,
    medium: Annotated[list[str] | None, typer.Option(help="In which medium; may be repeated. Default: all.")] = None,
    *,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Pixels a side.")] = 64,
    state: State = None,
    config: Config = None,
) -> None:
    """Find the melting point: the temperature at which half of the lineages forget. Scenes may say "melt + 0.05"."""
    from installation import melt as melting_pot

    settings, crucible = settings_.load(config, given(state=state)), melting_pot.filled(restorer, model, medium, size)
    table = Table("medium", "melts at T", "kept there", "conditions", box=None)
    with progress_bar() as progress:
        task = progress.add_task(f"Melting {restorer}", total=crucible.generations)
        for point in melting_pot.measure(crucible, settings, lambda: progress.advance(task)):
            table.add_row(*melting_pot.row(point))
    console.print(table)


@app.command()
def soak(
    generations: Annotated[int, typer.Option(min=1, help="How many turns of the loop.")] = 100_000,
    hours: Annotated[float | None, typer.Option(min=0.005, max=1000, help="The real program for so long.")] = None,
    scene: Annotated[str, typer.Option(help="What it plays, with --hours.")] = "hearth",
    *,
    json: Annotated[bool, typer.Option("--json", help="For another program, with --hours.")] = False,
) -> None:
    """Turn a small loop very often, with everything going wrong on schedule, and say whether it lives.

    With --hours the real program plays instead, its doors opened and closed every twenty seconds: what of it grows,
    and does every frame come in time? Ctrl-C ends it with what was seen so far.
    """
    if hours is not None:
        _tell(_endure(scene, hours * 3600.0), json=json)
        return
    from installation import soak as soaking

    with progress_bar() as progress:
        task = progress.add_task("Soaking", total=1.0)
        verdict = soaking.soak(generations, 1, lambda share: progress.update(task, completed=share))
    say(verdict.sentence(), "" if verdict.alive else "red")
    if not verdict.alive:
        raise typer.Exit(1)


def _endure(scene: str, seconds: float) -> Verdict:
    from installation import endurance

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it, too, ends the program and tells what was seen
    bar = progress_bar(Console(stderr=True))
    with tempfile.TemporaryDirectory(prefix="burntout-", ignore_cleanup_errors=True) as state, bar:
        task = bar.add_task("Opening and closing", total=1.0)
        update = partial(bar.update, task)
        return endurance.endure(scene, Path(state), endurance.Course(seconds), lambda share: update(completed=share))


def _tell(verdict: Verdict, *, json: bool) -> None:
    """Exit code 1 where it is not well, 130 where it was broken off, as shells expect."""
    if json:
        from json import dumps

        typer.echo(dumps(verdict.report(), indent=2))
    else:
        console.print(_holdings(verdict))
        say(verdict.evenness())
        say(verdict.sentence(), "red" if verdict.faults else "")
    if verdict.faults or verdict.broken_off:
        raise typer.Exit(1 if verdict.faults else 130)


def _holdings(verdict: Verdict) -> Table:
    """What each process held at last, and by how much that grew in an hour."""
    from installation.endurance import said

    table = Table("process", "holds", "grows in an hour by", box=None)
    for process, things in verdict.slopes.items():
        for thing, slope in things.items():
            table.add_row(process, f"{said(thing, verdict.held[process][thing])} {thing}", said(thing, slope))
    return table
