"""The reader: a thread that only drains sockets. What it reads waits in a backlog, bounded in number and in bytes."""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from installation.control.sockets import BACKLOG, Sockets
from installation.control.streams import LARGEST, Deframer, StreamError, frame
from installation.control.subscriptions import Route
from installation.control.thinning import Datagram, thinned

LARGEST_PACKET = LARGEST
GLANCE = 0.1  # seconds between two looks at whether the door is to close, and at what could not be sent yet
PATIENCE = 1.0  # seconds for a thread to leave
PER_TURN = 1024  # datagrams in a row before connections have their turn
BREATH = 0.002  # seconds: datagrams that come faster are waited for, as many at once cost little more than one
MOST_JOBS, MOST_BYTES = 8_000, 16 * 2**20  # in the backlog: more would be heard too late to be a gesture
MOST_CONNECTIONS, MOST_OF_ONE = 64, 8  # in all, and from one machine
MOST_SENDERS = 1024  # of datagrams, whose way back is kept
MOST_UNSENT = 256 * 1024  # bytes for somebody who does not listen


class Datagrams:
    """The way back to whoever sent a datagram: through the same socket, so that it comes from our port."""

    __slots__ = ("_address", "_door", "host", "source")

    def __init__(self, door: socket.socket, address: tuple[Any, ...]) -> None:
        """``address`` as the socket gave it; ``source`` is who it is, as messages say it."""
        self._door, self._address = door, address
        self.host, self.source = str(address[0]), f"osc {address[0]}:{address[1]}"

    def say(self, packet: bytes) -> bool:
        """Send, or lose it: UDP promises nothing."""
        try:
            self._door.sendto(packet, self._address)
        except OSError:
            return False
        return True

    def to(self, port: int) -> Route:
        """The same machine at another port."""
        return Datagrams(self._door, (self._address[0], port, *self._address[2:]))


class Connection:
    """One peer over TCP, and the way back to it. Read by the reader's thread, written to by another."""

    def __init__(self, peer: socket.socket, address: tuple[Any, ...]) -> None:
        """A connection that was just taken."""
        peer.setblocking(False)  # noqa: FBT003 - the socket library's own way
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.host, self.source = peer, str(address[0]), f"osc tcp {address[0]}:{address[1]}"
        self.is_open = True
        self._deframer = Deframer()
        self._unsent = b""
        self._lock = threading.Lock()

    def receive(self) -> list[bytes]:
        """The packets that are complete now. Raises ``OSError`` or ``StreamError`` when nothing more will come."""
        data = self.socket.recv(LARGEST_PACKET)
        if not data:
            raise ConnectionResetError("The peer hung up.")
        return self._deframer.feed(data)

    def say(self, packet: bytes) -> bool:
        """Send in the peer's own framing; False when it has not read what was sent before."""
        framing = self._deframer.framing
        if framing is None or not self.is_open:
            return False
        with self._lock:
            if len(self._unsent) + len(packet) > MOST_UNSENT:
                return False
            self._unsent += frame(packet, framing)
            self._flush()
        return True

    def flush(self) -> None:
        """Try again to send what could not be sent."""
        if self._unsent:
            with self._lock:
                self._flush()

    def to(self, port: int) -> Route:  # noqa: ARG002 - a connection has one port only
        """The same connection."""
        return self

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self.is_open = False
            self.socket.close()

    def _flush(self) -> None:
        with contextlib.suppress(OSError):  # full, or gone: reading tells
            while self._unsent and self.is_open:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]


class Porter(Protocol):
    """Who looks at what was read, in another thread."""

    def admits(self, host: str) -> bool:
        """Whether a machine may connect; asked in the reader's thread."""
        ...

    @property
    def faders(self) -> frozenset[bytes]:
        """What the messages begin with of which only the newest value counts."""
        ...

    def take(self, packet: bytes, route: Route, times: int = 1) -> None:
        """Read a packet that stands for so many messages."""
        ...

    def cut_off(self, route: Route, sentence: str) -> None:
        """Count a stream in which nothing could be read any more."""
        ...

    def forget(self, source: str) -> None:
        """A connection has ended."""
        ...


Job = Callable[[], None]


class Backlog:
    """What there is to do for the thread that reads and answers. Nothing here waits but ``take``.

    Where datagrams come faster than they are read the oldest are dropped: of a fader the newest word counts.
    """

    def __init__(self) -> None:
        """Nothing to do."""
        self.dropped = 0
        self._ready = threading.Condition()
        self._jobs: deque[tuple[Job, int]] = deque()
        self._datagrams: deque[tuple[Job, int]] = deque()
        self._bytes = 0

    def put(self, job: Job, size: int = 0) -> None:
        """Leave what must not be lost; whoever leaves much looks first whether it ``is_crowded``."""
        with self._ready:
            self._jobs.append((job, size))
            self._bytes += size
            self._ready.notify()

    def put_datagrams(self, jobs: Iterable[tuple[Job, int]]) -> None:
        """Leave datagrams that came together, each of so many bytes."""
        with self._ready:
            for job, size in jobs:
                self._datagrams.append((job, size))
                self._bytes += size
            while len(self._datagrams) > MOST_JOBS or (self._bytes > MOST_BYTES and self._datagrams):
                self._bytes -= self._datagrams.popleft()[1]
                self.dropped += 1
            self._ready.notify()

    def take(self, most: int, patience: float) -> list[Job]:
        """The oldest that wait, what must not be lost first, after at most so many seconds; perhaps nothing."""
        with self._ready:
            if not (self._jobs or self._datagrams):
                self._ready.wait(patience)
            taken = [*_first(self._jobs, most // 2), *_first(self._datagrams, most // 2)]
            self._bytes -= sum(size for _, size in taken)
        return [job for job, _ in taken]

    @property
    def is_crowded(self) -> bool:
        """Whether streams should be left unread for now: TCP makes its senders wait, and nothing is lost."""
        return len(self._jobs) > MOST_JOBS // 4 or self._bytes > MOST_BYTES // 4


def _first(waiting: deque[tuple[Job, int]], most: int) -> list[tuple[Job, int]]:
    return [waiting.popleft() for _ in range(min(most, len(waiting)))]


class Reader:
    """Owns the sockets, the connections and the thread that reads them."""

    def __init__(self, sockets: Sockets, backlog: Backlog, porter: Porter) -> None:
        """Read from now on, and leave it to the porter by way of the backlog."""
        self.connections: dict[int, Connection] = {}
        self._sockets, self._backlog, self._porter = sockets, backlog, porter
        self._senders: dict[tuple[Any, ...], Datagrams] = {}
        self._closing = threading.Event()
        self._drained = -math.inf
        self._selector = selectors.DefaultSelector()
        self._selector.register(sockets.datagrams, selectors.EVENT_READ, self._drain)
        self._selector.register(sockets.streams, selectors.EVENT_READ, self._accept)
        self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether somebody still reads."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop reading and hang up, within a second."""
        self._closing.set()
        self._thread.join(PATIENCE)
        for connection in self.connections.values():
            connection.close()
        self._selector.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            for key, _ in self._selector.select(GLANCE):
                key.data()
            for connection in self.connections.values():
                connection.flush()

    def _drain(self) -> None:
        """All datagrams that are there; whose port is closed by now comes back as an error and is none of ours."""
        if time.monotonic() - self._drained < BREATH:
            self._closing.wait(BREATH)
        self._drained = time.monotonic()
        came: list[Datagram] = []
        with contextlib.suppress(OSError):
            for _ in range(PER_TURN):
                packet, address = self._sockets.datagrams.recvfrom(LARGEST_PACKET)
                came.append((packet, self._sender(address), 1))
        kept = thinned(came, self._porter.faders)
        self._backlog.put_datagrams((partial(self._porter.take, *each), len(each[0])) for each in kept)

    def _sender(self, address: tuple[Any, ...]) -> Datagrams:
        if address not in self._senders:
            if len(self._senders) >= MOST_SENDERS:
                self._senders.clear()
            self._senders[address] = Datagrams(self._sockets.datagrams, address)
        return self._senders[address]

    def _accept(self) -> None:
        """Everybody who waits; one in a turn would let a crowd fill the queue in which a performer stands."""
        for _ in range(BACKLOG):
            try:
                peer, address = self._sockets.streams.accept()
            except BlockingIOError:
                return
            except OSError:  # no more files may be opened, perhaps; the selector would come back at once
                self._closing.wait(GLANCE)
                return
            if self._has_room(str(address[0])):
                self._connect(Connection(peer, address))
            else:
                peer.close()

    def _connect(self, connection: Connection) -> None:
        self.connections[connection.socket.fileno()] = connection
        self._selector.register(connection.socket, selectors.EVENT_READ, lambda: self._read(connection))

    def _read(self, connection: Connection) -> None:
        if self._backlog.is_crowded:
            self._closing.wait(0.002)  # the selector would come back at once
            return
        try:
            for packet in connection.receive():
                self._backlog.put(partial(self._porter.take, packet, connection), len(packet))
        except BlockingIOError:
            return
        except StreamError as error:
            self._backlog.put(partial(self._porter.cut_off, connection, str(error)))
            self._hang_up(connection)
        except OSError:
            self._hang_up(connection)

    def _hang_up(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        del self.connections[connection.socket.fileno()]
        connection.close()
        self._backlog.put(partial(self._porter.forget, connection.source))

    def _has_room(self, host: str) -> bool:
        of_one = sum(each.host == host for each in self.connections.values())
        return self._porter.admits(host) and len(self.connections) < MOST_CONNECTIONS and of_one < MOST_OF_ONE
