"""The live picture: encoded once for all who want it in one size, and each viewer gets the newest when it is ready.

A viewer says ``next`` when it has drawn a picture, and hears no other before: so a slow one costs neither memory nor
time, and is late by one picture at most. The stage draws nothing while nobody watches.
"""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from PIL import Image as Pillow

from installation.stage.onlookers import LONGEST, RATE

if TYPE_CHECKING:
    from aiohttp import web

    from installation.machine.ring import Ring
    from installation.records import Pixels

WIDTHS = (240, 480, LONGEST)  # pixels across that may be asked for
QUALITY = 80
PATIENCE = 10.0  # seconds for somebody to take a picture, or to ask for the next
LONGEST_WAIT = 2.0  # seconds for a picture
MOST_VIEWERS = 64
EVERY = 0.5 / RATE  # seconds between two looks at the ring


class Feed:
    """Owns the pictures that were encoded from the ring's newest. Belongs to the server's thread, but for its ring."""

    def __init__(self) -> None:
        """Nobody watches."""
        self.ring: Ring | None = None
        self.viewers = 0
        self._packed: dict[int, tuple[int, asyncio.Future[bytes]]] = {}

    @property
    def is_watched(self) -> bool:
        """Whether anybody wants pictures; any thread may ask."""
        return self.viewers > 0

    async def newer(self, serial: int, width: int) -> tuple[int, bytes]:
        """The first picture after ``serial``, as its own serial and a JPEG so many pixels across.

        Nothing (b"") where none has come for two seconds: the stage is being reborn.
        """
        if self.ring is None or not await self._comes(self.ring, serial):
            return serial, b""
        newest = self.ring.newest
        done, packed = self._packed.get(width, (0, None))
        if packed is None or done < newest:
            done, packed = newest, asyncio.ensure_future(asyncio.to_thread(self._pack, width))
            self._packed[width] = done, packed
        return done, await asyncio.shield(packed)

    @staticmethod
    async def _comes(ring: Ring, serial: int) -> bool:
        for _ in range(int(LONGEST_WAIT / EVERY)):
            if ring.newest > serial:
                return True
            await asyncio.sleep(EVERY)
        return False

    def _pack(self, width: int) -> bytes:
        frame = self.ring.latest() if self.ring else None
        return jpeg(frame.pixels, width) if frame else b""


def jpeg(pixels: Pixels, width: int) -> bytes:
    """H x W x 3 uint8 sRGB as a JPEG, at most ``width`` pixels across."""
    picture = Pillow.fromarray(pixels)
    if picture.width > width:
        picture = picture.resize((width, max(round(picture.height * width / picture.width), 1)), Pillow.Resampling.BOX)
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=QUALITY)
    return packed.getvalue()


def wide_enough(wanted: int) -> int:
    """The smallest width there is that is no smaller than what is wanted (pixels); else the largest."""
    return next((width for width in WIDTHS if width >= wanted), WIDTHS[-1])


async def show(feed: Feed, request: web.Request) -> web.WebSocketResponse:
    """Serve one viewer until it leaves. It says how many pixels it has across, and then that again for each picture."""
    from aiohttp import web

    socket = web.WebSocketResponse(heartbeat=PATIENCE, max_msg_size=64, compress=False)
    await socket.prepare(request)
    if feed.viewers >= MOST_VIEWERS:
        await socket.close(code=1013, message=b"Too many watch already.")
        return socket
    feed.viewers += 1
    try:
        await _serve(feed, socket)
    except (TimeoutError, ConnectionError):
        if request.transport:
            request.transport.abort()
    finally:
        feed.viewers -= 1
    return socket


async def _serve(feed: Feed, socket: web.WebSocketResponse) -> None:
    serial = 0
    async for message in socket:
        wanted = str(message.data)
        if not (wanted.isascii() and wanted.isdigit()):
            await socket.close(code=1003, message=b"Say how many pixels across.")
            return
        serial, picture = await feed.newer(serial, wide_enough(int(wanted)))
        async with asyncio.timeout(PATIENCE):
            await socket.send_bytes(picture)
