"""A proxy that says of everybody who comes through it that they come from elsewhere."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator

HOST, STRANGER = "127.0.0.1", b"192.0.2.7"  # a documentation address (RFC 5737)


@contextlib.contextmanager
def elsewhere(port: int) -> Iterator[int]:
    """The port of a proxy before the web at ``port``; one request a connection, but for WebSockets."""
    loop, opened = asyncio.new_event_loop(), threading.Event()
    servers: list[asyncio.Server] = []

    async def serve() -> None:
        servers.append(await asyncio.start_server(lambda reader, writer: pass_on(reader, writer, port), HOST, 0))
        opened.set()

    thread = threading.Thread(target=loop.run_forever, name="elsewhere")
    thread.start()
    asyncio.run_coroutine_threadsafe(serve(), loop)
    assert opened.wait(10.0)
    try:
        yield int(servers[0].sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(end(servers[0]), loop).result(10.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10.0)
        loop.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """One connection: its head gets the line that proxies add, everything else goes through as it is."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        head = await reader.readuntil(b"\r\n\r\n")
        head = re.sub(rb"(?i)connection: keep-alive", b"Connection: close", head)
        there, back = await asyncio.open_connection(HOST, port)
        back.write(head[:-2] + b"X-Forwarded-For: " + STRANGER + b"\r\n\r\n")
        with contextlib.closing(back), contextlib.closing(writer):
            await asyncio.gather(pump(reader, back), pump(there, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from one end to the other, and that it has ended."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


async def end(server: asyncio.Server) -> None:
    """Let go of whoever is still connected."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
