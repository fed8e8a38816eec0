"""The plan of the house on the console: the week, what is wanted now, and the exceptions that an operator makes.

What an operator wants is read by the parser of programme.toml before it counts, and counts at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.console import answers
from installation.console.entrance import PATH
from installation.machine.files import share
from installation.programme import exceptions, hours, plan
from installation.programme.exceptions import OtherHours
from installation.programme.hours import Programme
from installation.programme.times import ProgrammeError

if TYPE_CHECKING:
    from aiohttp import web

    from installation.console.entrance import Entrance
    from installation.console.guest import Console
    from installation.machine.settings import Settings

WEEK = 7  # days

Change = Callable[[tuple[OtherHours, ...]], tuple[OtherHours, ...]]


def furnish(app: web.Application, entrance: Entrance, planning: Planning) -> None:
    """Add the routes."""
    for path, handler in (("add", planning.add), ("remove", planning.remove), ("undo", planning.undo)):
        answers.for_players(app, entrance, f"{PATH}/exceptions/{path}", handler)


class Planning:
    """What operators change of the plan, one after the other: the last one wins. Belongs to the server's thread."""

    def __init__(self, console: Console) -> None:
        """Nothing is read yet."""
        self._console = console
        self._turn = asyncio.Lock()

    async def add(self, request: web.Request) -> web.Response:
        """Make an exception: ``{"first": "2026-12-24", "last": …, "hours": "10:00-13:00", "name": …}``."""
        new = wished(await answers.told(request))
        return await self._change(lambda settings, now: change(settings, now, lambda all_: exceptions.added(all_, new)))

    async def remove(self, request: web.Request) -> web.Response:
        """Take away the exception that begins on ``{"first": …}``."""
        first = _day(answers.text(await answers.told(request), "first"))
        return await self._change(
            lambda settings, now: change(settings, now, lambda all_: exceptions.removed(all_, first))
        )

    async def undo(self, request: web.Request) -> web.Response:  # noqa: ARG002 - there is one last change
        """Take back the last change, whoever made it."""
        return await self._change(undo)

    async def _change(self, do: Callable[[Settings, Programme], Programme]) -> web.Response:
        house = self._console.house
        if house.programme is None:
            raise ProgrammeError("The piece plays without a programme. Start it with --programme programme.toml.")
        async with self._turn:
            self._console.plan(await asyncio.to_thread(do, house.settings, house.programme))
        return answers.to_json({})


def change(settings: Settings, now: Programme, do: Change) -> Programme:
    """Change the exceptions and return the plan that follows. Raises ``ProgrammeError``, and nothing was changed."""
    path = settings.state / exceptions.NAME
    found = do(exceptions.read(path))
    following = _following(settings, now, found)
    exceptions.save(path, found)
    return following


def undo(settings: Settings, now: Programme) -> Programme:
    """Let the exceptions be what they were before the last change. Raises ``ProgrammeError``."""
    path = settings.state / exceptions.NAME
    following = _following(settings, now, exceptions.before(path))
    exceptions.take_back(path)
    return following


def _following(settings: Settings, now: Programme, found: tuple[OtherHours, ...]) -> Programme:
    """The plan with these exceptions; its own file is read again, so that what the curator wrote meanwhile counts."""
    names = sorted(path.stem for path in share("scenes").glob("*.toml"))
    own = plan.load(now.path, names, settings.zone) if now.path else now
    return plan.overruled(own, exceptions.tables(found))


def wished(told: Mapping[str, Any]) -> OtherHours:
    """What a page asks for. Raises ``ProgrammeError`` for what are no dates; hours and name the parser judges."""
    first, last = answers.text(told, "first"), answers.text(told, "last")
    spans = tuple(span.strip() for span in answers.text(told, "hours").split(",") if span.strip())
    return OtherHours(_day(first), _day(last or first), spans, answers.text(told, "name").strip())


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise ProgrammeError(f"A day looks like 2026-12-24, not {said[:40]!r}.") from None


# ---------------------------------------------------------------------------------------------------- what is told


def told(programme: Programme | None, state: Path, now: datetime) -> dict[str, Any]:
    """What the page shows at ``now``, an aware instant: the week, what is wanted, the exceptions. Reads files."""
    if programme is None:
        return {"week": []}
    here, made = now.astimezone(programme.zone), state / exceptions.NAME
    return {
        "week": week(programme, now),
        "minute": here.hour * 60 + here.minute,
        "scene": hours.scene_for(now, programme),
        "exceptions": list(_ahead(programme.path, made, here.date())),
        "undo": exceptions.was_changed(made),
    }


def week(programme: Programme, now: datetime) -> list[dict[str, Any]]:
    """Seven days from today: date, the spans that are open, what plays when, in minutes after midnight, and why."""
    today = now.astimezone(programme.zone).date()
    return [_drawn(today + timedelta(days=ahead), programme) for ahead in range(WEEK)]


def _drawn(day: date, programme: Programme) -> dict[str, Any]:
    return {
        "date": day.isoformat(),
        "open": hours.hours_of(day, programme),
        "plays": [[at, play.scene] for at, play in hours.plays_of(day, programme)],
        "reason": hours.reason(day, programme),
    }


def _ahead(path: Path | None, made: Path, today: date) -> Iterator[dict[str, Any]]:
    """The exceptions that are not over yet, by date; ``here`` are those that were made at a console."""
    both = [(each, file is made) for file in (path, made) for each in _readable(file)]
    for each, here in sorted(both, key=lambda pair: pair[0].first):
        if each.last >= today:
            yield {
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
                "hours": list(each.hours),
                "name": each.name,
                "here": here,
            }


def _readable(path: Path | None) -> tuple[OtherHours, ...]:
    """A file that is being written anew by hand has none for the moment."""
    try:
        return exceptions.read(path)
    except ProgrammeError:
        return ()
