"""The OSC door: UDP packets from performers become ``Message`` records for the conductor's inbox.

A thread of its own only drains the socket, reads and posts; whatever comes in, it lives on and counts what it refuses.
Messages are stamped with the monotonic clock, the one the store, the beats and the frames run on: a wall clock may be
set while the piece plays, and a gesture must never arrive before it was made.
"""

from __future__ import annotations

import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from installation.control.packets import Argument, PacketError, decode, unwrap
from installation.errors import Refusal
from installation.records import Message

log = logging.getLogger(__name__)

BUFFER_BYTES = 4 * 2**20  # the default of 208 KiB keeps 256 messages: half of a scene recall of 500 would be lost
LARGEST_PACKET = 65_536
GLANCE = 0.1  # seconds between two looks at whether the door is to close
PATIENCE = 1.0  # seconds for the thread to leave
SILENCE = 60.0  # seconds between two lines about one cause
WORD_FOR_EARLY = "early"


class OscError(Refusal):
    """A port that cannot be listened at, or a message that cannot be sent."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came through the door so far. ``early`` messages asked for a later time and were done at once."""

    received: int = 0
    early: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    last_refusal: str = ""


class OscDoor:
    """Owns one UDP socket and the thread that reads it. ``tally`` may be read from any thread."""

    def __init__(self, host: str, port: int, post: Callable[[Message], None]) -> None:
        """Listen from now on; port 0 lets the system choose. ``post`` must not wait.

        Raises ``OscError`` when the address cannot be had; the show can go on without OSC.
        """
        self.tally = Tally()
        self._post = post
        self._said: dict[str, float] = {}
        self._closing = threading.Event()
        self._socket = _listen(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, within a second."""
        self._closing.set()
        self._thread.join(PATIENCE)
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                packet, peer = self._socket.recvfrom(LARGEST_PACKET)
            except TimeoutError:
                continue
            except OSError as error:
                self._refuse("network", f"The network failed: {error.strerror}.", f"osc port {self.port}")
                self._closing.wait(GLANCE)
            else:
                self._take(packet, f"osc {peer[0]}:{peer[1]}")

    def _take(self, packet: bytes, source: str) -> None:
        try:
            parts = list(unwrap(packet))
        except PacketError as error:
            self._refuse(error.cause, str(error), source)
            return
        if any(part.due > time.time() for part in parts):
            self._do_early(len(parts), source)
        for part in parts:
            self._hand_over(part.data, source)

    def _hand_over(self, data: bytes, source: str) -> None:
        try:
            address, arguments = decode(data)
        except PacketError as error:
            self._refuse(error.cause, str(error), source)
            return
        self.tally = replace(self.tally, received=self.tally.received + 1)
        self._post(Message(address, arguments, source, time.monotonic_ns()))

    def _do_early(self, messages: int, source: str) -> None:
        self.tally = replace(self.tally, early=self.tally.early + messages)
        self._say(WORD_FOR_EARLY, f"{source} sent a bundle for later; it is done at once. {self.tally.early} so far.")

    def _refuse(self, cause: str, sentence: str, source: str) -> None:
        refused = {**self.tally.refused, cause: self.tally.refused.get(cause, 0) + 1}
        self.tally = replace(self.tally, refused=refused, last_refusal=f"{source}: {sentence}")
        self._say(cause, f"Refused from {source}: {sentence} {refused[cause]} for this cause ({cause}) so far.")

    def _say(self, cause: str, sentence: str) -> None:
        now = time.monotonic()
        if now - self._said.get(cause, -math.inf) >= SILENCE:
            self._said[cause] = now
            log.warning(sentence)


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


def argument(word: str) -> Argument:
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
    from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

    builder = OscMessageBuilder(address)
    try:
        for word in words:
            value = argument(word)
            builder.add_arg(value, _tag(value))
        packet: bytes = builder.build().dgram
        for part in unwrap(packet):
            decode(part.data)  # what our own door would refuse is not worth sending
    except (BuildError, PacketError, OverflowError) as error:
        raise OscError(f"{address!r} cannot be sent: {error}") from error
    return packet


def _tag(value: Argument) -> str:
    """The narrowest type tag that keeps the value."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return "s"
    if isinstance(value, int):
        return "i" if -(2**31) <= value < 2**31 else "h"
    return "f" if abs(value) < 3.4e38 else "d"  # noqa: PLR2004 - the largest float32


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, here = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        door = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise OscError(f"OSC cannot listen at {host} ({error}). Set osc.host to an address of this machine.") from error
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        door.settimeout(GLANCE)
        door.bind(here)
    except OSError as error:
        door.close()
        raise OscError(
            f"OSC cannot listen at {host} port {port} ({error.strerror}). End the program that has it, "
            "or choose another port with --osc-port."
        ) from error
    return door
