"""The talk with the pages: they hear what changes ten times a second, and ask for things as OSC's peers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from installation.console import declarations, planning, surroundings, wellbeing
from installation.console.surroundings import Surroundings
from installation.console.viewers import Viewer
from installation.control.packets import PacketError, encode
from installation.controllers.surface import AT_HAND
from installation.errors import Refusal
from installation.stage.drawing import drawn
from installation.web.callers import caller

if TYPE_CHECKING:
    from aiohttp import web

    from installation.console.entrance import Entrance
    from installation.console.guest import Console
    from installation.console.library import Library
    from installation.programme.hours import Programme
    from installation.web.door import WebDoor

EVERY = 0.1  # seconds between two looks at the values
PIECE_EVERY, AROUND_EVERY = 5, 50  # looks between two at the piece, and at disk and calendar
MOST_VIEWERS = 64
LARGEST = 4096  # bytes of one wish
ALIVE_EVERY = 15.0  # seconds between two pings


class Talk:
    """Owns the pages that are open. Belongs to the server's thread."""

    def __init__(self, door: WebDoor, console: Console, entrance: Entrance, library: Library) -> None:
        """Nobody has opened a page."""
        self._door, self._console, self._entrance, self._library = door, console, entrance, library
        self._viewers: dict[str, Viewer] = {}
        self._told: dict[str, Mapping[str, Any]] = {}
        self._piece: dict[str, Any] = {}
        self._machine: dict[str, Any] = {}
        self._around: Surroundings | None = None
        self._plan: dict[str, Any] = {}
        self._followed: Programme | None = None

    # ------------------------------------------------------------------ one page

    async def hold(self, request: web.Request) -> web.StreamResponse:
        """Talk with one page until it is closed. Raises ``PacketError`` where too many are open."""
        from aiohttp import web

        if len(self._viewers) >= MOST_VIEWERS:
            raise PacketError("rate", f"{MOST_VIEWERS} pages are open already. Try again in a minute.")
        viewer = Viewer(caller(request), self._entrance.role(request))
        socket = web.WebSocketResponse(heartbeat=ALIVE_EVERY, max_msg_size=LARGEST, compress=False)
        await socket.prepare(request)
        if request.transport is None:  # gone while we answered
            return socket
        self._greet(viewer)
        speaking = asyncio.create_task(viewer.speak(socket, request.transport))
        try:
            async for message in socket:
                if isinstance(message.data, str):
                    self._obey(message.data, viewer)
        finally:
            speaking.cancel()
            del self._viewers[viewer.source]
            self._door.porter.forget(viewer.source)
        return socket

    def _greet(self, viewer: Viewer) -> None:
        """Everything a page needs to draw itself, and where everything stands."""
        self._viewers[viewer.source] = viewer
        hello: dict[str, Any] = {"role": viewer.role, "passcode": self._entrance.has_passcode}
        hello["readings"] = declarations.readings()
        if viewer.role == "player":
            self._door.porter.welcome(viewer)
            hello |= {"knobs": declarations.knobs(self._console.house.knobs), "atHand": AT_HAND}
            for kind, told in self._told.items():
                viewer.tell(kind, told)
            viewer.tell("machine", self._machine)
        viewer.tell("hello", hello)
        viewer.tell("scene", declarations.scene(self._console.hands.scene))
        viewer.tell("piece", self._piece)

    def _obey(self, text: str, viewer: Viewer) -> None:
        """``["/address", argument, …]``: what a player wants is read by the porter, like all that comes over OSC."""
        porter = self._door.porter
        if viewer.role != "player":
            porter.refuse(viewer, "not allowed", "Visitors look on. Say the passcode to play.", "/console")
            return
        try:
            address, *arguments = _wish(text)
            packet = encode(address, arguments)
        except Refusal as refusal:
            porter.refuse(viewer, "wish", str(refusal), "/console")
            return
        porter.take(packet, viewer)

    # ------------------------------------------------------------------ all pages

    async def telling(self, _: web.Application) -> AsyncIterator[None]:
        """As long as the application runs, pages hear what changes."""
        task = asyncio.create_task(self._tell())
        yield
        task.cancel()

    async def _tell(self) -> None:
        look = 0
        while True:
            self._tell_values()
            if look % AROUND_EVERY == 0 or self._console.house.programme is not self._followed:
                await asyncio.to_thread(self._look_around)
            self._tell_news("plan", self._plan)
            self._tell_news("library", self._library.told())
            if look % PIECE_EVERY == 0:
                self._tell_piece()
            look += 1
            await asyncio.sleep(EVERY)

    def _tell_values(self) -> None:
        """To players, what has moved and who moved it, and where the projectors' corners stand."""
        hands, values = self._console.hands, self._door.porter.subscriptions.values
        knobs = self._console.house.knobs
        standing = {at: value for at, value in values.items() if at in knobs or at.startswith("/cue/")}
        self._spread("values", standing)
        self._spread("rules", {address: hands.rules.get(address, "") for address in knobs})
        self._spread("turned", {address: [each.source, each.at] for address, each in hands.turned.items()})
        corners = drawn(self._console.house.wires.corners)
        self._spread("corners", {str(number): each for number, each in enumerate(corners, 1)})

    def _spread(self, kind: str, now: Mapping[str, Any]) -> None:
        before, self._told[kind] = self._told.get(kind, {}), now
        if news := {key: value for key, value in now.items() if key not in before or before[key] != value}:
            self._to_players(kind, news)

    def _tell_news(self, kind: str, now: Mapping[str, Any]) -> None:
        """To players, where it is another than before."""
        if self._told.get(kind) != now:
            self._told[kind] = now
            self._to_players(kind, now)

    def _tell_piece(self) -> None:
        """To all how the piece is; to players how the machine is; and what plays, where that has changed."""
        if (seen := self._door.glance) is None:
            return
        self._piece = {**wellbeing.piece(seen), "until": self._around.until if self._around else None}
        self._machine = wellbeing.machine(seen, self._around, self._console.faults.last(), wellbeing.clock())
        scene = declarations.scene(self._console.hands.scene)
        changed, self._told["scene"] = self._told.get("scene") != scene, scene
        for viewer in self._viewers.values():
            viewer.tell("piece", self._piece)
            if changed:
                viewer.tell("scene", scene)
        self._to_players("machine", self._machine)

    def _to_players(self, kind: str, news: Any) -> None:
        for viewer in self._viewers.values():
            if viewer.role == "player":
                viewer.tell(kind, news)

    def _look_around(self) -> None:
        house, now = self._console.house, surroundings.utc_now()
        self._followed = house.programme
        self._around = surroundings.look(house.settings.state, self._followed, now)
        self._plan = planning.told(self._followed, house.settings.state, now)
        self._library.look()


def _wish(text: str) -> list[Any]:
    """A list with an address and plain arguments. Raises ``PacketError`` for anything else, however deep it nests."""
    try:
        wish = json.loads(text)
    except (ValueError, RecursionError):
        wish = None
    plain = isinstance(wish, list) and wish and all(isinstance(each, str | int | float | bool) for each in wish)
    if not plain or not isinstance(wish[0], str):
        raise PacketError("wish", 'The console takes lists: ["/address", argument, …].')
    return list(wish)
