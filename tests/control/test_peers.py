"""Who may send, and how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.control.passcode import Passcode
from installation.control.peers import MOST_PEERS, Bucket, Peers, is_here


@given(st.lists(st.floats(0.0, 0.5), max_size=60))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(waits):
    bucket, now, given_ = Bucket(10.0, 5.0, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        given_ += bucket.take(1.0, now)
    assert given_ <= 5.0 + 10.0 * now + 1e-6


def test_a_bucket_fills_again_and_not_beyond_its_burst():
    bucket = Bucket(10.0, 5.0, 0.0)
    assert [bucket.take(1.0, 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(1.0, 0.1)
    assert [bucket.take(1.0, 1000.0) for _ in range(6)] == [True] * 5 + [False]


def test_what_is_too_much_takes_nothing():
    bucket = Bucket(1.0, 5.0, 0.0)
    assert not bucket.take(6.0, 0.0)
    assert bucket.take(5.0, 0.0)


ADMITTED = [
    ("192.168.1.7", ("192.168.1.0/24",), True),
    ("192.168.2.7", ("192.168.1.0/24",), False),
    ("10.0.0.7", ("192.168.1.0/24", "10.0.0.7"), True),
    ("::ffff:192.168.1.7", ("192.168.1.0/24",), True),
    ("fd00::1", ("fd00::/8",), True),
    ("fe80::1%eth0", ("fe80::/10",), True),
    ("fd00::1", ("192.168.1.0/24",), False),
    ("127.0.0.1", ("192.168.1.0/24",), True),
    ("::1", ("192.168.1.0/24",), True),
    ("203.0.113.5", (), True),
]


@pytest.mark.parametrize(("host", "allow", "admitted"), ADMITTED)
def test_networks_are_allowed_by_name_and_this_machine_always(host, allow, admitted):
    assert Peers(allow, 1.0).admits(host) is admitted


def test_this_machine_is_known_by_all_its_loopback_addresses():
    assert all(map(is_here, ("127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1")))
    assert not is_here("192.168.1.7")


def test_a_bounded_number_of_peers_is_remembered_and_the_stalest_forgotten():
    peers = Peers((), 100.0)
    first = peers.of("10.0.0.1", 0.0)
    peers.of("10.0.0.2", 0.0)
    for number in range(MOST_PEERS - 1):
        peers.of(f"10.1.{number // 256}.{number % 256}", 0.0)
        peers.of("10.0.0.1", 0.0)
    assert peers.of("10.0.0.1", 0.0) is first
    assert len(peers.tally()) == MOST_PEERS
    assert "10.0.0.2" not in peers.tally()


def test_a_passcode_fits_itself_and_nothing_else():
    passcode = Passcode("glühend")
    assert passcode.fits("glühend")
    assert not any(map(passcode.fits, ("", "gluhend", "glühend ", "GLÜHEND", "x" * 100_000)))


def test_two_doors_with_one_passcode_keep_different_digests():
    assert Passcode("same")._digest != Passcode("same")._digest
