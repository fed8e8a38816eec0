"""The peers: every machine that sent something, how much it may, and what came of it; so many are remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MOST_PEERS = 256  # the one not heard for longest is forgotten first
ERRORS_RATE, ERRORS_BURST = 5.0, 10.0  # answers to what was refused; a wrong fader sends sixty a second
REPLIES_RATE, REPLIES_BURST = 200.0, 1000.0  # answers to questions; a surface asks for all its knobs when it opens
HELLO_RATE, HELLO_BURST = 1.0, 3.0  # passcodes
PATTERNS_RATE, PATTERNS_BURST = 20.0, 60.0  # patterns that were not looked up before: each costs milliseconds


class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` per second in the long run."""

    __slots__ = ("_burst", "_filled", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        """Full."""
        self._rate, self._burst, self._tokens, self._filled = rate, burst, burst, now

    def take(self, amount: float, now: float) -> bool:
        """Take so many tokens, or none where there are not as many."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True


@dataclass(slots=True)
class Peer:
    """One machine: what it may, and what came of what it sent. Owned by the door's thread."""

    host: str
    admitted: bool
    messages: Bucket
    errors: Bucket
    replies: Bucket
    hellos: Bucket
    patterns: Bucket
    received: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Peers:
    """The peers by their address on the network, the least recently heard first."""

    def __init__(self, allow: Sequence[str], rate: float) -> None:
        """Nobody yet. ``rate``: messages a second from one machine."""
        self._networks = tuple(ip_network(each) for each in allow)
        self._rate = rate
        self._peers: OrderedDict[str, Peer] = OrderedDict()

    def of(self, host: str, now: float) -> Peer:
        """The peer of an address; a new one where it was not heard before, or not for long."""
        if peer := self._peers.get(host):
            self._peers.move_to_end(host)
            return peer
        if len(self._peers) >= MOST_PEERS:
            self._peers.popitem(last=False)
        limits = (
            (self._rate, self._rate),
            (ERRORS_RATE, ERRORS_BURST),
            (REPLIES_RATE, REPLIES_BURST),
            (HELLO_RATE, HELLO_BURST),
            (PATTERNS_RATE, PATTERNS_BURST),
        )
        messages, errors, replies, hellos, patterns = (Bucket(*each, now) for each in limits)
        peer = self._peers[host] = Peer(host, self.admits(host), messages, errors, replies, hellos, patterns)
        return peer

    def admits(self, host: str) -> bool:
        """Whether this machine may play: it is this very machine, or in a network that is allowed, or all are."""
        if not self._networks or is_here(host):
            return True
        address = _address(host)
        return any(address in network for network in self._networks)

    def tally(self) -> Mapping[str, Peer]:
        """Everybody remembered, from any thread; the records go on counting."""
        return self._peers.copy()


def is_here(host: str) -> bool:
    """Whether an address is this machine's own."""
    return _address(host).is_loopback


def _address(host: str) -> IPv4Address | IPv6Address:
    """The address, an IPv4 one where IPv6 only carries it."""
    address = ip_address(host.partition("%")[0])
    carried = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return carried or address
