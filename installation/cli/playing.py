"""Playing: run, scenes, check, send, addresses, readings."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from installation import melting, scenes
from installation.cli.voice import (
    Config,
    State,
    console,
    duration,
    given,
    group,
    progress_bar,
    say,
    thumbnail,
    window_size,
)
from installation.errors import Refusal
from installation.machine import settings as settings_
from installation.machine.files import StorageError, alone, require_writable, share
from installation.machine.settings import Settings
from installation.panels import all_knobs, all_readings

app = group("Play the piece.")
DEFAULT_SCENE = "machine-dementia"

SceneName = Annotated[str, typer.Argument(help="A scene's name, or the path of a scene's TOML file.")]


@app.command()
def run(
    scene: SceneName = DEFAULT_SCENE,
    *,
    for_: Annotated[
        float | None, typer.Option("--for", parser=duration, metavar="60s|5m|2h", help="Play this long, then stop.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Record a take from the first picture on.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, max=scenes.HIGHEST_SEED, help="Begin a new lineage with this seed.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new lineage, whatever was playing before.")] = False,
    programme: Annotated[Path | None, typer.Option(help="programme.toml: opening hours and what plays when.")] = None,
    window: Annotated[
        Any, typer.Option("--window", parser=window_size, metavar="1280x720", help="Size of the window.")
    ] = None,
    fullscreen: Annotated[bool, typer.Option("--fullscreen", help="Fill the display.")] = False,
    display: Annotated[int | None, typer.Option(min=0, help="Which display, counted from 0.")] = None,
    osc_host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 is this machine only.")] = None,
    osc_port: Annotated[int | None, typer.Option(min=0, max=65535, help="UDP port for OSC.")] = None,
    web_port: Annotated[int | None, typer.Option(min=0, max=65535, help="TCP port for OSCQuery and browsers.")] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Play: burn, regenerate, feed back, show. Ctrl-C or Escape ends it.

    Without --for, --seed or --fresh a scene goes on with the lineage it was last playing.
    """
    stage = given(fullscreen=fullscreen or None, display=display)
    stage |= {"width": window[0], "height": window[1]} if window else {}
    overrides = given(state=state, osc=given(host=osc_host, port=osc_port), web=given(port=web_port), stage=stage)
    settings = settings_.load(config, overrides)
    from installation.conductor import Performance
    from installation.programme import exceptions, plan

    known = sorted(path.stem for path in share("scenes").glob("*.toml"))
    made = settings.state / exceptions.NAME
    performance = Performance(
        find_scene(scene, settings.state / melting.NAME),
        seed=seed,
        fresh=fresh,
        record=record,
        seconds=for_,
        programme=plan.load(programme, known, settings.zone, made) if programme else None,
    )
    _perform(settings, performance)


@app.command("scenes")
def list_scenes(
    names: Annotated[list[str] | None, typer.Argument(help="Scenes by name; default: all.")] = None,
    gallery: Annotated[
        Path | None,
        typer.Option(help="Rehearse them, and draw a sheet of all here (.webp, .png) and one of each beside it."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Generations of a rehearsal; a longer score is walked faster.")] = 40,
    config: Config = None,
) -> None:
    """List the scenes that can be played, with their title and how long their score takes."""
    found = scenes.all_scenes(share("scenes"), all_knobs(), share("assets"))
    if names:
        found = {name: found[scenes.find(name, share("scenes")).stem] for name in names}
    if gallery:
        _rehearse([scene for scene in found.values() if isinstance(scene, scenes.Scene)], gallery, most, config)
        return
    table = Table("", Column("scene", min_width=18), "what it shows", box=None)
    for name, scene in found.items():
        if isinstance(scene, Refusal):
            table.add_row("", name, Text(str(scene), "red"))
        else:
            named = Text(f"{scene.title}\n{name}\n{_length(scene)}")
            table.add_row(thumbnail(scene.origin), named, Text(" ".join(scene.doc.split())))
    console.print(table)


def _length(scene: scenes.Scene) -> str:
    """How long the score takes to come round at the scene's pace; in generations where it goes as fast as it can."""
    score, pace = scene.score.values(), scene.values.get("/loop/pace", 1.0)
    generations = max((curve.points[-1][0] for curve in score), default=0.0)
    if not generations:
        return "endless"
    if not pace:
        return f"{generations:.0f} generations"
    seconds = generations * pace
    return f"{seconds / 60.0:.1f} min" if seconds >= 60.0 else f"{seconds:.0f} s"  # noqa: PLR2004 - a minute


def _rehearse(found: list[scenes.Scene], sheet: Path, most: int, config: Path | None) -> None:
    from installation.publishing import gallery

    with progress_bar() as bar:
        task = bar.add_task("Rehearsing", total=len(found))
        for scene in gallery.rehearsals(found, sheet, settings_.load(config).engine, most):
            bar.update(task, advance=1.0, description=scene.title)
    say(f"Written: {sheet}, and a sheet of each scene beside it.")


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Scene files; default: all shipped ones.")] = None,
) -> None:
    """Check scenes completely before they play."""
    faults = 0
    for path in paths or sorted(share("scenes").glob("*.toml")):
        try:
            scenes.load(path, all_knobs(), share("assets"), readings=all_readings())
            say(f"{path.name}: good")
        except Refusal as refusal:
            faults += 1
            say(str(refusal), "red")
    if faults:
        raise typer.Exit(1)


@app.command()
def addresses(
    *, markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table, for the README.")] = False
) -> None:
    """List every OSC address: what it takes and what it does."""
    from installation.control import commands

    table = commands.markdown(all_knobs())
    if markdown:
        sys.stdout.write(table)
        return
    from rich.markdown import Markdown

    console.print(Markdown(table))


@app.command()
def controllers(
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)] = Path("deploy/controllers"),
    preview: Annotated[Path | None, typer.Option(help="A picture of every page, to look at.", dir_okay=False)] = None,
) -> None:
    """Make the surfaces to play on from the knobs: a TouchOSC layout, an Open Stage Control session."""
    from installation.control.commands import COMMANDS
    from installation.controllers import files, surface
    from installation.controllers import preview as previews

    names = sorted(path.stem for path in share("scenes").glob("*.toml"))
    pages = surface.surface(all_knobs(), COMMANDS, names)
    for path in files.write(pages, out):
        say(f"Written: {path}")
    if preview:
        previews.preview(pages).save(preview)
        say(f"Written: {preview}")


@app.command("readings")
def list_readings(
    *, markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table, for the README.")] = False
) -> None:
    """List every reading: unit, what it is, and what it says now where the piece plays on this machine."""
    from installation import readings
    from installation.machine import wires
    from installation.readings import instruments, register

    if markdown:
        sys.stdout.write(register.markdown(readings.declared()))
        return
    now = instruments.playing(wires.memory_folder().glob(f"{wires.PREFIX}*/{instruments.BOARD}"))
    last_column = "now" if now else "ms at 1080p"
    table = Table(Column("address", no_wrap=True), "unit", "what it is", last_column, box=None)
    for address, each in readings.declared().items():
        last = each.say(now[address]) if now else f"{each.cost:g}" if each.cost else ""
        table.add_row(address, each.unit, Text(each.doc), Text(last))
    console.print(table)


@app.command(context_settings={"ignore_unknown_options": True})
def send(
    address: Annotated[str, typer.Argument(help="For example /burn/gaussian/temperature.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Numbers, true or false, or text.")] = None,
    host: Annotated[str, typer.Option(help="Where the piece listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Its UDP port.")] = 9000,
) -> None:
    """Send one OSC message to a running piece."""
    from installation.control import osc

    osc.send(host, port, address, arguments or [])


def _perform(settings: Settings, performance: Any) -> None:
    from installation.conductor import Conductor
    from installation.terminal import speaking, watching

    conductor = Conductor(settings, performance)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: conductor.stop())
    with alone(settings.state), speaking(console, _logs(settings)), watching(console, conductor.health):
        conductor.perform()


def _logs(settings: Settings) -> Path | None:
    """Where logs go. A folder that is full or read-only must not keep the wall black: None, and a sentence."""
    try:
        logs = require_writable(settings.state) / "logs"
        logs.mkdir(exist_ok=True)
    except StorageError as error:
        if not settings.state.is_dir():
            raise
        say(f"{error} The show goes on without takes, checkpoints and logs.", "red")
        return None
    return logs


def find_scene(name: str, measured: Path) -> scenes.Scene:
    """A scene by its name or file, with the melting points measured on this machine. Raises ``SceneError``."""
    path = Path(name) if name.endswith(".toml") else scenes.find(name, share("scenes"))
    return scenes.load(path, all_knobs(), share("assets"), measured=measured, readings=all_readings())
