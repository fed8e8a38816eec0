"""Answers: who may see and do what below /console, what is refused in which words, and what a page says in JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from installation.console import origins
from installation.control.packets import PacketError
from installation.errors import Refusal
from installation.web.guard import is_upgrade

if TYPE_CHECKING:
    from aiohttp import web

    from installation.console.entrance import Entrance

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


def for_players(app: web.Application, entrance: Entrance, path: str, handler: Handler) -> None:
    """A thing that only players may do, from our own page."""

    async def asked(request: web.Request) -> web.StreamResponse:
        entrance.require_player(request)
        return await handler(request)

    app.router.add_post(path, said(asked))


def said(handler: Handler) -> Handler:
    """What is refused is answered with its sentence, for the page to show."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except PacketError:
            raise  # the guard counts these
        except Refusal as refusal:
            return to_json({"refused": str(refusal)}, 422)

    return answered


def seen(entrance: Entrance, handler: Handler) -> Handler:
    """A thing that only players may see."""

    async def asked(request: web.Request) -> web.StreamResponse:
        if entrance.role(request) != "player":
            raise PacketError("not allowed", "Visitors look on. Say the passcode to see this.")
        return await handler(request)

    return said(asked)


def socket(handler: Handler) -> Handler:
    """Where only a WebSocket is spoken."""

    async def asked(request: web.Request) -> web.StreamResponse:
        if not is_upgrade(request):
            raise PacketError("stream", "Here is a WebSocket.")
        return await handler(request)

    return asked


async def nothing(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - whatever was asked
    """Whatever else is below /console is nobody's: OSCQuery, which has every other address, asks for a passcode."""
    from aiohttp import web

    return web.Response(status=404, text="The console has nothing there.\n")


async def read(request: web.Request, most: int) -> bytes:
    """The body, if it is not larger than that. Raises ``OriginError``."""
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > most:
            raise origins.OriginError(f"That is more than {most // 2**20} MiB. Make the picture smaller first.")
    return bytes(data)


async def told(request: web.Request) -> Mapping[str, Any]:
    """What a page says in JSON; nothing for anything else."""
    try:
        found = json.loads(await request.text())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text(found: Mapping[str, Any], key: str) -> str:
    """A text that was told; "" for anything else."""
    value = found.get(key)
    return value if isinstance(value, str) else ""


def to_json(found: Any, status: int = 200) -> web.Response:
    """An answer in JSON."""
    from aiohttp import web

    return web.json_response(found, status=status)
