"""A projector for tests: PJLink class 1 and 2 as specified, on a real socket, with a lamp that takes its time."""

import asyncio
import contextlib
import hashlib
import queue
import threading
from dataclasses import dataclass, field

SALT = "498e4a67"


@dataclass
class Projector:
    """A lamp and what was said to it. ``finish`` ends warming or cooling; ``busy`` refuses to switch (ERR3)."""

    password: str | None = None
    pjclass: int = 1
    power: str = "0"
    faults: str = "000000"
    busy: bool = False
    heard: list[str] = field(default_factory=list)
    visits: int = 0
    open_lines: int = 0

    def finish(self):
        self.power = {"2": "0", "3": "1"}.get(self.power, self.power)

    def commands(self):
        return [line for line in self.heard if line in {"%1POWR 1", "%1POWR 0"}]

    async def meet(self, reader, writer):
        self.visits += 1
        self.open_lines += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self.talk(reader, writer)
        finally:
            self.open_lines -= 1
            writer.close()

    async def talk(self, reader, writer):
        writer.write(b"PJLINK 0\r" if self.password is None else f"PJLINK 1 {SALT}\r".encode())
        seal = hashlib.md5(f"{SALT}{self.password}".encode()).hexdigest() if self.password else ""  # noqa: S324 - PJLink's own
        while True:
            line = (await reader.readuntil(b"\r")).decode()[:-1]
            if not line.startswith(seal):
                writer.write(b"PJLINK ERRA\r")
                return
            self.heard.append(line[len(seal) :])
            writer.write(f"{self.answer(line[len(seal) :])}\r".encode())
            seal = ""

    def answer(self, line):
        head, _, parameter = line.partition(" ")
        version, command = head[1:2], head[2:]
        known = {"POWR": self.power, "ERST": self.faults, "CLSS": str(self.pjclass), "FREZ": "0"}
        if int(version) > self.pjclass or command not in known or (command == "FREZ" and version == "1"):
            return f"{head}=ERR1"
        if parameter == "?":
            return f"{head}={known[command]}"
        if command != "POWR" or parameter not in {"0", "1"}:
            return f"{head}=ERR2"
        if self.busy or self.power in {"2", "3"}:
            return f"{head}=ERR3"
        self.power = {"0": "2", "1": "3"}[parameter] if (parameter == "1") != (self.power == "1") else self.power
        return f"{head}=OK"


@dataclass
class Babbler(Projector):
    """Answers nonsense: always this."""

    babble: bytes = b"\xff\xfe\r"

    async def talk(self, reader, writer):
        writer.write(self.babble)
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(), 5)


@dataclass
class Mute(Projector):
    """Takes the line and never says a word."""

    async def talk(self, reader, _):
        await reader.read()


@contextlib.contextmanager
def switched_on(projector):
    """The projector on a free port of this machine, in a thread of its own; gives host:port."""
    born: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = queue.Queue()

    async def serve():
        server, switched_off = await asyncio.start_server(projector.meet, "127.0.0.1", 0), asyncio.Event()
        born.put((asyncio.get_running_loop(), switched_off, server.sockets[0].getsockname()[1]))
        await switched_off.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop, switched_off, port = born.get(timeout=10)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(switched_off.set)
        thread.join(10.0)
