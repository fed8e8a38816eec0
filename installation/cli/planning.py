"""Planning: programme and cues. What a plan wants at one instant, until when, and its week; what a go will do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from installation import melting
from installation.cli.playing import SceneName, find_scene
from installation.cli.voice import Config, console, group, say
from installation.cues import NO_CUES, Cue
from installation.errors import Refusal
from installation.machine import settings as settings_
from installation.machine.files import share
from installation.panels import all_knobs
from installation.programme import exceptions, plan
from installation.programme.chores import next_time
from installation.programme.hours import Desired, Programme, desired_state, hours_of, next_change, plays_of, reason
from installation.programme.times import clock

app = group("Plan the piece.")
HORIZON = 32  # days


class MomentError(Refusal):
    """A moment on the command line that is none."""


@app.command()
def programme(
    file: Annotated[Path | None, typer.Argument(help="programme.toml; without one the doors are always open.")] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="2027-03-28T02:30", help="When, as the clock on the wall shows it; default: now."),
    ] = None,
    *,
    week: Annotated[bool, typer.Option("--week", help="The seven days from then on, as a table.")] = False,
    config: Config = None,
) -> None:
    """Say what a plan wants at a moment, and until when. Nothing is played.

    For example: burntout programme deploy/programme.toml --at 2027-03-28T02:30 --week
    """
    known = sorted(path.stem for path in share("scenes").glob("*.toml"))
    settings = settings_.load(config)
    found = plan.load(file, known, settings.zone, settings.state / exceptions.NAME)
    shown = moments(at, found)
    for now in shown:
        say(f"{spoken(now, found)}: {wanted(desired_state(now, found))} {until(now, found)}")
    if week:
        console.print(_week(shown[0].astimezone(found.zone).date(), found))
        _say_chores(shown[0], found)


@app.command("cues")
def list_cues(scene: SceneName) -> None:
    """List the cues of a scene: what each goes to, how fast, and what follows by itself."""
    found = find_scene(scene, settings_.load(None).state / melting.NAME)
    if not found.cues:
        say(f"{found.name}: {NO_CUES}")
        return
    table = Table("cue", "name", Column("goes to", no_wrap=True), "fade", "then", box=None)
    for cue in found.cues:
        fade = f"{cue.fade:g} s, {cue.curve}" + (f", {cue.pre_wait:g} s later" if cue.pre_wait else "")
        table.add_row(cue.number, Text(cue.name), Text(_goal(cue)), fade, _then(cue))
    console.print(table)


def _goal(cue: Cue) -> str:
    """What a cue loads, says and turns, one below the other."""
    said = [f"scene {cue.scene}"] if cue.scene else []
    said += [f"prompt {cue.prompt!r}"] if cue.prompt is not None else []
    knobs = all_knobs()
    shown = {address: knobs[address].show(value) for address, value in cue.values.items()}
    return "\n".join([*said, *(f"{address} {value}" for address, value in shown.items())])


def _then(cue: Cue) -> str:
    if cue.follow == "none":
        return ""
    after = f" after {cue.post_wait:g} s" if cue.post_wait else ""
    return f"{cue.follow}{after}"


def moments(text: str | None, found: Programme) -> list[datetime]:
    """The instants at which the wall shows a time: two in a repeated hour; in an hour left out, as much after the jump.

    Raises ``MomentError`` for what is no date and time.
    """
    if text is None:
        return [datetime.now(UTC)]
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise MomentError(f"--at takes a date and a time like 2027-03-28T02:30, not {text!r}.") from None
    if given.tzinfo is not None:
        return [given]
    first, second = (given.replace(tzinfo=found.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(found.zone).replace(tzinfo=None) != given:
        say(
            f"The clock on the wall never shows {given:%H:%M} on {given:%d %B %Y}: it jumps ahead that night.", "yellow"
        )
        return [first]
    return [first] if first == second else [first, second]


def spoken(now: datetime, found: Programme) -> str:
    """An instant as the wall of the house shows it."""
    return f"{now.astimezone(found.zone):%A %d %B %Y, %H:%M} {now.astimezone(found.zone).tzname()}"


def wanted(state: Desired) -> str:
    """What is wanted, in words."""
    if not state.open:
        return "closed, black on purpose"
    return f"open, {state.scene}" if state.scene else "open, whatever is playing"


def until(now: datetime, found: Programme) -> str:
    """Until when that holds, and what comes then; what changes behind closed doors nobody sees."""
    now_wanted, change = wanted(desired_state(now, found)), next_change(now, found, HORIZON)
    while change is not None and change - now < timedelta(days=HORIZON):
        if (then := wanted(desired_state(change, found))) != now_wanted:
            return f"until {spoken(change, found)} ({then})"
        change = next_change(change, found, HORIZON)
    return f"for the next {HORIZON} days at least"


def _week(first: date, found: Programme) -> Table:
    table = Table(Column("day", no_wrap=True), "open", "plays", "because", box=None)
    for day in (first + timedelta(days=count) for count in range(7)):
        hours = ", ".join(
            f"{clock(start)}-{clock(end) if end % 1440 else '24:00'}" for start, end in hours_of(day, found)
        )
        plays = "\n".join(f"{clock(minutes)} {play.scene}" for minutes, play in plays_of(day, found))
        table.add_row(f"{day:%a %d %b %Y}", hours or "closed", plays, reason(day, found))
    return table


def _say_chores(now: datetime, found: Programme) -> None:
    for name in plan.CHORES:
        if (minutes := getattr(found.chores, name)) is not None:
            say(f"chore {name}: next on {spoken(next_time(now, minutes, found.zone), found)}")
    if found.chores.closing:
        say("chore export: after every closing of the doors")
