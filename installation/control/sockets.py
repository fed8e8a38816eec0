"""The sockets of the OSC door: one of UDP and one of TCP at the same port, and what the kernel lost of the first."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from installation.errors import Refusal

BUFFER_BYTES = 4 * 2**20  # the default of 208 KiB keeps 256 messages: half of a scene recall of 500 would be lost
SO_RCVBUFFORCE = 33  # Linux; Python has no name for it. A privileged process may go beyond net.core.rmem_max
BACKLOG = 128  # connections that wait to be taken
TRIES = 8  # to find a port that is free for both


class OscError(Refusal):
    """A port that cannot be listened at, or a message that cannot be sent."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """Both sockets, not blocking; ``buffer_bytes`` is what the kernel grants for datagrams that wait."""

    datagrams: socket.socket
    streams: socket.socket
    buffer_bytes: int

    @property
    def port(self) -> int:
        """The port of both."""
        return int(self.datagrams.getsockname()[1])

    def lost(self) -> int:
        """Datagrams the kernel dropped because the buffer was full; 0 where it does not tell."""
        node = str(os.fstat(self.datagrams.fileno()).st_ino)
        return next((int(columns[-1]) for columns in _kernel_table() if columns[9] == node), 0)

    def close(self) -> None:
        """Let go of the port."""
        self.datagrams.close()
        self.streams.close()


def listen(host: str, port: int) -> Sockets:
    """Listen at a host's port, UDP and TCP; port 0 lets the system choose.

    Raises ``OscError`` when the address cannot be had.
    """
    try:
        family, _, _, _, here = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:
        raise OscError(f"OSC cannot listen at {host} ({error}). Set osc.host to an address of this machine.") from error
    for remaining in reversed(range(1 if port else TRIES)):
        try:
            return _bind(family, here)
        except OSError as error:
            if not remaining:
                raise OscError(
                    f"OSC cannot listen at {host} port {port} ({error.strerror}). End the program that has it, "
                    "or choose another port with --osc-port."
                ) from error
    raise AssertionError("every try returns or raises")


def _bind(family: socket.AddressFamily, here: tuple[object, ...]) -> Sockets:
    """Both sockets or neither."""
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    streams = socket.socket(family, socket.SOCK_STREAM)
    try:
        datagrams.bind(here)
        streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        streams.bind((here[0], datagrams.getsockname()[1], *here[2:]))
        streams.listen(BACKLOG)
        for each in (datagrams, streams):
            each.setblocking(False)  # noqa: FBT003 - the socket library's own way
        return Sockets(datagrams, streams, _widen(datagrams))
    except OSError:
        datagrams.close()
        streams.close()
        raise


def _widen(door: socket.socket) -> int:
    """Ask for a buffer of 4 MiB, and tell what was granted: the kernel doubles what it grants for its own use."""
    try:
        door.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    except OSError:  # not allowed, or not Linux
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    granted = door.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return granted // 2 if sys.platform == "linux" else granted


def _kernel_table() -> Iterator[list[str]]:
    """The lines of Linux's tables of UDP sockets; the tenth column is the inode, the last counts drops."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        yield from (line.split() for line in lines)
