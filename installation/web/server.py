"""The web server: aiohttp in a thread with an event loop of its own, behind a socket that is bounded.

Whoever starts it waits for nothing: what the tick has to say is left with ``soon``, and what rooms have to say to the
tick they post like everybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from installation.control.peers import is_here
from installation.errors import Refusal

if TYPE_CHECKING:
    from aiohttp import web

#: Adds a room's routes to the application, and what runs beside them (``cleanup_ctx``).
Furnish = Callable[["web.Application"], None]
#: The connections that were taken, as long as they are there.
Lines = weakref.WeakSet[asyncio.Transport]

MOST_CONNECTIONS, MOST_OF_ONE = 256, 32  # in all, and from one machine; this one may have all: a proxy stands here
BACKLOG = 128  # connections that wait to be taken
KEEP_ALIVE = 20.0  # seconds a connection may be silent, also before its first word
LARGEST_REQUEST = 64 * 1024  # bytes; a room that takes more says so itself
PATIENCE = 1.0  # seconds for the thread to leave
GRACE = 0.3  # seconds for an answer that is under way
SILENCE = 60.0  # seconds between two lines about what is no HTTP


log = logging.getLogger(__name__)


class WebError(Refusal):
    """A port that cannot be listened at."""


def listen(host: str, port: int) -> socket.socket:
    """Listen at a host's port over TCP; port 0 lets the system choose. Raises ``WebError`` when it cannot be had."""
    try:
        family, _, _, _, here = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise WebError(f"The web cannot be at {host} ({error}). Set web.host to an address of this machine.") from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(here)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise WebError(
            f"The web cannot be at {host} port {port} ({error.strerror}). End the program that has it, "
            "or choose another port with --web-port."
        ) from error
    listening.setblocking(False)  # noqa: FBT003 - the socket library's own way
    return listening


class Server:
    """Owns a listening socket, a thread and its event loop. All but the rooms themselves may be called by anybody."""

    def __init__(self, listening: socket.socket, furnish: Furnish) -> None:
        """Serve from now on, with the rooms that ``furnish`` adds in the server's thread."""
        self.port = int(listening.getsockname()[1])
        self._listening, self._furnish = listening, furnish
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._complaints = Complaints()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether somebody still serves."""
        return self._thread.is_alive()

    @property
    def malformed(self) -> int:
        """How often something came that is no HTTP."""
        return self._complaints.count

    def soon(self, do: Callable[..., object], *arguments: Any) -> None:
        """Have something done in the server's thread; nothing happens where it has ended."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(do, *arguments)

    def close(self) -> None:
        """Hang up on everybody, within a second."""
        self.soon(self._closing.set)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        with self._listening, asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        from aiohttp import web

        app = web.Application(client_max_size=LARGEST_REQUEST)
        self._furnish(app)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=self._complaints.logger,
            keepalive_timeout=KEEP_ALIVE,
            shutdown_timeout=GRACE,
            handler_cancellation=True,
        )
        await runner.setup()
        taken: Lines = weakref.WeakSet()
        try:
            assert runner.server is not None  # noqa: S101 - setup has made it
            handlers = runner.server
            async with await self._loop.create_server(lambda: Doorman(handlers, taken), sock=self._listening):
                await self._closing.wait()
        finally:
            await runner.cleanup()
            for line in list(taken):  # aiohttp closes them, and asyncio then waits until all is read: perhaps for ever
                line.abort()
            await asyncio.sleep(0)  # the turn of the loop in which they are hung up


class Complaints(logging.Filter):
    """What aiohttp complains of: our own faults with their tracebacks, and of what is no HTTP one line a minute."""

    def __init__(self) -> None:
        """Nothing was complained of yet."""
        super().__init__()
        self.count = 0
        self._quiet_until = -math.inf
        self.logger = logging.Logger(__name__)  # noqa: LOG001 - one of the tree would outlive its server, filters and all
        self.logger.parent = log
        self.logger.setLevel(logging.DEBUG)  # where aiohttp puts the commonest of it
        self.logger.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is passed on; that of a stranger's nonsense becomes a sentence."""
        from aiohttp.http_exceptions import HttpProcessingError

        if not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)):
            return record.levelno >= logging.INFO
        self.count += 1
        if (now := time.monotonic()) < self._quiet_until:
            return False
        self._quiet_until = now + SILENCE
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        record.msg, record.args = f"{record.getMessage()}: no HTTP. %d so far.", (self.count,)
        return True


class Doorman(asyncio.Protocol):
    """Stands at a connection for the moment in which it is taken or hung up on, before a byte of it was read."""

    def __init__(self, handlers: web.Server, taken: Lines) -> None:
        """``handlers`` makes the protocols that speak HTTP, and knows those that are at it; ``taken`` gets its line."""
        self._handlers, self._taken = handlers, taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection on, if there is room."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP
        if not self._has_room(transport):
            transport.abort()
            return
        self._taken.add(transport)
        handler = self._handlers()
        transport.set_protocol(handler)
        handler.connection_made(transport)

    def _has_room(self, transport: asyncio.Transport) -> bool:
        peer = transport.get_extra_info("peername")
        if peer is None:  # it has gone already
            return False
        others = self._handlers.connections
        if is_here(peer[0]):
            return len(others) < MOST_CONNECTIONS
        of_one = sum(each.peername is not None and each.peername[0] == peer[0] for each in others)
        return len(others) < MOST_CONNECTIONS and of_one < MOST_OF_ONE
