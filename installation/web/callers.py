"""Who speaks to us over the web: a caller with one request, or a listener at a WebSocket that stays."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from installation.control.packets import PacketError, unwrap
from installation.control.peers import is_here

if TYPE_CHECKING:
    from aiohttp import web

    from installation.control.subscriptions import Route

ANSWERS = (b"/reply/", b"/error")  # to one question each; of everything else the newest word counts
MOST_ANSWERS = 256  # that wait for somebody who does not read
PATIENCE = 10.0  # seconds for somebody to take what was said, before we hang up
OURS = "osc ws "  # how the sources of listeners begin
PAGE = "console "  # and those of pages
FORWARDED = "X-Forwarded-For"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a request, by address and port on the network."""

    host: str
    port: int

    @property
    def source(self) -> str:
        """Who it is, as the log says it."""
        return f"http {self.host}:{self.port}"

    def say(self, packet: bytes) -> bool:  # noqa: ARG002 - HTTP answers once, in its own way
        """Nothing can be said to a caller besides the answer."""
        return False

    def to(self, port: int) -> Route:  # noqa: ARG002 - it has one port only
        """The same caller."""
        return self


def caller(request: web.Request) -> Caller:
    """Who sends a request: behind a proxy on this machine, whoever the proxy names last.

    Raises ``PacketError`` where a proxy names nobody that can be understood.
    """
    peer = request.transport.get_extra_info("peername") if request.transport else None
    host, port = (str(peer[0]), int(peer[1])) if peer else ("127.0.0.1", 0)
    if is_here(host) and FORWARDED in request.headers:
        host = _last(request.headers.getall(FORWARDED))
    return Caller(host, port)


def _last(forwarded: list[str]) -> str:
    named = forwarded[-1].rpartition(",")[2].strip()
    try:
        return str(ip_address(named))
    except ValueError as error:
        raise PacketError("request", f"A proxy says that {named[:60]!r} asks; that is no address.") from error


class Listener:
    """One WebSocket and the way back to it. Belongs to the server's thread.

    What it has not taken waits, of each address the newest value only: a slow listener is late by one value, not by a
    minute, and costs as much memory as there are addresses.
    """

    def __init__(self, who: Caller) -> None:
        """``who`` opened it."""
        self.host, self.source = who.host, f"{OURS}{who.host}:{who.port}"
        self._values: dict[bytes, bytes] = {}
        self._answers: deque[bytes] = deque()
        self._texts: dict[str, None] = {}
        self._waiting = asyncio.Event()

    def say(self, packet: bytes) -> bool:
        """Leave a packet, message by message: most clients read one from a frame. False for one answer too many."""
        for part in unwrap(packet):
            if part.data.startswith(ANSWERS):
                if len(self._answers) >= MOST_ANSWERS:
                    return False
                self._answers.append(part.data)
            else:
                self._values[part.data.partition(b"\0")[0]] = part.data
        self._waiting.set()
        return True

    def tell(self, told: dict[str, Any]) -> None:
        """Leave a text of JSON; of two that are the same the second is enough."""
        text = json.dumps(told)
        self._texts.pop(text, None)
        self._texts[text] = None
        self._waiting.set()

    def to(self, port: int) -> Route:  # noqa: ARG002 - a connection has one port only
        """The same connection."""
        return self

    async def speak(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        """Send what was left, until cancelled; hang up on somebody who takes nothing for ten seconds."""
        with contextlib.suppress(ConnectionError):  # gone: whoever reads from it sees that too
            while await self._waiting.wait():
                self._waiting.clear()
                try:
                    async with asyncio.timeout(PATIENCE):
                        await self._send(socket)
                except TimeoutError:
                    transport.abort()
                    return

    async def _send(self, socket: web.WebSocketResponse) -> None:
        while self._texts:
            await socket.send_str(_pop_first(self._texts)[0])
        while self._answers:
            await socket.send_bytes(self._answers.popleft())
        while self._values:
            await socket.send_bytes(_pop_first(self._values)[1])


def _pop_first(waiting: dict[Any, Any]) -> tuple[Any, Any]:
    key = next(iter(waiting))
    return key, waiting.pop(key)
