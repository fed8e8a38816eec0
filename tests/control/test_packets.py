"""Any bytes at all give messages or a refusal, and nothing else."""

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.control.packets import PacketError, decode, unwrap

deliberate = settings(deadline=None, max_examples=500)


def message(address, *arguments):
    builder = OscMessageBuilder(address)
    for value, tag in arguments:
        builder.add_arg(value, tag)
    return builder.build().dgram


def bundle(*elements, tag=1):
    body = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", tag) + body


def read(packet):
    return [decode(part.data) for part in unwrap(packet)]


def nested(depth):
    packet = message("/a")
    for _ in range(depth):
        packet = bundle(packet)
    return packet


def test_all_types_we_take_arrive():
    packet = message(
        "/a/b", (1, "i"), (0.5, "f"), (2**40, "h"), (1e300, "d"), ("glühend", "s"), (True, "T"), (False, "F")
    )
    assert read(packet) == [("/a/b", (1, 0.5, 2**40, 1e300, "glühend", True, False))]


def test_a_message_may_come_without_arguments_and_without_types():
    assert read(message("/go")) == read(b"/go\0") == [("/go", ())]


def test_bundles_are_flattened_in_order():
    packet = bundle(message("/a"), bundle(message("/b"), message("/c")), message("/d"))
    assert [address for address, _ in read(packet)] == ["/a", "/b", "/c", "/d"]


def test_a_bundle_of_python_osc_is_read():
    builder = OscBundleBuilder(0)
    builder.add_content(OscMessageBuilder("/a").build())
    assert read(builder.build().dgram) == [("/a", ())]


def test_a_message_knows_when_its_bundle_wants_it():
    later = bundle(bundle(message("/a")), tag=(2_208_988_800 + 100) << 32 | 1 << 31)
    assert [part.due for part in unwrap(later)] == [100.5]
    assert [part.due for part in unwrap(bundle(message("/a")))] == [0.0]


def test_bundles_nest_eight_deep_and_no_deeper():
    assert read(nested(8)) == [("/a", ())]
    with pytest.raises(PacketError, match="nested deeper than 8"):
        read(nested(9))


ZOO = {
    "empty": b"",
    "odd length": b"/a\0",
    "no OSC": b"GET / HTTP/1.1\r\n\r\n\0\0",
    "short bundle": b"#bundle\0\0\0\0\0",
    "bundle element of size -4": b"#bundle\0" + b"\0" * 8 + struct.pack(">i", -4) + b"\0" * 8,
    "bundle element of size 0": b"#bundle\0" + b"\0" * 8 + struct.pack(">i", 0) + b"\0" * 8,
    "bundle element beyond the end": b"#bundle\0" + b"\0" * 8 + struct.pack(">i", 4000) + b"\0" * 8,
    "bundle nested 1200 deep": nested(1200),
    "address not UTF-8": b"/\xff\xfe\0,\0\0\0",
    "address with a space": message("/a b"),
    "address without end": b"/abc",
    "address of 300 characters": message("/" + "a" * 300),
    "address with a number sign": message("/a#b"),
    "text not UTF-8": b"/a\0\0,s\0\0\xff\xfe\0\0",
    "text without end": b"/a\0\0,s\0\0abcd",
    "text of 5000 bytes": message("/a", ("a" * 5000, "s")),
    "types without comma": b"/a\0\0i\0\0\0\0\0\0\1",
    "types without end": b"/a\0\0,iii",
    "65 arguments": message("/a", *[(1, "i")] * 65),
    "truncated float": b"/a\0\0,ff\0" + struct.pack(">f", 1.0),
    "bytes too many": message("/a", (1, "i")) + b"\0\0\0\0",
    "blob of negative size": b"/a\0\0,b\0\0" + struct.pack(">i", -8) + b"\0" * 8,
    "blob longer than the packet": b"/a\0\0,b\0\0" + struct.pack(">i", 400),
    "blob without a size": b"/a\0\0,b\0\0",
    "a type that does not exist": b"/a\0\0,x\0\0",
    "array that does not close": b"/a\0\0,[i\0" + struct.pack(">i", 1),
    "array that closes twice": b"/a\0\0,[]]\0\0\0\0",
    "array that closes first": b"/a\0\0,][\0",
    "arrays nested 9 deep": b"/a\0\0," + b"[" * 9 + b"]" * 9 + b"\0",
    "1001 messages": bundle(*[message("/a")] * 1001),
}


@pytest.mark.parametrize("packet", ZOO.values(), ids=ZOO)
def test_every_beast_of_the_zoo_is_refused_with_a_sentence(packet):
    with pytest.raises(PacketError, match=r"\.$"):
        read(packet)


def test_a_refusal_cannot_write_its_own_log_line():
    with pytest.raises(PacketError) as refusal:
        read(b"/a\nERROR fire\0\0\0\0")
    assert "\n" not in str(refusal.value)


@deliberate
@given(st.binary(max_size=200))
def test_any_bytes_give_messages_or_a_refusal(noise):
    for packet in (noise, b"/" + noise, b"#bundle\0" + noise, b"/a\0\0," + noise, bundle(b"/a\0\0," + noise)):
        try:
            found = read(packet + b"\0" * (-len(packet) % 4))
        except PacketError:
            continue
        assert all(address.startswith("/") for address, _ in found)


@deliberate
@given(st.data())
def test_a_message_with_a_flipped_byte_gives_a_message_or_a_refusal(data):
    packet = bytearray(bundle(message("/burn/temperature", (0.5, "f"), ("text", "s")), message("/go")))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PacketError):
        assert read(bytes(packet)) is not None
