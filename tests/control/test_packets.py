"""Any bytes at all give messages or a refusal, and nothing else."""

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.control.packets import PacketError, bundles, decode, encode, is_pattern, unwrap

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


def test_the_rarer_types_arrive_as_what_they_mean():
    tags = b",SIcrmtNb\0\0\0"
    values = b"sym\0" + struct.pack(">i", 65) + b"\x11\x22\x33\xff" + b"\x01\x90\x40\x7f"
    values += struct.pack(">Q", (2_208_988_800 + 100) << 32 | 1 << 31) + struct.pack(">i", 3) + b"abc\0"
    assert read(b"/a\0\0" + tags + values) == [
        ("/a", ("sym", True, "A", "#112233FF", (1, 0x90, 0x40, 0x7F), 100.5, None, b"abc"))
    ]


def test_arrays_arrive_as_tuples_in_tuples():
    packet = b"/a\0\0,i[c[TS]]f\0\0" + struct.pack(">ii", 7, 65) + b"sym\0" + struct.pack(">f", 0.5)
    assert read(packet) == [("/a", (7, ("A", (True, "sym")), 0.5))]


def test_empty_blobs_and_arrays_arrive():
    assert read(b"/a\0\0,b[]\0\0\0\0" + struct.pack(">i", 0)) == [("/a", (b"", ()))]


@pytest.mark.parametrize(
    ("packet", "wrong", "right"),
    [
        (b"/a\0\0,ci\0" + struct.pack(">ii", 65, 7), [65], ("A", 7)),
        (b"/a\0\0,Si\0sym\0" + struct.pack(">i", 7), [0x73796D00], ("sym", 7)),
        (b"/a\0\0,Ii\0" + struct.pack(">i", 7), [7], (True, 7)),
    ],
)
def test_where_python_osc_alone_is_wrong_we_are_right(packet, wrong, right):
    """When this fails on ``wrong``, python-osc has learnt it, and its stand-in here can go."""
    assert OscMessage(packet).params == wrong
    assert read(packet) == [("/a", right)]


PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(width=32, allow_nan=False),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
)


@given(st.lists(PLAIN, max_size=10))
def test_what_is_encoded_is_decoded(arguments):
    assert read(encode("/a/b", arguments)) == [("/a/b", tuple(arguments))]


@given(st.integers(0, 60))
def test_messages_in_bundles_are_the_messages(count):
    messages = [encode(f"/{number}", (number,)) for number in range(count)]
    packets = list(bundles(messages))
    assert [address for packet in packets for address, _ in read(packet)] == [f"/{number}" for number in range(count)]
    assert all(len(unwrap(packet)) <= 16 for packet in packets)


@pytest.mark.parametrize("argument", [2**70, -(2**70), "\ud800"])
def test_what_osc_cannot_say_is_refused(argument):
    with pytest.raises(PacketError, match="cannot be said"):
        encode("/a", (argument,))


def test_a_pattern_is_an_address_with_something_wild_in_it():
    assert all(map(is_pattern, ("/a*", "/?", "/[ab]", "/{a,b}", "/a//b")))
    assert not is_pattern("/burn/gaussian/temperature")


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
