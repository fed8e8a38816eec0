"""The herald: what the piece has to say over OSC, to whoever wants to hear it.

A thread of its own finds the listeners' addresses, writes the packets and sends them; whoever tells the herald
something never waits. UDP to somebody who is not there costs nothing and is not complained about.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Iterator, Sequence

log = logging.getLogger(__name__)

Note = tuple[str, float | str]

PER_PACKET = 16  # messages in one bundle: under the 1,472 bytes that an Ethernet frame leaves to UDP
PATIENCE = 1.0  # seconds for the thread to leave
LOOK_UP_EVERY = 60.0  # seconds until a name that was not found is looked up again


class Herald:
    """Owns a socket for each kind of address and the thread that sends. Only the newest telling waits for it."""

    def __init__(self, targets: Sequence[tuple[str, int]]) -> None:
        """Tell these hosts and ports from now on; without any there is no thread."""
        self._waiting: queue.Queue[Sequence[Note] | None] = queue.Queue(1)
        self._listeners = [Listener(host, port) for host, port in targets]
        self._thread = threading.Thread(target=self._serve, name="herald", daemon=True)
        if targets:
            self._thread.start()

    def tell(self, notes: Sequence[Note]) -> None:
        """Hand over messages, each an address and its one argument. What was not sent in time is dropped for newer."""
        if not self._listeners:
            return
        with contextlib.suppress(queue.Empty):
            self._waiting.get_nowait()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(notes)

    def close(self) -> None:
        """Stop telling, within a second."""
        if self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._waiting.get_nowait()
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)
            self._thread.join(PATIENCE)
        for listener in self._listeners:
            listener.close()

    def _serve(self) -> None:
        while (notes := self._waiting.get()) is not None:
            parts = list(packets(notes))
            for listener in self._listeners:
                listener.hear(parts, time.monotonic())


class Listener:
    """One host that hears us."""

    def __init__(self, host: str, port: int) -> None:
        """Nothing is looked up yet."""
        self._host, self._port = host, port
        self._socket: socket.socket | None = None
        self._look_up = 0.0

    def hear(self, parts: Sequence[bytes], now: float) -> None:
        """Send packets, or lose them: a full buffer, a network that is down, a name nobody knows."""
        if self._socket is None and now >= self._look_up:
            self._find(now)
        with contextlib.suppress(OSError):
            for part in parts if self._socket else ():
                self._socket.send(part)  # type: ignore[union-attr] # the line above asks

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket:
            self._socket.close()

    def _find(self, now: float) -> None:
        """Look the name up; the system may take seconds for that, which is why nobody else does it."""
        found = None
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
            found = socket.socket(family, kind, protocol)
            found.setblocking(False)  # noqa: FBT003 - the socket library's own way
            found.connect(address)
            self._socket = found
        except (OSError, UnicodeError) as error:
            if found:
                found.close()
            self._look_up = now + LOOK_UP_EVERY
            log.warning("Nobody hears the readings at %s:%d (%s).", self._host, self._port, error)


def packets(notes: Sequence[Note]) -> Iterator[bytes]:
    """OSC bundles of up to 16 messages, to be understood at once; numbers are float32 and texts are texts."""
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
    from pythonosc.osc_message_builder import OscMessageBuilder

    for start in range(0, len(notes), PER_PACKET):
        bundle = OscBundleBuilder(IMMEDIATELY)
        for address, argument in notes[start : start + PER_PACKET]:
            message = OscMessageBuilder(address)
            message.add_arg(argument, "s" if isinstance(argument, str) else "f")
            bundle.add_content(message.build())
        yield bundle.build().dgram
