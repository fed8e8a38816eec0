"""What all commands share: options, how words become numbers, and how sentences are said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from installation import images
from installation.machine.settings import Settings

console = Console()
THUMB_LINES = 5
SPEED_OVER = 600.0  # seconds over which the time left is reckoned: a large model takes a minute for one generation
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

Config = Annotated[Path | None, typer.Option("--config", help="machine.toml; see deploy/machine.toml.", dir_okay=False)]
State = Annotated[Path | None, typer.Option("--state", help="Where takes, checkpoints and logs live.", file_okay=False)]


def group(help_: str, name: str | None = None) -> typer.Typer:
    """A group of commands that looks like all others."""
    return typer.Typer(
        name=name, help=help_, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )


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


def given(**options: Any) -> dict[str, Any]:
    """Only what was said on the command line: what was not leaves the file's word standing."""
    return {name: value for name, value in options.items() if value is not None and value != {}}


def say(sentence: str, style: str = "", voice: Console = console) -> None:
    """A sentence as it is: names of files may hold brackets, which rich would read as markup."""
    voice.print(Text(sentence, style), soft_wrap=True)


def progress_bar(voice: Console = console) -> Progress:
    """A line that fills, with the time left."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=voice, speed_estimate_period=SPEED_OVER)


def thumbnail(picture: Path) -> Text:
    """A picture in the terminal, 10 x 10 colours in five lines of half blocks; nothing of one that cannot be read."""
    try:
        pixels = images.load(picture, 2 * THUMB_LINES, 2 * THUMB_LINES)
    except images.ImageError:
        return Text()
    lines = Text(no_wrap=True)
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        for above, below in zip(upper, lower, strict=True):
            colours = (f"rgb({','.join(map(str, colour))})" for colour in (above, below))
            lines.append("\N{UPPER HALF BLOCK}", " on ".join(colours))
        lines.append("\n")
    return lines


def find_take(name: str, settings: Settings) -> Any:
    """A take by its name, its folder, or the last one. Raises ``TakeError``."""
    from installation.recording import takes

    if Path(name).is_dir():
        return takes.load(Path(name).resolve())
    known = takes.all_takes(settings.state)
    if name == "last" and known:
        return max(known, key=lambda take: take.name)
    if not known:
        raise takes.TakeError(f"No takes in {settings.state}. Record one: burntout run --record")
    return takes.load(settings.state / takes.FOLDER / Path(name).name)  # a name: it leads nowhere else
