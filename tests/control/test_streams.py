"""Packets survive a stream, however it is cut."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.control.streams import END, LARGEST, Deframer, StreamError, frame

PACKETS = st.lists(st.binary(min_size=1, max_size=40).map(lambda body: b"/" + body), min_size=1, max_size=6)


def feed(stream, cuts):
    deframer, packets = Deframer(), []
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(edges):
        packets += deframer.feed(stream[start:end])
    return packets


@pytest.mark.parametrize("framing", ["length", "slip"])
@given(packets=PACKETS, cuts=st.lists(st.integers(0, 1000), max_size=6))
def test_packets_come_out_as_they_went_in_wherever_the_stream_is_cut(framing, packets, cuts):
    assert feed(b"".join(frame(packet, framing) for packet in packets), cuts) == packets


@given(packets=PACKETS)
def test_slip_is_understood_with_end_behind_the_packets_only(packets):
    stream = b"".join(frame(packet, "slip")[1:] for packet in packets)
    assert feed(stream, []) == packets


def test_slip_hides_its_own_bytes():
    assert frame(b"/\xc0\xdb", "slip") == b"\xc0/\xdb\xdc\xdb\xdd\xc0"


@pytest.mark.parametrize(("first", "framing"), [(b"\0", "length"), (END, "slip"), (b"/", "slip"), (b"#", "slip")])
def test_the_first_byte_tells_the_framing(first, framing):
    deframer = Deframer()
    assert deframer.framing is None
    deframer.feed(first)
    assert deframer.framing == framing


@pytest.mark.parametrize("stream", [b"GET / HTTP/1.1\r\n", b"\xff", b"\x7f\xff\xff\xff"])
def test_a_stream_of_something_else_is_hung_up_on(stream):
    with pytest.raises(StreamError, match="no OSC"):
        Deframer().feed(stream)


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\0\1\0\4", b"\0\xff\xff\xff"])
def test_a_length_that_no_packet_has_is_hung_up_on(size):
    with pytest.raises(StreamError, match=f"1 to {LARGEST}"):
        Deframer().feed(size)


def test_a_packet_without_end_is_hung_up_on_before_it_fills_the_memory():
    deframer = Deframer()
    for _ in range(131):
        deframer.feed(b"/" * 1000)
    with pytest.raises(StreamError, match="no end of packet"):
        deframer.feed(b"/" * 1000)


def test_a_broken_escape_spoils_its_own_packet_only():
    assert Deframer().feed(b"\xc0/a\xdbx\xc0\xc0/b\xc0") == [b"", b"/b"]


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_give_packets_or_hang_up(parts):
    deframer = Deframer()
    with contextlib.suppress(StreamError):
        for part in parts:
            assert all(isinstance(packet, bytes) for packet in deframer.feed(part))
