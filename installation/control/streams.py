"""OSC over a stream: where one packet ends and the next begins, after TCP has forgotten it.

OSC 1.0 puts a length of four bytes before each packet; OSC 1.1 puts SLIP's END (RFC 1055) behind it, and mostly before
it too. The first byte tells which: a length below 16 MiB begins with 0, SLIP with END or with the packet itself.
"""

from __future__ import annotations

import struct
from typing import Literal

from installation.errors import Refusal

LARGEST = 65_536  # bytes of a packet, as over UDP
LENGTH = 4  # bytes that say a length
END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"

Framing = Literal["length", "slip"]


class StreamError(Refusal):
    """A stream in which no packet can be found any more; nothing is left but to hang up."""


class Deframer:
    """Cuts one peer's stream into packets. It keeps at most one unfinished packet."""

    def __init__(self) -> None:
        """Nothing was heard yet; ``framing`` is None until the first byte tells."""
        self.framing: Framing | None = None
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are complete now. One with a broken escape comes as empty, which no door takes.

        Raises ``StreamError`` for a first byte that begins neither framing and for a packet larger than 64 KiB.
        """
        data = self._rest + data
        if self.framing is None and data:
            self.framing = _framing(data[0])
        packets, self._rest = _slip(data) if self.framing == "slip" else _lengths(data)
        return packets


def frame(packet: bytes, framing: Framing) -> bytes:
    """A packet as the other side's framing wants it; SLIP with END on both sides."""
    if framing == "length":
        return struct.pack(">i", len(packet)) + packet
    return END + packet.replace(ESCAPE, ESCAPED_ESCAPE).replace(END, ESCAPED_END) + END


def _framing(first: int) -> Framing:
    if first == 0:
        return "length"
    if first in b"\xc0/#":
        return "slip"
    raise StreamError(f"A stream that begins with byte {first} is no OSC: neither a length nor SLIP.")


def _lengths(data: bytes) -> tuple[list[bytes], bytes]:
    packets, at = [], 0
    while len(data) - at >= LENGTH:
        (size,) = struct.unpack_from(">i", data, at)
        if not 0 < size <= LARGEST:
            raise StreamError(f"A stream names a packet of {size} bytes; 1 to {LARGEST} are taken.")
        if len(data) - at - LENGTH < size:
            break
        packets.append(data[at + LENGTH : at + LENGTH + size])
        at += LENGTH + size
    return packets, data[at:]


def _slip(data: bytes) -> tuple[list[bytes], bytes]:
    *frames, rest = data.split(END)
    if len(rest) > 2 * LARGEST:  # every byte may be escaped
        raise StreamError(f"A stream has no end of packet within {len(rest)} bytes.")
    return [_unescaped(each) for each in frames if each], rest


def _unescaped(escaped: bytes) -> bytes:
    first, *parts = escaped.split(ESCAPE)
    meant = {b"\xdc": END, b"\xdd": ESCAPE}
    if not all(part[:1] in meant for part in parts):
        return b""
    return first + b"".join(meant[part[:1]] + part[1:] for part in parts)
