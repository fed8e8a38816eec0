"""The porter: it reads what came to the OSC door, hands on what can be understood, and answers whoever asked.

It owns no socket and no thread: packets and the ways back to their senders come in, messages for the tick go out. One
thread at a time may use it.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from installation.control.commands import SYSTEM
from installation.control.directory import Directory, is_question
from installation.control.inbox import Post
from installation.control.packets import (
    LONGEST_STRING,
    MOST_TOGETHER,
    Argument,
    PacketError,
    Part,
    Plain,
    bundles,
    decode,
    encode,
    is_pattern,
    unwrap,
)
from installation.control.passcode import Passcode
from installation.control.patterns import parse
from installation.control.peers import Bucket, Peer, Peers, is_here
from installation.control.subscriptions import ALL, LEASE, Route, Subscriptions, Touch
from installation.control.thinning import fader, faders
from installation.errors import Refusal
from installation.knobs import KnobError
from installation.records import Message

if TYPE_CHECKING:
    from installation.machine.settings import DoorSettings

log = logging.getLogger(__name__)

SILENCE = 60.0  # seconds between two lines about one cause
HORIZON = 60.0  # seconds ahead that a time tag may lie
MOST_ROUTES = 1024  # senders to whom the tick may still have something to say
LONGEST_REASON = 300  # characters of a sentence that goes back
LOOKING_AROUND = 20.0  # replies that a subscription or a pattern that asks counts as: all values are looked at
ALL_ERRORS, ALL_REPLIES = (20.0, 40.0), (1000.0, 4000.0)  # a second and at once, to all: senders can be invented
CONNECTED = ("osc tcp ", "osc ws ", "console ")  # how the sources begin that can say a passcode once and for all
OURS = ("/reply/", "/error")  # what we say ourselves: never answered, or two pieces would talk for ever

Clock = Callable[[], float]


class Porter:
    """Owns what is known of the peers and their subscriptions."""

    def __init__(
        self,
        settings: DoorSettings,
        directory: Directory,
        post: Post,
        clock: Clock = time.monotonic,
        wall: Clock = time.time,
    ) -> None:
        """``post`` takes messages for the tick; ``clock`` is the machine's monotonic clock, ``wall`` its date."""
        self.peers = Peers(settings.allow, settings.peer_rate)
        self.subscriptions = Subscriptions()
        self.received = 0
        self.refused: dict[str, int] = {}
        self.last_refusal = ""
        self.faders = faders(directory.knobs)
        self._directory, self._post, self._clock, self._wall = directory, post, clock, wall
        self._passcode = Passcode(settings.passcode.get_secret_value()) if settings.passcode else None
        self._errors, self._replies = (Bucket(*each, clock()) for each in (ALL_ERRORS, ALL_REPLIES))
        self._greeted: OrderedDict[str, None] = OrderedDict()
        self._routes: OrderedDict[str, Route] = OrderedDict()
        self._said: dict[str, float] = {}

    # ------------------------------------------------------------------ what comes in

    def take(self, packet: bytes, route: Route, times: int = 1) -> None:
        """Read one packet: whatever is in it, nothing but counters, messages and answers comes of it.

        A fader's newest value stands for all that came with it, ``times`` in all: they count, and no more.
        """
        now = self._clock()
        peer = self.peers.of(route.host, now)
        try:
            self._admit(peer, now, times)
            parts = unwrap(packet)
            self._spend(peer, len(parts) - 1, now)
        except PacketError as refusal:
            self.refuse(route, refusal.cause, str(refusal))
            return
        self._remember(route)
        self.received += times - 1
        peer.received += times - 1
        for due, together in _by_moment(parts).items():
            self._hand_on(together, due, route)

    def _hand_on(self, parts: Sequence[Part], due: float, route: Route) -> None:
        """Post the messages of one moment together."""
        messages = [message for part in parts for message in self._understand(part.data, route)]
        self.received += len(parts)
        self.peers.of(route.host, self._clock()).received += len(parts)
        if not messages:
            return
        ahead = due - self._wall() if due else 0.0
        if len(messages) > MOST_TOGETHER:
            self.refuse(route, "size", f"{len(messages)} messages at once; {MOST_TOGETHER} are taken.")
        elif ahead > HORIZON:
            sentence = f"A bundle for {ahead:.0f} s from now; {HORIZON:g} are taken. Are both clocks right?"
            self.refuse(route, "too far ahead", sentence, messages[0].address)
        elif not self._post(*messages, due=self._clock() + ahead if ahead > 0.0 else 0.0):
            self.refuse(route, "full", "Too much waits already.", messages[0].address)

    def _understand(self, data: bytes, route: Route) -> list[Message]:
        """The messages for the tick that one message means: none, itself, or one for each address of its pattern."""
        address = ""
        try:
            address, arguments = fader(data) or decode(data)
            if address.startswith(OURS):
                self._count(route.host, "answers")
                return []
            self._require_greeting(address, route)
            if address.startswith("/sys/"):
                self._serve(address, arguments, route)
                return []
            found = self._spread(address, arguments, route) if is_pattern(address) else [(address, arguments)]
            return [each for at, told in found for each in self._message(at, told, route)]
        except PacketError as refusal:
            self.refuse(route, refusal.cause, str(refusal), address)
        except Refusal as refusal:
            self.refuse(route, "unknown" if self._is_unknown(address) else "value", str(refusal), address)
        return []

    def _message(self, address: str, arguments: tuple[Argument, ...], route: Route) -> Iterator[Message]:
        """The message for the tick, where there is one: what the porter knows it answers itself."""
        source, stamp = route.source, int(self._clock() * 1e9)
        if is_question(arguments) and address in self._directory.knobs:
            self.spend_reply(route)
            yield Message(address, ("?",), source, stamp)
        elif arguments == ("?",) and address in self._directory.commands:
            self.spend_reply(route)
            self.reply(route, address, self._directory.describe(address))
        elif is_question(arguments) and address in self.subscriptions.values:
            self.spend_reply(route)
            self.reply(route, address, {"value": self.subscriptions.values[address]})
        else:
            self._directory.require(address, arguments)
            yield Message(address, _plain(address, arguments), source, stamp)

    def _spread(
        self, pattern: str, arguments: tuple[Argument, ...], route: Route
    ) -> list[tuple[str, tuple[Argument, ...]]]:
        """The addresses a pattern stands for that take this. Raises ``PacketError`` where there are none.

        Without an argument a pattern asks, also where a command would be carried out: a wish to know everything must
        not press everything.
        """
        addresses = self._addresses(pattern, route)
        if is_question(arguments):
            self.spend_reply(route, LOOKING_AROUND)
            addresses += tuple(self._values_only(pattern))
        told = arguments or ("?",)
        found = [(address, told) for address in addresses if is_question(told) or self._takes(address, told)]
        if not found:
            raise PacketError("pattern", f"{pattern[:60]}: nothing that takes this is at such an address.")
        return found

    def _addresses(self, pattern: str, route: Route) -> tuple[str, ...]:
        """The knobs and commands a pattern stands for; looking for them has its price, and so has every one found."""
        now = self._clock()
        peer = self.peers.of(route.host, now)
        if not (self._directory.remembers(pattern) or peer.patterns.take(1.0, now)):
            raise PacketError("rate", "Too many new patterns. Wait some seconds.")
        addresses = self._directory.matching(pattern)
        self._spend(peer, len(addresses), now)
        return addresses

    def _values_only(self, pattern: str) -> Iterable[str]:
        """The readings a pattern stands for: they can be asked and not told."""
        wanted = parse(pattern)
        return [at for at in self.subscriptions.values if at not in self._directory and wanted.matches(at)]

    def _takes(self, address: str, arguments: tuple[Argument, ...]) -> bool:
        try:
            self._directory.require(address, arguments)
        except Refusal:
            return False
        return True

    def listen(self, address: str, route: Route) -> None:
        """Tell a connection what stands at one address, until it hangs up: OSCQuery's LISTEN. Refusals are told."""
        self._attend(address, route, lambda: self.subscriptions.listen(route.source, address, route))

    def ignore(self, address: str, route: Route) -> None:
        """Tell it no more: OSCQuery's IGNORE."""
        self._attend(address, route, lambda: self.subscriptions.ignore(route.source, address))

    def _attend(self, address: str, route: Route, do: Callable[[], None]) -> None:
        now = self._clock()
        try:
            self._admit(self.peers.of(route.host, now), now)
            self._require_greeting(address, route)
            self._require_known(address)
            do()
        except PacketError as refusal:
            self.refuse(route, refusal.cause, str(refusal), address)
        except Refusal as refusal:
            self.refuse(route, "value", str(refusal), address)

    def _require_known(self, address: str) -> None:
        if not (address in self._directory or address in self.subscriptions.values):
            raise PacketError("unknown", f"Nothing is at {address[:120]}.")

    # ------------------------------------------------------------------ what the porter does itself

    def _serve(self, address: str, arguments: tuple[Argument, ...], route: Route) -> None:
        """Answer an address below /sys. Raises a ``Refusal``."""
        self.spend_reply(route)
        match address:
            case "/sys/ping":
                self.reply(route, address, [each for each in arguments if isinstance(each, str | int)])
            case "/sys/hello":
                self._greet(arguments, route)
            case "/sys/subscribe":
                self._subscribe(arguments, route)
            case "/sys/unsubscribe":
                pattern = next((each for each in arguments if isinstance(each, str)), "")
                self.reply(route, address, {"ended": self.subscriptions.unsubscribe(route.source, pattern)})
            case _:
                raise KnobError(f"Nothing listens at {address}.")

    def _subscribe(self, arguments: tuple[Argument, ...], route: Route) -> None:
        """A pattern and a port may be named, in any order."""
        pattern = next((each for each in arguments if isinstance(each, str)), ALL)
        ports = [each for each in arguments if isinstance(each, int) and not isinstance(each, bool)]
        if ports and not 0 < ports[0] < 65536:  # noqa: PLR2004 - UDP's ports
            raise KnobError(f"/sys/subscribe takes a port from 1 to 65535, not {ports[0]}.")
        self.spend_reply(route, LOOKING_AROUND)
        back = route.to(ports[0]) if ports else route
        count = self.subscriptions.subscribe(route.source, pattern, back, self._clock())
        self.reply(route, "/sys/subscribe", {"pattern": pattern, "addresses": count, "lease": LEASE})

    def _greet(self, arguments: tuple[Argument, ...], route: Route) -> None:
        guess = next((each for each in arguments if isinstance(each, str)), "")
        self.try_passcode(guess, route)
        self.welcome(route)
        self.reply(route, "/sys/hello", {})

    def try_passcode(self, guess: str, route: Route) -> None:
        """Hear a passcode, which takes some tens of milliseconds. Raises ``PacketError`` unless it is right."""
        if not self.peers.of(route.host, self._clock()).hellos.take(1.0, self._clock()):
            raise PacketError("rate", "Too many passcodes. Wait some seconds.")
        if self._passcode and not self._passcode.fits(guess):
            raise PacketError("passcode", "This is not the passcode.")

    def welcome(self, route: Route) -> None:
        """From now on a connection has said the passcode, in whatever way."""
        self._greeted[route.source] = None
        while len(self._greeted) > MOST_ROUTES:
            self._greeted.popitem(last=False)

    def wants_passcode(self, host: str) -> bool:
        """Whether this machine has to say a passcode."""
        return self._passcode is not None and not is_here(host)

    def _require_greeting(self, address: str, route: Route) -> None:
        """Where there is a passcode a connection must have said it, and only this machine may send datagrams."""
        if self._passcode is None or address in {"/sys/hello", "/sys/ping"}:
            return
        if route.source.startswith(CONNECTED):
            if route.source not in self._greeted:
                raise PacketError("passcode", "Say the passcode first: /sys/hello and a text.")
        elif not is_here(route.host):
            raise PacketError("passcode", "This machine wants a passcode, over TCP: /sys/hello and a text.")

    def admits(self, host: str) -> bool:
        """Whether a machine may connect; may be asked from any thread."""
        return self.peers.admits(host)

    def cut_off(self, route: Route, sentence: str) -> None:
        """Count a stream in which nothing could be read any more."""
        self.refuse(route, "stream", sentence)

    def forget(self, source: str) -> None:
        """A connection has ended: whoever has its port next has to say the passcode again."""
        self._greeted.pop(source, None)
        self._routes.pop(source, None)
        self.subscriptions.unsubscribe(source)

    # ------------------------------------------------------------------ what goes out

    def answer(self, source: str, address: str, value: float) -> None:
        """Reply with what a knob stands at, to whoever asked the tick."""
        if route := self._routes.get(source):
            self.reply(route, address, self._directory.describe(address, value))

    def object(self, source: str, address: str, sentence: str) -> None:
        """Tell somebody why the tick refused what it sent."""
        now = self._clock()
        if (route := self._routes.get(source)) and self._may_object(self.peers.of(route.host, now), now):
            route.say(_error(address, sentence))

    def reply(self, route: Route, address: str, data: Any) -> None:
        """Answer as QLab does: ``/reply/the/address`` and one text of JSON."""
        text = json.dumps({"address": address, "status": "ok", "data": data}, ensure_ascii=False)
        route.say(encode(f"/reply{address}", (text,)))

    def learn(self, values: Mapping[str, Plain], touches: Mapping[str, Touch]) -> None:
        """Hear what the piece stands at."""
        self.subscriptions.learn(values, touches)

    def tell(self) -> None:
        """Send every subscriber what changed; to be called 30 times a second."""
        written: dict[str, bytes] = {}
        for route, addresses in self.subscriptions.tell(self._clock()):
            for address in addresses:
                if address not in written:
                    written[address] = encode(address, (self.subscriptions.values[address],))
            for packet in bundles([written[address] for address in addresses]):
                route.say(packet)

    def refuse(self, route: Route, cause: str, sentence: str, address: str = "") -> None:
        """Count a refusal, log one a minute of each cause, and tell the sender: at most five a second."""
        now = self._clock()
        peer = self.peers.of(route.host, now)
        self._count(route.host, cause)
        tells = bool(address) and peer.admitted and cause != "rate" and self._may_object(peer, now)
        hint = self._hint(address) if tells or self._is_news(cause, now) else ""
        self.last_refusal = f"{route.source}: {sentence}{hint}"
        if self._is_news(cause, now):
            self._said[cause] = now
            log.warning(
                "Refused from %s: %s%s %d for this cause (%s) so far.",
                route.source,
                sentence,
                hint,
                self.refused[cause],
                cause,
            )
        if tells:
            route.say(_error(address, f"{sentence}{hint}"))

    def _hint(self, address: str) -> str:
        return self._directory.suggest(address, self.subscriptions.values) if self._is_unknown(address) else ""

    def _is_unknown(self, address: str) -> bool:
        known = address in self._directory or address in SYSTEM or is_pattern(address)
        return bool(address) and not known

    def _is_news(self, cause: str, now: float) -> bool:
        return now - self._said.get(cause, -math.inf) >= SILENCE

    def _count(self, host: str, cause: str) -> None:
        refused = self.peers.of(host, self._clock()).refused
        refused[cause] = refused.get(cause, 0) + 1
        self.refused[cause] = self.refused.get(cause, 0) + 1

    # ------------------------------------------------------------------ what is allowed

    def _admit(self, peer: Peer, now: float, messages: int = 1) -> None:
        if not peer.admitted:
            raise PacketError("not allowed", f"{peer.host} is in no network that this machine allows.")
        self._spend(peer, messages, now)

    def _spend(self, peer: Peer, messages: int, now: float) -> None:
        if not peer.messages.take(messages, now):
            raise PacketError("rate", "Faster than this machine's peer_rate.")

    def _may_object(self, peer: Peer, now: float) -> bool:
        return peer.errors.take(1.0, now) and self._errors.take(1.0, now)

    def spend_reply(self, route: Route, replies: float = 1.0) -> None:
        """Let somebody have an answer that costs as much as so many. Raises ``PacketError`` for too many."""
        now = self._clock()
        if not (self.peers.of(route.host, now).replies.take(replies, now) and self._replies.take(replies, now)):
            raise PacketError("rate", "Asked too often.")

    def _remember(self, route: Route) -> None:
        self._routes[route.source] = route
        self._routes.move_to_end(route.source)
        if len(self._routes) > MOST_ROUTES:
            self._routes.popitem(last=False)


def _error(address: str, sentence: str) -> bytes:
    return encode("/error", (address, sentence[:LONGEST_REASON]))


def _by_moment(parts: Sequence[Part]) -> dict[float, list[Part]]:
    """Messages that are for the same moment, together."""
    moments: dict[float, list[Part]] = {}
    for part in parts:
        moments.setdefault(part.due, []).append(part)
    return moments


def _plain(address: str, arguments: tuple[Argument, ...]) -> tuple[Plain, ...]:
    """Arguments the tick can take. Raises ``KnobError`` for blobs, nil and arrays."""
    plain = tuple(each for each in arguments if isinstance(each, Plain))
    if len(plain) != len(arguments) or any(isinstance(each, str) and len(each) > LONGEST_STRING for each in plain):
        raise KnobError(f"{address} takes numbers, switches and texts.")
    return plain
