"""OSCQuery over HTTP and WebSocket: the tree to be asked, LISTEN and IGNORE, and OSC packets both ways.

A packet that comes through a WebSocket is read by the porter, like one that comes over UDP or TCP: the same checks, the
same limits, the same answers, and the same count of what each machine was refused.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from installation.control.packets import PacketError
from installation.control.porter import LOOKING_AROUND
from installation.control.reader import LARGEST_PACKET
from installation.control.subscriptions import MOST_SUBSCRIBERS, TELL_EVERY
from installation.web.callers import Listener, caller
from installation.web.guard import is_upgrade
from installation.web.oscquery import QueryError, Tree, changes

if TYPE_CHECKING:
    from aiohttp import web

    from installation.control.osc import News
    from installation.control.porter import Porter
    from installation.web.guard import Guard

ALIVE_EVERY = 15.0  # seconds between two pings; who does not answer within half of that has vanished
WHOLE = 100  # nodes that cost as much to ask for as to look at all values once


class Query:
    """Owns the tree and the listeners. Belongs to the server's thread."""

    def __init__(
        self, porter: Porter, guard: Guard, news: News, tree: Tree, info: Callable[[], dict[str, Any]]
    ) -> None:
        """``news`` is where the tick leaves values; ``info`` gives HOST_INFO."""
        self._porter, self._guard, self._news, self._info = porter, guard, news, info
        self._tree = tree
        self.listeners: dict[str, Listener] = {}

    def furnish(self, app: web.Application) -> None:
        """All addresses that no other room has: this one comes last."""
        app.router.add_get("/{address:.*}", self._get)
        app.cleanup_ctx.append(self._telling)

    def plant(self, tree: Tree) -> None:
        """Take another tree, and tell all who are connected what is different."""
        for told in changes(self._tree, tree):
            for listener in self.listeners.values():
                listener.tell(told)
        self._tree = tree

    # ------------------------------------------------------------------ HTTP

    async def _get(self, request: web.Request) -> web.StreamResponse:
        """A node, an attribute, HOST_INFO, or a WebSocket."""
        if is_upgrade(request):
            return await self._connect(request)
        from aiohttp import web

        try:
            answer = self._answer(request)
        except QueryError as error:
            if error.status == 204:  # noqa: PLR2004 - no content, and thus no sentence
                return web.Response(status=204)
            return web.Response(status=error.status, text=f"{error}\n")
        return web.json_response(answer)

    def _answer(self, request: web.Request) -> dict[str, Any]:
        asked = next(iter(request.query), "")
        if asked == "HOST_INFO":
            return self._info()
        path = request.path.rstrip("/") or "/"
        self._porter.spend_reply(caller(request), LOOKING_AROUND * self._tree.size(path) / WHOLE)
        values = self._porter.subscriptions.values
        return self._tree.ask(path, asked, values) if asked else self._tree.node(path, values)

    # ------------------------------------------------------------------ WebSocket

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        who = caller(request)
        if len(self.listeners) >= MOST_SUBSCRIBERS:
            raise PacketError("rate", f"{MOST_SUBSCRIBERS} listen already. Try again in a minute.")
        has_passcode = self._guard.has_passcode(request, who)
        socket = web.WebSocketResponse(heartbeat=ALIVE_EVERY, max_msg_size=LARGEST_PACKET, compress=False)
        await socket.prepare(request)
        if request.transport is None:  # gone while we answered
            return socket
        listener = Listener(who)
        self.listeners[listener.source] = listener
        if has_passcode:
            self._porter.welcome(listener)
        speaking = asyncio.create_task(listener.speak(socket, request.transport))
        try:
            async for message in socket:
                self._hear(message.data, listener)
        finally:
            speaking.cancel()
            del self.listeners[listener.source]
            self._porter.forget(listener.source)
        return socket

    def _hear(self, data: object, listener: Listener) -> None:
        """A frame: an OSC packet, a wish in JSON, or why nothing more can be read."""
        if isinstance(data, bytes):
            self._porter.take(data, listener)
        elif isinstance(data, str):
            self._obey(data, listener)
        elif isinstance(data, Exception):
            self._porter.cut_off(listener, f"A WebSocket in which nothing can be read any more: {data}.")

    def _obey(self, text: str, listener: Listener) -> None:
        match _wish(text):
            case "LISTEN", str(address):
                self._porter.listen(address, listener)
            case "IGNORE", str(address):
                self._porter.ignore(address, listener)
            case _:
                self._porter.refuse(listener, "wish", "OSCQuery's wishes here are LISTEN and IGNORE, with an address.")

    async def _telling(self, _: web.Application) -> AsyncIterator[None]:
        """As long as the application runs, listeners hear what changes, thirty times a second."""
        telling = asyncio.create_task(self._tell())
        yield
        telling.cancel()

    async def _tell(self) -> None:
        while True:
            self._porter.learn(*self._news.take())
            self._porter.tell()
            await asyncio.sleep(TELL_EVERY)


def _wish(text: str) -> tuple[Any, Any]:
    """COMMAND and DATA of a text of JSON; Nones for anything else, however deep it nests."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None, None
    return (told.get("COMMAND"), told.get("DATA")) if isinstance(told, dict) else (None, None)
