"""The command line: ``burntout``. Each command turns words into records, calls one room, and says what came of it."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from installation import __version__, melting, scenes
from installation.errors import Refusal
from installation.machine import settings as settings_
from installation.machine.files import StorageError, alone, require_writable, share
from installation.machine.settings import Settings
from installation.panels import all_knobs

app = typer.Typer(
    name="burntout",
    help="Burn images into noise, regenerate them, and watch them forget.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
train_app = typer.Typer(
    help="Train ember, the embedded diffusion model: gather a corpus, train, prove.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(train_app, name="train")
console = Console()
DEFAULT_SCENE = "machine-dementia"
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

SceneName = Annotated[str, typer.Argument(help="A scene's name, or the path of a scene's TOML file.")]
Config = Annotated[Path | None, typer.Option("--config", help="machine.toml; see deploy/machine.toml.", dir_okay=False)]
State = Annotated[Path | None, typer.Option("--state", help="Where takes, checkpoints and logs live.", file_okay=False)]


def duration(text: str) -> float:
    """``90``, ``60s``, ``5m`` or ``2h`` in seconds. Raises ``typer.BadParameter``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match or not float(match[1]):
        raise typer.BadParameter(f"{text!r} is no duration; write 60s, 5m or 2h.")
    return float(match[1]) * UNITS[match[2]]


def window_size(text: str) -> tuple[int, int]:
    """``1280x720`` in pixels. Raises ``typer.BadParameter``."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is no size; write 1280x720.")
    return int(match[1]), int(match[2])


def temperatures(text: str) -> tuple[float, ...]:
    """``0.2,0.5,1`` as numbers from 0 to 1. Raises ``typer.BadParameter``."""
    try:
        found = tuple(float(each) for each in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0.0 <= each <= 1.0 for each in found):
        raise typer.BadParameter(f"{text!r} are no temperatures; write numbers from 0 to 1, like 0.2,0.5,1.")
    return found


@app.callback(invoke_without_command=True)
def burntout(*, version: Annotated[bool, typer.Option("--version", help="Say the version and leave.")] = False) -> None:
    """Burn images into noise, regenerate them, and watch them forget."""
    if version:
        console.print(__version__)
        raise typer.Exit


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
    config: Config = None,
    state: State = None,
) -> None:
    """Play: burn, regenerate, feed back, show. Ctrl-C or Escape ends it.

    Without --for, --seed or --fresh a scene goes on with the lineage it was last playing.
    """
    stage = _given(fullscreen=fullscreen or None, display=display)
    stage |= {"width": window[0], "height": window[1]} if window else {}
    overrides = _given(state=state, osc=_given(host=osc_host, port=osc_port), stage=stage)
    settings = settings_.load(config, overrides)
    from installation.conductor import Performance
    from installation.programme import plan

    known = sorted(path.stem for path in share("scenes").glob("*.toml"))
    performance = Performance(
        _scene(scene, settings.state / melting.NAME),
        seed=seed,
        fresh=fresh,
        record=record,
        seconds=for_,
        programme=plan.load(programme, known, settings.zone) if programme else None,
    )
    _perform(settings, performance)


@app.command("scenes")
def list_scenes() -> None:
    """List the scenes that can be played."""
    table = Table("scene", "restorer", "what it shows", box=None)
    for name, scene in scenes.all_scenes(share("scenes"), all_knobs(), share("assets")).items():
        if isinstance(scene, Refusal):
            table.add_row(name, "", Text(str(scene), "red"))
        else:
            table.add_row(name, scene.restorer, Text(" ".join(scene.doc.split())))
    console.print(table)


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Scene files; default: all shipped ones.")] = None,
) -> None:
    """Check scenes completely before they play."""
    faults = 0
    for path in paths or sorted(share("scenes").glob("*.toml")):
        try:
            scenes.load(path, all_knobs(), share("assets"))
            _say(f"{path.name}: good")
        except Refusal as refusal:
            faults += 1
            _say(str(refusal), "red")
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


@app.command("takes")
def list_takes(state: State = None, config: Config = None) -> None:
    """List the takes that were recorded."""
    from installation.recording import takes

    settings = settings_.load(config, _given(state=state))
    table = Table("take", "scene", "frames", "MB", "status", box=None)
    for take in takes.all_takes(settings.state):
        size = f"{take.total_bytes / 1e6:.1f}"
        table.add_row(take.name, take.scene, str(take.frames), size, take.status)
    if table.row_count:
        console.print(table)
    else:
        _say(f"No takes in {settings.state}. Record one: burntout run --record")


@app.command()
def publish(
    take: Annotated[str, typer.Argument(help="A take's name, its folder, or 'last'.")] = "last",
    out: Annotated[Path | None, typer.Option(help="Folder to publish into; default: the take's own.")] = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Make a film (MP4) and a contact sheet (PNG) from a take."""
    from installation import publishing

    found = _take(take, settings_.load(config, _given(state=state)))
    with _progress() as progress:
        task = progress.add_task(f"Publishing {found.name}", total=1.0)
        paths = publishing.publish(found, out or found.folder, lambda share: progress.update(task, completed=share))
    for path in paths:
        _say(str(path))


@app.command()
def restage(
    take: Annotated[str, typer.Argument(help="A take's name, its folder, or 'last'.")] = "last",
    state: State = None,
    config: Config = None,
) -> None:
    """Render a take's generations again from its log, and compare them hash for hash."""
    from installation.publishing import restage as again

    settings = settings_.load(config, _given(state=state))
    found = _take(take, settings)
    with _progress() as progress:
        task = progress.add_task(f"Restaging {found.name}", total=1.0)
        verdict = again.restage(found, settings.engine, lambda share: progress.update(task, completed=share))
    console.print(verdict.sentence())
    if not verdict.identical:
        raise typer.Exit(1)


@app.command()
def doctor(config: Config = None, state: State = None) -> None:
    """Say what this machine can do, and what is missing."""
    from installation import doctor as examination

    findings = examination.examine(settings_.load(config, _given(state=state)))
    for finding in findings:
        console.print(finding.line(), highlight=False, soft_wrap=True)
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

    settings = settings_.load(config, _given(state=state))
    pictures = calibration.gallery(folder, size or settings.engine.size, images)
    with _progress() as progress:
        task = progress.add_task(f"Burning {len(pictures)} pictures", total=1.0)
        table = calibration.measured(pictures, progress=lambda share: progress.update(task, completed=share))
    path = out or settings.state / calibration.FILE
    calibration.save(table, path)
    for medium, halfway in table.halfways():
        _say(f"{medium}: half burnt at T {halfway:.2f}")
    _say(f"{len(table.damage)} media in {path}. Play by it: burntout send /burn/scale calibrated")


@train_app.command("run")
def train(  # noqa: PLR0917 - options of a command
    images: Annotated[Path, typer.Argument(help="A folder of pictures, or of zips with a manifest.jsonl.")],
    out: Annotated[Path, typer.Option(help="Where checkpoint, sheets and model go; resumed when one is there.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Time to train, in all.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 1,
    begin_with: Annotated[
        Path | None, typer.Option(help="A trained model to go on from, such as assets/ember.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures of 128 x 128 per step; of 256 x 256 three eighths.")] = 32,
    rate: Annotated[float, typer.Option(min=0.0, help="Learning rate.")] = 1e-3,
    small_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the time for 128 x 128.")] = 0.7,
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw pictures ahead: 12 beside a GPU.")] = 0,
    keep_out: Annotated[
        list[str] | None, typer.Option(help="Leave out pictures whose path holds this word; may be repeated.")
    ] = None,
) -> None:
    """Train ember on pictures: on a CPU, a GPU, or several with `accelerate launch`; resumable after any kill.

    Example: burntout train run pictures/ --out training/ --minutes 90
    """
    from installation.training import trainer

    recipe = trainer.Recipe(
        minutes=minutes, seed=seed, batch=batch, large_batch=max(1, batch * 3 // 8), rate=rate,
        small_share=small_share, workers=workers,
    )  # fmt: skip
    energy = settings_.load(None).energy
    model = trainer.train(
        images, out, recipe, keep_out=keep_out or (), begun=begin_with, energy=energy, console=console
    )
    _say(f"The model is in {model}.")


@app.command()
def strip(
    picture: Annotated[
        str, typer.Argument(help="A picture file, or the name of one that came with the program.")
    ] = "astronaut",
    *,
    out: Annotated[Path, typer.Option(help="The .png or .webp to make.", dir_okay=False)] = Path("strip.png"),
    temperatures_: Annotated[
        Any, typer.Option("--temperatures", parser=temperatures, metavar="0.2,0.5,1", help="Which temperatures.")
    ] = "0.2,0.4,0.6,0.8,1",
    calibrated: Annotated[
        bool, typer.Option("--calibrated/--raw", help="Equal harm along a row, or T on each medium's own scale.")
    ] = True,
    restored: Annotated[
        str | None, typer.Option(metavar="ember|archive", help="Show also what this restorer makes of each.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=64, max=1024, help="Pixels a side; default: the show's.")] = None,
    width: Annotated[int | None, typer.Option(min=320, max=16384, help="Pixels across; default: untouched.")] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Draw one picture burnt in every medium at several temperatures, on one sheet.

    For example: burntout strip cat --temperatures 0.3,0.6,0.9 --restored ember --out cat.png
    """
    from installation.burns import calibration
    from installation.publishing import strip as strips
    from installation.restorers import shelf

    settings = settings_.load(config, _given(state=state))
    origins = {path.stem: path for path in (share("assets") / "origins").iterdir()}
    burnings = strips.Burnings(
        origins.get(picture, Path(picture)),
        size or settings.engine.size,
        temperatures_,
        calibration.standing(settings.state) if calibrated else None,
        shelf.load(restored, None, settings.engine.models, "cpu") if restored else None,
    )
    with _progress() as progress:
        task = progress.add_task("Burning", total=1.0)
        strips.strip(burnings, out, width=width, progress=lambda share: progress.update(task, completed=share))
    _say(str(out))


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

    settings, crucible = settings_.load(config, _given(state=state)), melting_pot.filled(restorer, model, medium, size)
    table = Table("medium", "melts at T", "kept there", "conditions", box=None)
    with _progress() as progress:
        task = progress.add_task(f"Melting {restorer}", total=crucible.generations)
        for point in melting_pot.measure(crucible, settings, lambda: progress.advance(task)):
            table.add_row(*melting_pot.row(point))
    console.print(table)


@app.command()
def soak(generations: Annotated[int, typer.Option(min=1, help="How many turns of the loop.")] = 100_000) -> None:
    """Turn a small loop very often, with everything going wrong on schedule, and say whether it lives."""
    from installation import soak as soaking

    with _progress() as progress:
        task = progress.add_task("Soaking", total=1.0)
        verdict = soaking.soak(generations, 1, lambda share: progress.update(task, completed=share))
    _say(verdict.sentence(), "" if verdict.alive else "red")
    if not verdict.alive:
        raise typer.Exit(1)


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
        _say(f"{error} The show goes on without takes, checkpoints and logs.", "red")
        return None
    return logs


def _scene(name: str, measured: Path) -> scenes.Scene:
    path = Path(name) if name.endswith(".toml") else scenes.find(name, share("scenes"))
    return scenes.load(path, all_knobs(), share("assets"), measured=measured)


def _take(name: str, settings: Settings) -> Any:
    from installation.recording import takes

    if Path(name).is_dir():
        return takes.load(Path(name))
    known = takes.all_takes(settings.state)
    if name == "last" and known:
        return max(known, key=lambda take: take.name)
    if not known:
        raise takes.TakeError(f"No takes in {settings.state}. Record one: burntout run --record")
    return takes.load(settings.state / takes.FOLDER / name)


def _given(**options: Any) -> dict[str, Any]:
    """Only what was said on the command line: what was not leaves the file's word standing."""
    return {name: value for name, value in options.items() if value is not None and value != {}}


def _say(sentence: str, style: str = "", voice: Console = console) -> None:
    """A sentence as it is: names of files may hold brackets, which rich would read as markup."""
    voice.print(Text(sentence, style), soft_wrap=True)


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


def main() -> None:
    """Run a command; what is refused is one sentence and exit code 2."""
    try:
        app()
    except Refusal as refusal:
        _say(str(refusal), "red", Console(stderr=True))
        sys.exit(2)
