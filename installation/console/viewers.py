"""A viewer: one page that is open somewhere, and what it has not heard yet."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from installation.control.packets import decode
from installation.web.callers import PAGE, Caller

if TYPE_CHECKING:
    from aiohttp import web

    from installation.console.entrance import Role
    from installation.control.subscriptions import Route

PATIENCE = 10.0  # seconds for somebody to take what was said, before we hang up
MOST_REFUSALS = 16  # that wait for somebody who does not read
#: Of these the newest of each address is kept, of others the newest.
KEYED = frozenset({"values", "rules", "turned", "corners"})


class Viewer:
    """Belongs to the server's thread. What waits for it is bounded: the newest of everything, and some refusals."""

    def __init__(self, who: Caller, role: Role) -> None:
        """``who`` opened the page, to play or to look."""
        self.host, self.source, self.role = who.host, f"{PAGE}{who.host}:{who.port}", role
        self._pending: dict[str, Any] = {}
        self._refusals: list[list[str]] = []
        self._waiting = asyncio.Event()

    def tell(self, kind: str, news: Any) -> None:
        """Leave news of a kind, to be said with whatever else waits."""
        if kind in KEYED:
            self._pending.setdefault(kind, {}).update(news)
        else:
            self._pending[kind] = news
        self._waiting.set()

    def say(self, packet: bytes) -> bool:
        """Hear from the porter, as OSC's peers do: here only why something was refused is news."""
        address, arguments = decode(packet)
        if address == "/error" and len(self._refusals) < MOST_REFUSALS:
            self._refusals.append([str(each) for each in arguments])
            self._waiting.set()
        return True

    def to(self, port: int) -> Route:  # noqa: ARG002 - a connection has one port only
        """The same page."""
        return self

    async def speak(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        """Send what was left, until cancelled; hang up on somebody who takes nothing for ten seconds."""
        with contextlib.suppress(ConnectionError):  # gone: whoever reads from it sees that too
            while await self._waiting.wait():
                try:
                    async with asyncio.timeout(PATIENCE):
                        await socket.send_str(self._take())
                except TimeoutError:
                    transport.abort()
                    return

    def _take(self) -> str:
        told = {**self._pending, **({"refused": self._refusals} if self._refusals else {})}
        self._pending, self._refusals = {}, []
        self._waiting.clear()
        return json.dumps(told, ensure_ascii=False)
