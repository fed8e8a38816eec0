"""The OSC door: UDP and TCP at one port; what performers send becomes ``Message`` records for the conductor's inbox.

One thread only drains the sockets, another reads and answers (``Porter``); whatever comes in, both live on and count
what is refused. Messages are stamped with the monotonic clock, the one the store, the beats and the frames run on: a
wall clock may be set while the piece plays, and a gesture must never arrive before it was made.
"""

from __future__ import annotations

import logging
import math
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from installation.control.directory import Directory
from installation.control.inbox import Post
from installation.control.packets import PacketError, Plain, decode, encode, is_pattern, unwrap
from installation.control.patterns import PatternError, parse
from installation.control.porter import SILENCE, Porter
from installation.control.reader import LARGEST_PACKET, PATIENCE, Backlog, Reader
from installation.control.sockets import OscError, Sockets, listen
from installation.control.subscriptions import TELL_EVERY, Touch

if TYPE_CHECKING:
    from installation.machine.settings import OscSettings

__all__ = ["LARGEST_PACKET", "OscDoor", "OscError", "PeerTally", "Tally", "argument", "send"]

log = logging.getLogger(__name__)

PER_TURN = 512  # packets between two looks at whether subscribers are to be told
LOOK_EVERY = 1.0  # seconds between two looks at what the kernel lost


@dataclass(frozen=True, slots=True)
class PeerTally:
    """What came of one machine's messages."""

    received: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """What came through the door so far, and what did not.

    ``refused`` is by cause, ``dropped`` where reading was too slow, ``lost`` where the kernel's buffer of
    ``buffer_bytes`` was full.
    """

    received: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    last_refusal: str = ""
    dropped: int = 0
    lost: int = 0
    buffer_bytes: int = 0
    connections: int = 0
    subscribers: int = 0
    peers: Mapping[str, PeerTally] = field(default_factory=dict)


class News:
    """What the tick has to say, until the door's thread comes for it: the newest of each address."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._lock = threading.Lock()
        self._values: dict[str, Plain] = {}
        self._touches: dict[str, Touch] = {}

    def put(self, values: Mapping[str, Plain], touches: Mapping[str, Touch]) -> None:
        """Leave values, and who had set which."""
        with self._lock:
            self._values.update(values)
            self._touches.update(touches)

    def take(self) -> tuple[dict[str, Plain], dict[str, Touch]]:
        """Everything that was left."""
        with self._lock:
            taken = self._values, self._touches
            self._values, self._touches = {}, {}
        return taken


class OscDoor:
    """Owns two sockets and two threads. ``tally`` may be read, and all may be told, from any thread."""

    def __init__(self, settings: OscSettings, directory: Directory, post: Post) -> None:
        """Listen from now on; port 0 lets the system choose. ``post`` must not wait.

        Raises ``OscError`` when the address cannot be had; the show can go on without OSC.
        """
        self._sockets: Sockets = listen(settings.host, settings.port)
        self.host, self.port = settings.host, self._sockets.port
        self._porter = Porter(settings, directory, post)
        self._news, self._backlog = News(), Backlog()
        self._tell_at = self._look_at = -math.inf
        self._lost, self._said_lost = 0, -math.inf
        self._closing = threading.Event()
        self._reader = Reader(self._sockets, self._backlog, self._porter)
        self._thread = threading.Thread(target=self._serve, name="osc porter", daemon=True)
        self._thread.start()

    def tell(self, values: Mapping[str, Plain], touches: Mapping[str, Touch]) -> None:
        """What subscribers may hear: values, and whose hand some of them were set by."""
        self._news.put(values, touches)

    def answer(self, source: str, address: str, value: float) -> None:
        """Reply with a knob's value to whoever asked for it."""
        self._backlog.put(lambda: self._porter.answer(source, address, value))

    def object(self, source: str, address: str, sentence: str) -> None:
        """Tell whoever sent something why it was refused."""
        self._backlog.put(lambda: self._porter.object(source, address, sentence))

    @property
    def is_alive(self) -> bool:
        """Whether both threads are at work."""
        return self._reader.is_alive and self._thread.is_alive()

    @property
    def tally(self) -> Tally:
        """The counters as they stand."""
        porter = self._porter
        peers = {host: PeerTally(peer.received, peer.refused.copy()) for host, peer in porter.peers.tally().items()}
        return Tally(
            received=porter.received,
            refused=porter.refused.copy(),
            last_refusal=porter.last_refusal,
            dropped=self._backlog.dropped,
            lost=self._sockets.lost(),
            buffer_bytes=self._sockets.buffer_bytes,
            connections=len(self._reader.connections),
            subscribers=len(porter.subscriptions),
            peers=peers,
        )

    @property
    def refused(self) -> int:
        """How many messages were not taken, or were dropped before they were read."""
        return sum(self._porter.refused.copy().values()) + self._backlog.dropped

    def close(self) -> None:
        """Stop listening, within two seconds."""
        self._closing.set()
        self._reader.close()
        self._thread.join(PATIENCE)
        self._sockets.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            for job in self._backlog.take(PER_TURN, max(self._tell_at - time.monotonic(), 0.0)):
                job()
            now = time.monotonic()
            if now >= self._tell_at:
                self._tell_at = now + TELL_EVERY
                self._porter.learn(*self._news.take())
                self._porter.tell()
                self._look(now)

    def _look(self, now: float) -> None:
        """Say, at most once a minute, that the kernel had to drop datagrams."""
        if now < self._look_at:
            return
        self._look_at, lost = now + LOOK_EVERY, self._sockets.lost()
        if lost > self._lost and now - self._said_lost >= SILENCE:
            self._lost, self._said_lost = lost, now
            log.warning(
                "The kernel dropped OSC datagrams, %d so far: its buffer of %d KiB was full. "
                "`sysctl net.core.rmem_max=4194304` allows a larger one.",
                lost,
                self._sockets.buffer_bytes // 1024,
            )


def send(host: str, port: int, address: str, words: Sequence[str]) -> None:
    """Send one message over UDP. Words become what they look like: whole and decimal numbers, true, false, or text.

    Raises ``OscError`` when the message cannot be built or the host is not known.
    """
    packet = _packet(address, words)
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as peer:
            peer.settimeout(PATIENCE)
            peer.sendto(packet, target)
    except (OSError, OverflowError, UnicodeError) as error:
        raise OscError(f"{address} cannot be sent to {host}:{port} ({error}).") from error


def argument(word: str) -> Plain:
    """The value a word on the command line looks like. ``nan`` and ``inf`` are text: no knob takes them."""
    if word in {"true", "false"}:
        return word == "true"
    for kind in (int, float):
        try:
            value = kind(word)
        except ValueError:
            continue
        if math.isfinite(value):
            return value
    return word


def _packet(address: str, words: Sequence[str]) -> bytes:
    try:
        packet = encode(address, [argument(word) for word in words])
        for part in unwrap(packet):
            decode(part.data)  # what our own door would refuse is not worth sending
        if is_pattern(address):
            parse(address)
    except (PacketError, PatternError) as error:
        raise OscError(f"{address!r} cannot be sent: {error}") from error
    return packet
