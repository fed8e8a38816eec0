"""Measuring: doctor, bench, calibrate, melt, soak."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from installation.cli.voice import Config, State, console, given, group, progress_bar, say
from installation.machine import settings as settings_

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
def bench(config: Config = None) -> None:
    """Measure what this machine does: the loop, the stage, OSC latency, memory; with conditions. About a minute."""
    from installation import bench as benches

    table = Table("figure", "value", "conditions", box=None)
    with console.status("Measuring"):
        for figure in benches.measure(settings_.load(config)):
            table.add_row(figure.name, figure.value, figure.conditions)
    console.print(table)


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
) -> None:
    """Turn a small loop very often, with everything going wrong on schedule, and say whether it lives.

    With --hours the real program plays instead, its doors opened and closed every twenty seconds: what of it grows?
    """
    if hours is not None:
        _endure(hours * 3600.0)
        return
    from installation import soak as soaking

    with progress_bar() as progress:
        task = progress.add_task("Soaking", total=1.0)
        verdict = soaking.soak(generations, 1, lambda share: progress.update(task, completed=share))
    say(verdict.sentence(), "" if verdict.alive else "red")
    if not verdict.alive:
        raise typer.Exit(1)


def _endure(seconds: float) -> None:
    from installation import endurance

    with tempfile.TemporaryDirectory(prefix="burntout-") as state, progress_bar() as progress:
        task = progress.add_task("Opening and closing", total=1.0)
        update = partial(progress.update, task)
        verdict = endurance.endure("hearth", Path(state), seconds, lambda share: update(completed=share))
    say(verdict.sentence(), "" if verdict.flat else "red")
    if not verdict.flat:
        raise typer.Exit(1)
