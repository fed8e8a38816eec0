"""Of a fader that is moved the newest value counts; nothing else is lost, and nothing changes its place."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.control.packets import PacketError, decode, encode
from installation.control.thinning import fader, faders, head, thinned
from tests.control.test_packets import ZOO
from tests.control.test_porter import KNOBS, TEMPERATURE, Way, mutants

HEAT = "/burn/heat/temperature"
KNOWN = faders(KNOBS)
ANNA, BEN = Way("osc 10.0.0.1:1", "10.0.0.1"), Way("osc 10.0.0.2:1", "10.0.0.2")
ADDRESSES = st.from_regex(r"\A/[a-z/-]{0,30}\Z")


def batch(*said):
    """Datagrams from what was said: an address and a value each, or an address alone."""
    return [(encode(each[0], each[1:]), ANNA, 1) for each in said]


def told(datagrams):
    return [(address, *arguments) for address, arguments in (decode(packet) for packet, _, _ in datagrams)]


def states_at_events(said):
    """What every fader stood at, as often as something else was said, and at the end."""
    states: dict[str, float] = {}
    seen = []
    for address, *arguments in said:
        if address in {TEMPERATURE, HEAT}:
            states[address] = arguments[0]
        else:
            seen.append((address, dict(states)))
    return [*seen, states]


SAID = st.lists(
    st.tuples(st.sampled_from((TEMPERATURE, HEAT)), st.floats(0, 1, width=32))
    | st.sampled_from((("/go",), ("/panic/black", 1.0), ("/burn/*/temperature", 0.5))),
    max_size=40,
)


@given(SAID)
def test_every_event_finds_the_faders_where_they_stood_and_so_does_the_end(said):
    assert states_at_events(told(thinned(batch(*said), KNOWN))) == states_at_events(said)


@given(SAID)
def test_every_event_stays_in_its_order(said):
    kept = told(thinned(batch(*said), KNOWN))
    events = [each for each in said if each[0] not in {TEMPERATURE, HEAT}]
    assert [each for each in kept if each[0] not in {TEMPERATURE, HEAT}] == events


@given(SAID)
def test_nothing_goes_uncounted(said):
    assert sum(times for _, _, times in thinned(batch(*said), KNOWN)) == len(said)


def test_a_thousand_values_of_two_faders_are_two():
    said = [(address, number / 1000) for number in range(1000) for address in (TEMPERATURE, HEAT)]
    kept = thinned(batch(*said), KNOWN)
    assert [times for _, _, times in kept] == [1000, 1000]


def test_two_senders_are_both_heard():
    both = [(encode(TEMPERATURE, (0.25,)), way, 1) for way in (ANNA, BEN, ANNA)]
    assert [(way, times) for _, way, times in thinned(both, KNOWN)] == [(BEN, 1), (ANNA, 2)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_does_not_hide_the_one_before_it(value):
    bad = head(TEMPERATURE) + struct.pack(">f", value)
    kept = thinned([*batch((TEMPERATURE, 0.5)), (bad, ANNA, 1)], KNOWN)
    assert [packet for packet, _, _ in kept] == [encode(TEMPERATURE, (0.5,)), bad]


def test_switches_and_choices_are_no_faders():
    assert frozenset({head(TEMPERATURE), head(HEAT)}) == KNOWN


@given(ADDRESSES, st.floats(width=32, allow_nan=False))
def test_the_short_way_reads_what_the_long_way_reads(address, value):
    packet = head(address) + struct.pack(">f", value)
    assert fader(packet) == decode(packet) == (address, (value,))


def test_whatever_the_short_way_takes_the_long_way_takes_as_the_same():
    for packet in (*ZOO.values(), *mutants(20_000, seed=5)):
        if (short := fader(packet)) is not None:
            assert repr(decode(packet)) == repr(short)


def test_what_the_long_way_refuses_the_short_way_does_not_take():
    for packet in (b"", b"/a\0\0", b"no address\0\0,f\0\0abcd", b"/a#b\0\0\0\0,f\0\0abcd", b"/a\0b,f\0\0abcd"):
        assert fader(packet) is None
    with pytest.raises(PacketError):
        decode(b"/a#b\0\0\0\0,f\0\0abcd")
