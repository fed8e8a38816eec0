"""The room: every address at and below /console, and who may use it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from installation import melting, scenes
from installation.console import answers, declarations, keeping, library, origins, pages, picture, planning
from installation.console.entrance import COOKIE, PATH, Entrance, admit
from installation.console.talk import Talk
from installation.control.packets import PacketError
from installation.machine.files import share
from installation.records import Message
from installation.web.callers import PAGE, caller

if TYPE_CHECKING:
    from aiohttp import web

    from installation.console.guest import Console
    from installation.web.door import WebDoor

THUMB = 192  # pixels a side
KEPT_FOR = 3600  # seconds a browser need not ask for a thumbnail again


def furnish(app: web.Application, door: WebDoor, console: Console) -> None:
    """Add the routes, and what runs beside them."""
    door.guard.leave(PATH)
    entrance = Entrance(console.house.settings.web, door.porter)
    room = Room(door, console, entrance)
    shelves = library.Library(door, console)
    talk = Talk(door, console, entrance, shelves)
    look, play = app.router.add_get, partial(answers.for_players, app, entrance)
    look(PATH, partial(room.file, name="index.html"))
    look(f"{PATH}/page/{{name}}", room.file)
    look(f"{PATH}/talk", answers.socket(talk.hold))
    look(f"{PATH}/picture", answers.socket(partial(picture.show, console.feed)))
    app.router.add_post(f"{PATH}/enter", answers.said(room.enter))
    app.router.add_post(f"{PATH}/leave", answers.said(room.leave))
    look(f"{PATH}/scenes.json", answers.seen(entrance, room.scenes))
    look(f"{PATH}/outputs.json", answers.seen(entrance, room.outputs))
    look(f"{PATH}/scenes/{{name}}.jpg", answers.seen(entrance, room.thumbnail))
    play(f"{PATH}/origin", room.bring)
    play(f"{PATH}/scene", room.keep)
    library.furnish(app, entrance, shelves)
    planning.furnish(app, entrance, planning.Planning(console))
    app.router.add_route("*", f"{PATH}/{{rest:.*}}", answers.nothing)
    app.cleanup_ctx.append(talk.telling)


class Room:
    """What is asked for over HTTP. Whatever takes long is done beside the server's thread."""

    def __init__(self, door: WebDoor, console: Console, entrance: Entrance) -> None:
        """Read the page's files, once."""
        self._door, self._console, self._entrance = door, console, entrance
        self._files = pages.files()
        self._thumbs: dict[tuple[str, int], bytes] = {}
        self._uploading = asyncio.Lock()

    async def file(self, request: web.Request, name: str = "") -> web.StreamResponse:
        """A file of the page, or that the browser's own is still good."""
        from aiohttp import web

        found = self._files.get(name or request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound(text="The console has no such file.\n")
        headers = {**pages.HEADERS, "ETag": f'"{found.tag}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=found.body, content_type=found.type, charset="utf-8", headers=headers)

    # ------------------------------------------------------------------ in and out

    async def enter(self, request: web.Request) -> web.Response:
        """Hear a passcode. A wrong one is told to the page; 401 would have the browser ask in its own words."""
        try:
            token = self._entrance.enter(request, answers.text(await answers.told(request), "passcode"))
        except PacketError as refusal:
            self._door.porter.refuse(caller(request), refusal.cause, str(refusal))
            return answers.to_json({"refused": str(refusal)}, 429 if refusal.cause == "rate" else 403)
        response = answers.to_json({})
        admit(response, request, token)
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """Be a visitor again."""
        self._entrance.leave(request)
        response = answers.to_json({})
        response.del_cookie(COOKIE, path=PATH)
        return response

    # ------------------------------------------------------------------ what players see

    async def scenes(self, request: web.Request) -> web.Response:  # noqa: ARG002 - all players see the same
        """Every scene there is."""
        house = self._console.house
        return answers.to_json(await asyncio.to_thread(declarations.listed, house.settings, house.knobs))

    async def outputs(self, request: web.Request) -> web.Response:  # noqa: ARG002 - all players see the same
        """The projectors and their corners."""
        house = self._console.house
        return answers.to_json(await asyncio.to_thread(declarations.outputs, house.settings, house.wires.corners))

    async def thumbnail(self, request: web.Request) -> web.Response:
        """What a scene begins with, small."""
        from aiohttp import web

        body = await asyncio.to_thread(self._thumbnail, request.match_info["name"])
        headers = {"Cache-Control": f"private, max-age={KEPT_FOR}"}
        return web.Response(body=body, content_type="image/jpeg", headers=headers)

    def _thumbnail(self, name: str) -> bytes:
        state = self._console.house.settings.state
        path = scenes.find(name, share("scenes"), state / scenes.OWN)
        key = name, path.stat().st_mtime_ns
        if key not in self._thumbs:
            scene = scenes.load(path, self._console.house.knobs, share("assets"), measured=state / melting.NAME)
            self._thumbs[key] = origins.thumbnail(scene.origin, THUMB)
        return self._thumbs[key]

    # ------------------------------------------------------------------ what players do

    async def bring(self, request: web.Request) -> web.Response:
        """Take a picture, one at a time, and begin from it."""
        try:
            async with asyncio.timeout(origins.PATIENCE), self._uploading:
                data = await answers.read(request, origins.MOST_BYTES)
                name = await asyncio.to_thread(origins.keep, data, self._console.house.settings.state)
        except TimeoutError:
            raise origins.OriginError("The picture did not arrive in time. Make it smaller, or come nearer.") from None
        self._post(request, "/origin", name)
        return answers.to_json({"name": name})

    async def keep(self, request: web.Request) -> web.Response:
        """Write how the piece stands as a scene."""
        console, title = self._console, answers.text(await answers.told(request), "title")
        house = console.house
        name = await asyncio.to_thread(keeping.keep, title, console.hands, house.knobs, house.settings.state)
        return answers.to_json({"name": name})

    def _post(self, request: web.Request, address: str, *arguments: str) -> None:
        who = caller(request)
        if not self._console.house.post(Message(address, arguments, f"{PAGE}{who.host}:{who.port}")):
            raise PacketError("rate", "Too much waits already.")
