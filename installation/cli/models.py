"""Models: what the piece can play and what lies in the models folder; look one over; get one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from installation.cli.voice import Config, console, group, progress_bar, say
from installation.errors import Refusal
from installation.machine import settings as settings_

app = group("What diffusion models the piece can play, and which are here.")
MARKS = {"good": "[green]good[/]", "note": "[yellow]note[/]", "bad": "[red]bad [/]"}


class FolderError(Refusal):
    """No folder to look for models in."""


@app.callback(invoke_without_command=True, no_args_is_help=False)
def models(
    context: typer.Context,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table, for the README.")] = False,
    config: Config = None,
) -> None:
    """List the families that the piece can play, and the models in [engine] models of machine.toml.

    For example: burntout models --config machine.toml
    """
    if context.invoked_subcommand:
        return
    from installation.models import holdings

    if markdown:
        sys.stdout.write(holdings.markdown())
        return
    _say_families()
    _say_holdings(settings_.load(config).engine.models)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A model's folder, or its name in the models folder.")],
    config: Config = None,
) -> None:
    """Say what of a model's folder is missing, wrong, pickled, or too big for this machine. Nothing of it is run."""
    from installation.models import inspection

    remarks = inspection.inspect(_folder(folder, settings_.load(config).engine.models), inspection.here())
    bad = False
    for remark in remarks:
        console.print(f"{MARKS[remark.grade]}  {escape(remark.sentence)}", highlight=False, soft_wrap=True)
        bad = bad or remark.grade == "bad"
    if bad:
        raise typer.Exit(1)


@app.command()
def add(
    repository: Annotated[str, typer.Argument(metavar="ID", help="On the hub, like stabilityai/sd-turbo.")],
    revision: Annotated[str, typer.Option(help="The commit, all 40 figures and letters of it.")],
    name: Annotated[str | None, typer.Option(help="What it shall be called here; default: the ID's last word.")] = None,
    base: Annotated[str | None, typer.Option(help="For an adapter: the model it belongs to.")] = None,
    config: Config = None,
) -> None:
    """Download a model into the models folder: safetensors only, one commit of it, every file checked. Resumable.

    For example: burntout models add stabilityai/sd-turbo --revision COMMIT --config machine.toml
    """
    from installation.models import hub

    folder = _models(settings_.load(config).engine.models)
    wish = hub.Wish(
        repository,
        revision,
        folder / (name or repository.rpartition("/")[2]),
        _folder(Path(base), folder) if base else None,
    )
    with progress_bar() as progress:
        task = progress.add_task(repository, total=None)
        into = hub.add(wish, lambda come, whole: progress.update(task, completed=come, total=whole))
    say(f"{into} is here. Look it over: burntout models check {into}")


def _models(folder: Path | None) -> Path:
    if folder is None:
        raise FolderError('No models folder. Write models = "/srv/models" under [engine] in machine.toml; --config.')
    return folder


def _folder(named: Path, folder: Path | None) -> Path:
    """A path as it is, a name in the models folder."""
    inside = folder / named if folder and not named.is_dir() else named
    return inside.resolve()


def _say_families() -> None:
    from installation.models import families, holdings

    table = Table(*(Column(head, no_wrap=True) for head in holdings.HEADS[: holdings.NARROW]), box=None)
    for family in families.FAMILIES.values():
        table.add_row(*map(escape, holdings.row(family)[: holdings.NARROW]))
    console.print(table)


def _say_holdings(folder: Path | None) -> None:
    from installation.models import holdings

    if folder is None:
        say('\nNo models folder: write models = "/srv/models" under [engine] in machine.toml, and name that: --config.')
        return
    table = Table("model", "family", "GiB on disk", "GiB wanted", Column("fault", overflow="fold"), box=None)
    for holding in holdings.holdings(folder):
        table.add_row(*map(escape, holdings.told(holding)))
    say(f"\nIn {folder}:" if table.row_count else f"\nNo model in {folder}. burntout models add ID --revision COMMIT")
    if table.row_count:
        console.print(table)
