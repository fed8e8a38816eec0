"""Thinning: of many values of one fader that came at once, only the newest is worth reading.

A fader's message is a knob's address, ``,f`` and four bytes; all but the value is the same every time, so it is told
by its first bytes before anything is decoded. What is no fader keeps its place before and behind the values it came
between. Counters and limits still count every message.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from installation.control.packets import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installation.control.subscriptions import Route
    from installation.knobs import Knob

#: A packet, who sent it, and how many messages it stands for.
Datagram = tuple[bytes, "Route", int]

FLOAT = b",f\0\0"
VALUE = 4  # bytes of a float32, the last of a fader's message
REMEMBERED = 4096  # beginnings of messages that need not be looked at again


def head(address: str) -> bytes:
    """What a message to this address with one float begins with: all but its last four bytes."""
    return address.encode("ascii") + bytes(4 - len(address) % 4) + FLOAT


def faders(knobs: Mapping[str, Knob]) -> frozenset[bytes]:
    """The beginnings of all messages that set a number."""
    return frozenset(head(address) for address, knob in knobs.items() if knob.kind in {"number", "whole"})


def thinned(batch: Sequence[Datagram], known: Container[bytes]) -> list[Datagram]:
    """The same datagrams in their order, with only the newest value of each fader of each sender.

    Values on the two sides of something else both stay: it may have to do with them.
    """
    kept: list[Datagram] = []
    run: dict[tuple[bytes, str], Datagram] = {}
    for packet, route, times in batch:
        beginning = packet[:-VALUE]
        if beginning in known and _is_finite(packet):
            earlier = run.pop((beginning, route.source), None)  # taken out: the newest comes last
            run[beginning, route.source] = packet, route, times + (earlier[2] if earlier else 0)
        else:
            kept += run.values()
            run.clear()
            kept.append((packet, route, times))
    return [*kept, *run.values()]


def fader(message: bytes) -> tuple[str, tuple[float]] | None:
    """Address and value of a message with one float; None for any other, which has to be decoded the long way."""
    if message[-8:-VALUE] != FLOAT or (address := _address(message[:-VALUE])) is None:
        return None
    return address, struct.unpack_from(">f", message, len(message) - VALUE)


@lru_cache(REMEMBERED)
def _address(beginning: bytes) -> str | None:
    """The address, if this is the whole beginning of such a message."""
    address = beginning[: beginning.find(b"\0")]
    if ADDRESS.fullmatch(address) and beginning == head(address.decode("ascii")):
        return address.decode("ascii")
    return None


def _is_finite(packet: bytes) -> bool:
    """Whether a float32's exponent is not all ones: NaN is refused, and must not hide a good value."""
    return packet[-4] & 0x7F != 0x7F or packet[-3] < 0x80  # noqa: PLR2004 - IEEE 754
