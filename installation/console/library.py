"""The library: takes and editions, for players: to look at, play, download, publish, protect and delete."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.console import answers, shelf
from installation.console.entrance import PATH
from installation.console.errand import ErrandError, errand
from installation.console.press import Press, PressError
from installation.recording.takes import FOLDER, Take, TakeError

if TYPE_CHECKING:
    from aiohttp import web

    from installation.console.entrance import Entrance
    from installation.console.guest import Console
    from installation.web.door import WebDoor

log = logging.getLogger(__name__)

GROWS_EVERY = 30.0  # seconds between two looks at how long the take is that is being recorded
CHUNK = 256 * 1024  # bytes of a folder that are sent at once
FRESH = "private, no-cache"  # kept by the browser, and asked for again: an edition may be published anew


def furnish(app: web.Application, entrance: Entrance, library: Library) -> None:
    """Add the routes, and what runs beside them."""
    play = partial(answers.for_players, app, entrance)
    for path, handler in (
        ("takes.json", library.takes),
        ("forms.json", library.forms),
        ("takes/{name}/preview", library.preview),
        ("takes/{name}/editions/{sent}", library.edition),
    ):
        app.router.add_get(f"{PATH}/{path}", answers.seen(entrance, handler))
    play(f"{PATH}/takes/{{name}}/publish", library.publish)
    play(f"{PATH}/takes/{{name}}/protect", library.protect)
    play(f"{PATH}/takes/{{name}}/delete", library.delete)
    play(f"{PATH}/takes/{{name}}/editions/{{sent}}/delete", library.withdraw)
    play(rf"{PATH}/jobs/{{number:\d{{1,9}}}}/cancel", library.cancel)
    app.cleanup_ctx.append(library.press.working)


class Library:
    """What is asked for over HTTP. Whatever takes long is done in threads and processes. Of the server's thread."""

    def __init__(self, door: WebDoor, console: Console) -> None:
        """Nothing is published, and no preview made."""
        settings = console.house.settings
        self.press = Press(settings.state, settings.recording.reserve_bytes)
        self._previews = Previews(settings.state)
        self._state, self._door = settings.state, door
        self._changes = self._seen = 0
        self._listing: tuple[object, asyncio.Future[list[dict[str, Any]]]] | None = None

    def look(self) -> None:
        """Notice takes that came or went without us. Asks the disk: not in the server's thread."""
        with contextlib.suppress(OSError):  # there are none yet
            self._seen = (self._state / FOLDER).stat().st_mtime_ns

    def told(self) -> dict[str, Any]:
        """What pages hear at once: the jobs, and a word that changes with whatever else there is to see."""
        return {"jobs": self.press.told(), "stand": self._stand()}

    # ------------------------------------------------------------------ what players see

    async def takes(self, request: web.Request) -> web.Response:  # noqa: ARG002 - all players see the same
        """Every take. Looked at once for all pages that ask at the same time, and again when something has changed."""
        now = shelf.utc_now()
        stand = self._stand(), int(now / GROWS_EVERY)
        if self._listing is None or self._listing[0] != stand:
            looking = asyncio.to_thread(shelf.listed, self._state, self._running(), now)
            self._listing = stand, asyncio.ensure_future(looking)
        return answers.to_json(await asyncio.shield(self._listing[1]))

    async def forms(self, request: web.Request) -> web.Response:  # noqa: ARG002 - all players see the same
        """What a take can be published as."""
        return answers.to_json(await asyncio.to_thread(shelf.forms))

    async def preview(self, request: web.Request) -> web.StreamResponse:
        """Eight pictures of a take."""
        from aiohttp import web

        take = await self._take(request)
        path = None if take.folder == self._running() else await self._previews.of(take)
        if path is None:
            raise TakeError("Nothing of this take can be shown yet.")
        return web.FileResponse(path, headers={"Cache-Control": FRESH})

    async def edition(self, request: web.Request) -> web.StreamResponse:
        """An edition, or a part of it: browsers that play a film ask for one part after the other."""
        from aiohttp import web

        path = await asyncio.to_thread(shelf.edition, await self._take(request), request.match_info["sent"])
        if path.is_dir():
            return await _packed(request, path)
        return web.FileResponse(path, headers={"Cache-Control": FRESH})

    # ------------------------------------------------------------------ what players do

    async def publish(self, request: web.Request) -> web.Response:
        """Publish a take: ``{"forms": ["h264"]}``."""
        take, wanted = await self._take(request), (await answers.told(request)).get("forms")
        known = {form["name"] for form in await asyncio.to_thread(shelf.forms)}
        if not isinstance(wanted, list) or not wanted or not set(map(str, wanted)) <= known:
            raise PressError("Choose at least one of the forms that are listed.")
        if take.folder == self._running():
            raise PressError("It is still being recorded. Stop the recording first.")
        return answers.to_json({"number": self.press.ask(take, list(dict.fromkeys(wanted))).number})

    async def cancel(self, request: web.Request) -> web.Response:
        """Cancel a job."""
        self.press.cancel(int(request.match_info["number"]))
        return answers.to_json({})

    async def protect(self, request: web.Request) -> web.Response:
        """Protect a take from being deleted, ``{"protected": true}``, or no more."""
        wanted = (await answers.told(request)).get("protected") is True
        await asyncio.to_thread(shelf.protect, await self._take(request), wanted=wanted)
        self._changes += 1
        return answers.to_json({})

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a take with everything that was published of it."""
        take = await self._take(request)
        if take.folder == self._running():
            raise TakeError("It is still being recorded. Stop the recording first.")
        self._require_idle(take)
        await asyncio.to_thread(shelf.delete, take, self._state)
        log.info("Take %s was deleted at the console.", take.name)
        self._changes += 1
        return answers.to_json({})

    async def withdraw(self, request: web.Request) -> web.Response:
        """Delete one edition; the take stays."""
        take, sent = await self._take(request), request.match_info["sent"]
        self._require_idle(take)
        await asyncio.to_thread(shelf.withdraw, take, sent)
        log.info("Edition %s was deleted at the console.", sent)
        self._changes += 1
        return answers.to_json({})

    def _require_idle(self, take: Take) -> None:
        if self.press.is_busy_with(take.name):
            raise TakeError("It is being published. Cancel that first.")

    async def _take(self, request: web.Request) -> Take:
        return await asyncio.to_thread(shelf.find, request.match_info["name"], self._state)

    def _stand(self) -> str:
        return f"{self._running()} {self._changes} {self._seen} {self.press.made}"

    def _running(self) -> Path | None:
        """The folder of the take that is being recorded."""
        return self._door.glance.health.recording if self._door.glance else None


class Previews:
    """Has the small pictures made that are asked for, many in one errand. Belongs to the server's thread."""

    def __init__(self, state: Path) -> None:
        """None is asked for."""
        self._state = state
        self._wanted: dict[str, Path] = {}
        self._blank: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def of(self, take: Take) -> Path | None:
        """The preview of a take, as soon as it is made; None where nothing can be seen."""
        path = shelf.preview(take, self._state)
        while not path.exists():
            if take.name in self._blank:
                return None
            self._wanted[take.name] = take.folder
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._make())
            await asyncio.shield(self._task)
        return path

    async def _make(self) -> None:
        wanted, self._wanted = self._wanted, {}
        into = self._state / shelf.PREVIEWS
        order = {"job": "previews", "folders": [str(folder) for folder in wanted.values()], "into": str(into)}
        made = set()
        try:
            async with contextlib.aclosing(errand(order)) as lines:
                async for line in lines:
                    made.add(line["made"])
        except (ErrandError, OSError) as error:
            log.warning("The takes at the console have no pictures. %s", error)
        self._blank |= wanted.keys() - made


async def _packed(request: web.Request, folder: Path) -> web.StreamResponse:
    """A folder as a tar archive, packed while it is sent: as slowly as whoever asked takes it."""
    from aiohttp import web

    quiet, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    words = ("tar", "--create", "--directory", str(folder.parent), "--", folder.name)
    tar = await asyncio.create_subprocess_exec(*words, stdin=quiet, stdout=pipe, stderr=quiet)
    assert tar.stdout is not None  # noqa: S101 - it is a pipe
    response = web.StreamResponse(headers={"Content-Type": "application/x-tar"})
    try:
        await response.prepare(request)
        while chunk := await tar.stdout.read(CHUNK):
            await response.write(chunk)
        await response.write_eof()
    finally:
        with contextlib.suppress(ProcessLookupError):
            tar.kill()
        await tar.wait()
    return response
