"""OSC packets from strangers: their shape is checked here, size by size, before python-osc decodes one message.

python-osc 1.10 loops for ever on a bundle element of negative size, recurses as deep as a packet nests, lets
``UnicodeDecodeError`` out, and passes over the types ``I``, ``c`` and ``S`` without passing over their bytes. It is
given single messages only, of which every size has been checked and in which each type it does not know is named as
the one it knows of the same size; what it read is then turned into what was meant.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

from installation.errors import Refusal

#: What python-osc, our senders and our knobs have in common.
Plain = float | int | bool | str
#: All that OSC can say: blobs are bytes, nil is None, MIDI is four bytes as numbers, arrays nest.
Argument = Plain | bytes | None | tuple[Any, ...]

BUNDLE = b"#bundle\0"
BUNDLE_HEADER = 16  # bytes: the word and a time tag
DEEPEST = 8  # bundles in bundles; a controller nests once
MOST_ARGUMENTS = 64
LONGEST_STRING = 4096  # bytes: a long prompt
LONGEST_ADDRESS = 255  # bytes
DEEPEST_ARRAY = 8
MOST_TOGETHER = 1000  # messages in one packet: they are answered in one tick, whatever they are
PER_BUNDLE = 16  # messages of ours in one bundle: under the 1,472 bytes that an Ethernet frame leaves to UDP
NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970
LARGEST_FLOAT = 3.4e38  # of 32 bits
WIDTHS = {"i": 4, "f": 4, "h": 8, "d": 8, "t": 8, "c": 4, "r": 4, "m": 4, "T": 0, "F": 0, "N": 0, "I": 0}
ADDRESS = re.compile(rb"/[!\"$-~]{0,%d}" % (LONGEST_ADDRESS - 1))  # printable, no space, no number sign
WILD = frozenset("*?[]{}")
AS_SENT = frozenset(b",ifhdsSTFNIb")  # types whose values python-osc gives as they were meant
#: The type by which python-osc passes over the same bytes, and what its value then stands for.
STAND_IN = bytes.maketrans(b"ScIrmt", b"siTiih")
MEANT: Mapping[str, Callable[[int], Argument]] = {
    "c": lambda code: chr(code & 0x7F),
    "r": lambda colour: f"#{colour & 0xFFFFFFFF:08X}",
    "m": lambda midi: tuple(midi.to_bytes(4, "big", signed=True)),
    "t": lambda tag: _seconds(tag & 0xFFFFFFFFFFFFFFFF),
}


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


def unwrap(packet: bytes) -> list[Part]:
    """The messages of a packet in order, bundles flattened.

    Raises ``PacketError`` where the packet's shape is wrong and for more than 1,000 messages: a bundle counts whole or
    not at all.
    """
    parts = list(itertools.islice(_unwrap(packet, 0, 0.0), MOST_TOGETHER + 1))
    if len(parts) > MOST_TOGETHER:
        raise PacketError("size", f"A packet of more than {MOST_TOGETHER} messages. Send them in several.")
    return parts


def _unwrap(packet: bytes, depth: int, due: float) -> Iterator[Part]:
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
        yield from _unwrap(element, depth + 1, due)


def decode(data: bytes) -> tuple[str, tuple[Argument, ...]]:
    """Address (or address pattern) and arguments of one message, of every type of OSC 1.0 and 1.1.

    An impulse (``I``) is True, a character and a symbol are texts, a colour is ``#RRGGBBAA``, a time tag is seconds
    since 1970. Raises ``PacketError`` for anything that is no message.
    """
    address, offset = _string(data, 0)
    _require_address(address)
    tags = b""
    if offset < len(data):
        tags = _require_arguments(data, offset)
        end = offset + len(tags)
        data = data[:offset] + data[offset:end].translate(STAND_IN) + data[end:]
    try:
        message = OscMessage(data)
    except (ParseError, UnicodeDecodeError) as error:
        raise PacketError("text", f"{_shown(address)}: not readable ({error}). Text is UTF-8.") from error
    if AS_SENT.issuperset(tags):
        return message.address, tuple(message)
    return message.address, _meant(iter(tags[1:].decode("latin-1")), message)


def encode(address: str, arguments: Sequence[Plain]) -> bytes:
    """One message, each argument in the narrowest type for it. Raises ``PacketError`` for what OSC cannot say."""
    builder = OscMessageBuilder(address)
    try:
        for value in arguments:
            builder.add_arg(value, _tag(value))
        return bytes(builder.build().dgram)
    except (BuildError, ParseError, OverflowError) as error:
        raise PacketError("build", f"{address!r} cannot be said in OSC: {error}") from error


def bundles(messages: Sequence[bytes]) -> Iterator[bytes]:
    """Messages in bundles of up to 16, to be understood at once."""
    for start in range(0, len(messages), PER_BUNDLE):
        elements = (struct.pack(">i", len(each)) + each for each in messages[start : start + PER_BUNDLE])
        yield BUNDLE + struct.pack(">Q", 1) + b"".join(elements)


def is_pattern(address: str) -> bool:
    """Whether an address stands for others."""
    return "//" in address or not WILD.isdisjoint(address)


def _meant(tags: Iterator[str], values: Iterable[Any]) -> tuple[Argument, ...]:
    """What python-osc read under its stand-in types, as what was sent; arrays as tuples."""
    meant: list[Argument] = []
    for value in values:
        tag = next(tags)
        if tag == "[":
            meant.append(_meant(tags, value))
            next(tags)  # the closing bracket
        else:
            meant.append(MEANT[tag](value) if tag in MEANT else value)
    return tuple(meant)


def _tag(value: Plain) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return "s"
    if isinstance(value, int):
        return "i" if -(2**31) <= value < 2**31 else "h"
    return "f" if not abs(value) > LARGEST_FLOAT else "d"


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
    return _seconds(*struct.unpack_from(">Q", bundle, len(BUNDLE)))


def _seconds(tag: int) -> float:
    """An NTP time tag in seconds since 1970, and not before."""
    return max(tag / 2**32 - NTP_TO_UNIX, 0.0)


def _string(data: bytes, start: int) -> tuple[bytes, int]:
    """A string's bytes and where the next thing begins."""
    end = data.find(b"\0", start)
    if end < 0:
        raise PacketError("cut off", f"{_shown(data[:LONGEST_ADDRESS])}: cut off in the middle of a text.")
    return data[start:end], end // 4 * 4 + 4


def _require_address(address: bytes) -> None:
    if not ADDRESS.fullmatch(address):
        raise PacketError("address", f"{_shown(address)}: an address is up to {LONGEST_ADDRESS} printable characters.")


def _require_arguments(data: bytes, offset: int) -> bytes:
    """The type tags, after a walk over the arguments that ends exactly where the message ends."""
    address = _string(data, 0)[0]
    tags, offset = _string(data, offset)
    if not tags.startswith(b",") or len(tags) > MOST_ARGUMENTS + 1:
        raise PacketError("types", f"{_shown(address)}: a comma and at most {MOST_ARGUMENTS} type tags must follow.")
    if b"[" in tags or b"]" in tags:
        _require_arrays(tags, address)
    for tag in tags[1:].decode("latin-1"):
        offset = _after(tag, data, offset, address)
    if offset != len(data):
        raise PacketError("cut off", f"{_shown(address)}: its types and its {len(data)} bytes do not agree.")
    return tags


def _require_arrays(tags: bytes, address: bytes) -> None:
    depth = 0
    for tag in tags:
        depth += {ord("["): 1, ord("]"): -1}.get(tag, 0)
        if not 0 <= depth <= DEEPEST_ARRAY:
            break
    if depth:
        raise PacketError("types", f"{_shown(address)}: arrays must close, and nest at most {DEEPEST_ARRAY} deep.")


def _after(tag: str, data: bytes, offset: int, address: bytes) -> int:
    if tag in WIDTHS:
        return offset + WIDTHS[tag]
    if tag in "[]":
        return offset
    if tag == "b":
        return _after_blob(data, offset, address)
    if tag not in "sS":
        raise PacketError("types", f"{_shown(address)}: there is no type {tag!r} in OSC.")
    text, end = _string(data, offset)
    if len(text) > LONGEST_STRING:
        raise PacketError("text", f"{_shown(address)}: a text of {len(text)} bytes; {LONGEST_STRING} are taken.")
    return end


def _after_blob(data: bytes, offset: int, address: bytes) -> int:
    size = struct.unpack_from(">i", data, offset)[0] if offset + 4 <= len(data) else -1
    if not 0 <= size <= len(data) - offset - 4:
        raise PacketError("cut off", f"{_shown(address)}: a blob names {size} bytes, and they are not there.")
    return offset + 4 + (size + 3) // 4 * 4


def _shown(address: bytes) -> str:
    """An address for a sentence: short, and nothing in it that could write its own log line."""
    text = address[:60].decode("ascii", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)
