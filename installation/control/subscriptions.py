"""Subscriptions: who hears which values, and until when.

A value goes to everybody who asked for it, at most 30 times a second and always the newest, but not to the peer that
set it: its fader would fight the hand that holds it. Once that hand has been still for a moment the peer is told too,
if the piece stands elsewhere than where it was told to go (the value was out of range, rounded, or taken over since).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from installation.control.packets import Plain
from installation.control.patterns import Pattern, parse
from installation.errors import Refusal

LEASE = 60.0  # seconds a subscription lasts
TELL_EVERY = 1 / 30  # seconds between two values of one address
ECHO_AFTER = 0.25  # seconds of silence after which whoever set a value may be corrected
MOST_SUBSCRIBERS = 64
MOST_PATTERNS = 16  # of one subscriber
BY_NAME = "LISTEN"  # where a lease stands among the patterns, which begin with a slash
ALL = "//"
NOTHING = Pattern("", ())
SAME = 1e-6  # of a value: what a float32 loses


class SubscriptionError(Refusal):
    """A subscription there is no room for."""


class Route(Protocol):
    """A way back to somebody: a datagram's sender, a connection."""

    @property
    def source(self) -> str:
        """Who it is, as messages say it."""
        ...

    @property
    def host(self) -> str:
        """The address on the network."""
        ...

    def say(self, packet: bytes) -> bool:
        """Send without waiting; False when that is not possible now."""
        ...

    def to(self, port: int) -> Route:
        """The same machine at another port."""
        ...


@dataclass(frozen=True, slots=True)
class Touch:
    """A value that somebody set, and the moment from which its sender may hear of it (monotonic seconds)."""

    source: str
    value: Plain
    until: float


@dataclass(slots=True)
class Lease:
    """One pattern of one subscriber; ``owed`` are the addresses whose newest value was not told yet."""

    pattern: Pattern
    route: Route
    until: float
    owed: dict[str, None] = field(default_factory=dict)
    _fits: dict[str, bool] = field(default_factory=dict)

    def wants(self, address: str) -> bool:
        """Whether the pattern stands for an address of ours; each is looked at once."""
        if address not in self._fits:
            self._fits[address] = self.pattern.matches(address)
        return self._fits[address]

    def also(self, address: str) -> None:
        """Hear one address more."""
        self._fits[address] = True

    def no_more(self, address: str) -> None:
        """Hear one address less."""
        self._fits[address] = False
        self.owed.pop(address, None)


class Subscriptions:
    """Owned by the door's thread. Time comes in as monotonic seconds."""

    def __init__(self) -> None:
        """Nobody listens, and nothing was said yet."""
        self.values: dict[str, Plain] = {}
        self._touches: dict[str, Touch] = {}
        self._leases: dict[str, dict[str, Lease]] = {}

    def __len__(self) -> int:
        """How many subscribers there are."""
        return len(self._leases)

    def subscribe(self, source: str, pattern: str, route: Route, now: float) -> int:
        """Begin or renew a lease of 60 s; whoever is new is owed all values. Returns how many there are now.

        Raises ``PatternError``, and ``SubscriptionError`` where too many listen, or one to too many patterns.
        """
        leases = self._leases.get(source, {})
        if known := leases.get(pattern):
            known.until, known.route = now + LEASE, route
            return sum(map(known.wants, self.values))
        self._require_room(source, leases)
        wanted = parse(pattern)
        owed = [address for address in self.values if wanted.matches(address)]
        self._leases.setdefault(source, leases)[pattern] = Lease(wanted, route, now + LEASE, dict.fromkeys(owed))
        return len(owed)

    def unsubscribe(self, source: str, pattern: str = "") -> int:
        """End one of somebody's leases, or all of them; returns how many."""
        leases = self._leases.get(source, {})
        ended = [each for each in leases if pattern in {"", each}]
        for each in ended:
            del leases[each]
        if not leases:
            self._leases.pop(source, None)
        return len(ended)

    def listen(self, source: str, address: str, route: Route) -> None:
        """Hear one address by its name, for as long as the connection lasts; it is owed what stands there.

        Raises ``SubscriptionError`` where too many listen.
        """
        leases = self._leases.get(source, {})
        if BY_NAME not in leases:
            self._require_room(source, leases)
            self._leases.setdefault(source, leases)[BY_NAME] = Lease(NOTHING, route, math.inf)
        leases[BY_NAME].also(address)
        if address in self.values:
            leases[BY_NAME].owed[address] = None

    def ignore(self, source: str, address: str) -> None:
        """Hear one address no more, if it was heard by its name."""
        if lease := self._leases.get(source, {}).get(BY_NAME):
            lease.no_more(address)

    def learn(self, values: Mapping[str, Plain], touches: Mapping[str, Touch]) -> None:
        """Hear what the piece stands at now, and who had set what before."""
        self._touches.update(touches)
        changed = [address for address, value in values.items() if self.values.get(address) != value]
        self.values.update(values)
        for address in changed if self._leases else ():
            for lease in self._each():
                if lease.wants(address):
                    lease.owed[address] = None

    def tell(self, now: float) -> Iterator[tuple[Route, Sequence[str]]]:
        """The addresses whose values are to be said now, and to whom. To be asked for 30 times a second."""
        self._end_leases(now)
        for source, leases in list(self._leases.items()):
            for lease in leases.values():
                if ready := [address for address in lease.owed if self._may_hear(source, address, now)]:
                    for address in ready:
                        del lease.owed[address]
                    if told := [address for address in ready if not self._is_echo(source, address)]:
                        yield lease.route, told

    def _may_hear(self, source: str, address: str, now: float) -> bool:
        touch = self._touches.get(address)
        return touch is None or touch.source != source or now >= touch.until

    def _is_echo(self, source: str, address: str) -> bool:
        """Whether somebody would only hear its own value; once it heard another, it hears everything."""
        touch = self._touches.get(address)
        if touch is None or touch.source != source:
            return False
        if _same(self.values[address], touch.value):
            return True
        del self._touches[address]
        return False

    def _require_room(self, source: str, leases: Mapping[str, Lease]) -> None:
        if len(leases) >= MOST_PATTERNS:
            raise SubscriptionError(f"{MOST_PATTERNS} patterns are heard already. Subscribe to one that says more.")
        if source not in self._leases and len(self._leases) >= MOST_SUBSCRIBERS:
            raise SubscriptionError(f"{MOST_SUBSCRIBERS} listen already. Try again in a minute.")

    def _end_leases(self, now: float) -> None:
        ended = [
            (who, what) for who, leases in self._leases.items() for what, each in leases.items() if now >= each.until
        ]
        for who, what in ended:
            self.unsubscribe(who, what)

    def _each(self) -> Iterator[Lease]:
        for leases in self._leases.values():
            yield from leases.values()


def _same(stands: Plain, told: Plain) -> bool:
    if isinstance(stands, str) or isinstance(told, str):
        return stands == told
    return math.isclose(stands, told, rel_tol=SAME, abs_tol=SAME)
