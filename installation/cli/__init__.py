"""The command line: ``burntout``. Each command turns words into records, calls one room, and says what came of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from installation import __version__
from installation.cli import collapsing, editions, measuring, models, planning, playing, publishing, training
from installation.cli.voice import console, group, say
from installation.errors import Refusal

app = group("Burn images into noise, regenerate them, and watch them forget.", "burntout")
for commands in (playing, planning, publishing, editions, measuring):
    app.add_typer(commands.app)
app.add_typer(models.app, name="models")
app.add_typer(training.app, name="train")
app.add_typer(collapsing.app, name="collapse")


@app.callback(invoke_without_command=True)
def burntout(*, version: Annotated[bool, typer.Option("--version", help="Say the version and leave.")] = False) -> None:
    """Burn images into noise, regenerate them, and watch them forget."""
    if version:
        console.print(__version__)
        raise typer.Exit


def main() -> None:
    """Run a command; what is refused is one sentence and exit code 2."""
    try:
        app()
    except Refusal as refusal:
        say(str(refusal), "red", Console(stderr=True))
        sys.exit(2)
