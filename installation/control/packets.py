"""OSC packets from strangers: their shape is checked here, size by size, before python-osc decodes one message.

python-osc 1.10 loops for ever on a bundle element of negative size, recurses as deep as a packet nests, lets
``UnicodeDecodeError`` out and passes over unknown type tags without passing over their bytes. It is given single
messages only, of which every size has been checked and whose types are those we take.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError

from installation.errors import Refusal

Argument = float | int | bool | str

BUNDLE = b"#bundle\0"
BUNDLE_HEADER = 16  # bytes: the word and a time tag
DEEPEST = 8  # bundles in bundles; a controller nests once
MOST_ARGUMENTS = 64
LONGEST_STRING = 4096  # bytes: a long prompt
LONGEST_ADDRESS = 255  # bytes
NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970
WIDTHS = {"i": 4, "f": 4, "h": 8, "d": 8, "T": 0, "F": 0}
PATTERN = frozenset(b"#*,?[]{}")


class PacketError(Refusal):
    """A packet or a message that is not taken. ``cause`` is a short word to count by."""

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a packet, still in bytes, and when its bundle wants it: seconds since 1970, 0 for at once."""

    data: bytes
    due: float


def unwrap(packet: bytes, depth: int = 0, due: float = 0.0) -> Iterator[Part]:
    """The messages of a packet in order, bundles flattened.

    Raises ``PacketError`` where the packet's shape is wrong; take nothing from a packet that raises, so that a bundle
    counts whole or not at all.
    """
    if not packet or len(packet) % 4:
        raise PacketError("size", f"A packet of {len(packet)} bytes is no OSC; sizes are multiples of 4, and not 0.")
    if packet.startswith(b"/"):
        yield Part(packet, due)
        return
    if not packet.startswith(BUNDLE) or len(packet) < BUNDLE_HEADER:
        raise PacketError("no OSC", "A packet is neither a message (it would begin with /) nor a bundle (#bundle).")
    if depth == DEEPEST:
        raise PacketError("depth", f"Bundles are nested deeper than {DEEPEST}. Send them side by side.")
    due = max(due, _due(packet))
    for element in _elements(packet):
        yield from unwrap(element, depth + 1, due)


def decode(data: bytes) -> tuple[str, tuple[Argument, ...]]:
    """Address and arguments of one message. Raises ``PacketError`` for anything but the types i f d h s T F."""
    address, offset = _string(data, 0)
    _require_address(address)
    if offset < len(data):
        _require_arguments(data, offset)
    try:
        message = OscMessage(data)
    except (ParseError, UnicodeDecodeError) as error:
        raise PacketError("text", f"{_shown(address)}: not readable ({error}). Text is UTF-8.") from error
    return message.address, tuple(message.params)


def _elements(bundle: bytes) -> Iterator[bytes]:
    offset = BUNDLE_HEADER
    while offset < len(bundle):
        (size,) = struct.unpack_from(">i", bundle, offset)
        offset += 4
        if not 0 < size <= len(bundle) - offset:
            raise PacketError("bundle", f"A bundle names an element of {size} bytes; {len(bundle) - offset} are left.")
        yield bundle[offset : offset + size]
        offset += size


def _due(bundle: bytes) -> float:
    """The time tag in seconds since 1970; everything before that, "immediately" included, is 0."""
    seconds, fraction = struct.unpack_from(">II", bundle, len(BUNDLE))
    return float(max(seconds - NTP_TO_UNIX + fraction / 2**32, 0.0))


def _string(data: bytes, start: int) -> tuple[bytes, int]:
    """A string's bytes and where the next thing begins."""
    end = data.find(b"\0", start)
    if end < 0:
        raise PacketError("cut off", f"{_shown(data[:LONGEST_ADDRESS])}: cut off in the middle of a text.")
    return data[start:end], end // 4 * 4 + 4


def _require_address(address: bytes) -> None:
    if PATTERN.intersection(address):
        raise PacketError("pattern", f"{_shown(address)}: patterns are not taken. Send one message to each address.")
    if len(address) > LONGEST_ADDRESS or not all(33 <= byte <= 126 for byte in address):  # noqa: PLR2004 - ! to ~
        raise PacketError("address", f"{_shown(address)}: an address is up to {LONGEST_ADDRESS} printable characters.")


def _require_arguments(data: bytes, offset: int) -> None:
    """Walk over the arguments as their tags say and end exactly where the message ends."""
    address = _string(data, 0)[0]
    tags, offset = _string(data, offset)
    if not tags.startswith(b",") or len(tags) > MOST_ARGUMENTS + 1:
        raise PacketError("types", f"{_shown(address)}: a comma and at most {MOST_ARGUMENTS} type tags must follow.")
    for tag in tags[1:].decode("latin-1"):
        offset = _after(tag, data, offset, address)
    if offset != len(data):
        raise PacketError("cut off", f"{_shown(address)}: its types and its {len(data)} bytes do not agree.")


def _after(tag: str, data: bytes, offset: int, address: bytes) -> int:
    if tag in WIDTHS:
        return offset + WIDTHS[tag]
    if tag != "s":
        raise PacketError("types", f"{_shown(address)}: type {tag!r} is not taken. Send i, f, d, h, s, T or F.")
    text, end = _string(data, offset)
    if len(text) > LONGEST_STRING:
        raise PacketError("text", f"{_shown(address)}: a text of {len(text)} bytes; {LONGEST_STRING} are taken.")
    return end


def _shown(address: bytes) -> str:
    """An address for a sentence: short, and nothing in it that could write its own log line."""
    text = address[:60].decode("ascii", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)
