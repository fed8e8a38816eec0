"""Prometheus as the conductor's guest: it seizes the picture, asks for money, and gives it back to whoever has the key.

The engine turns the key, in memory and on a copy; no file is opened, read or written. Whoever attacks sees what
everybody sees: the first bytes of what hangs on the wall.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from installation.burns.cipher import HEADER, SMOOTH, roughness
from installation.control.commands import COMMANDS
from installation.control.guest import Guest
from installation.machine.ring import Ring
from installation.machine.supervisor import Duty
from installation.market import ransom, readings, search
from installation.market.ransom import RansomError, Ticket
from installation.readings.register import Taken, Value
from installation.records import Message, Order

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.machine.staff import Employee
    from installation.records import Report
    from installation.scenes import Scene
    from installation.stakes import Phase, Ransom

log = logging.getLogger(__name__)

SOURCE = "prometheus"
NEWS: Mapping[Phase, str] = {
    "free": "The picture is free.",
    "held": "The picture is held to ransom.",
    "auction": "Nobody has paid; the picture is auctioned.",
    "burning": "The picture burns.",
    "leafing": "It is burnt; another one is sought.",
}
PATIENCE = (search.PATIENCE, search.PATIENCE)
FRESH = "/loop/fresh"  # with a chance of 1 another picture of the album in every generation


class Prometheus(Guest):
    """At most one picture at a time, wherever a scene has a ``[ransom]``. ``draw`` gives a number of so many bits."""

    _house: House

    def __init__(self, draw: Callable[[int], int] = secrets.randbits) -> None:
        """Nothing is held."""
        self.ticket = Ticket()
        self._draw = draw
        self._terms: Ransom | None = None
        self._scene: Scene | None = None
        self._attack: Employee | None = None
        self._open = True
        self._now = 0.0

    def open(self, house: House) -> None:
        """Come in."""
        self._house = house

    def hear(self, message: Message, now: float) -> bool:
        """``/prometheus/…``; where the piece begins again from its origin, or is closed, nothing is taken from it."""
        command = COMMANDS[message.address]
        told = command.parse(message.arguments)
        if message.address == "/panic/origin" and told and self._terms:
            self._turn_to(ransom.remembered(self.ticket, self._terms, now), self._terms, remembered=True)
        if message.address == "/programme/open":
            self._open = bool(told)
        if not message.address.startswith("/prometheus/"):
            return False
        terms = self._require_terms()
        match message.address, told:
            case "/prometheus/pay", float(amount):
                self._turn_to(ransom.payment(self.ticket, terms, amount, now), terms)
            case "/prometheus/bid", float(amount):
                self._turn_to(ransom.bid(self.ticket, message.source, amount), terms)
            case "/prometheus/attack", bool(wanted):
                self._search(terms) if wanted else self._give_up(now)
        return True

    def look(self, now: float) -> None:
        """Let time pass; a scene that comes or goes begins with a picture that is free."""
        self._now = now
        if self._house.scene is not self._scene:
            self._scene, self._terms = self._house.scene, self._house.scene.ransom
            self._give_up(now)
            if self._terms:
                self.ticket = ransom.begun(self._terms, now)
                self._say(self._terms)
        if self._terms and self._house.serial and self._open and now >= self.ticket.until:
            tick = self._draw(self._terms.bits)
            self._turn_to(ransom.passed(self.ticket, self._terms, now, tick), self._terms)

    def readings(self) -> Mapping[str, Taken]:
        """The ticket, and how far the attack is."""
        if self._terms is None:
            return {}
        vitals = self._attack.ward.vitals.read() if self._attack else search.SEARCH_VITALS
        return on_the_wall(self.ticket, self._terms, self._now, vitals)

    # ------------------------------------------------------------------ what follows from a change

    def _turn_to(self, ticket: Ticket, terms: Ransom, *, remembered: bool = False) -> None:
        """Do what a new state wants done; ``remembered``, the engine has the picture back already."""
        before, self.ticket = self.ticket, ticket
        if ticket.tick != before.tick and not remembered:
            turned = before.tick if ticket.tick is None else ticket.tick
            self._house.tell("engine", Order("cipher", {"tick": turned, "locked": ticket.is_locked}))
        if ticket.phase != before.phase:
            log.info("%s", NEWS[ticket.phase])
            self._enter(ticket.phase, terms)
            self._say(terms)

    def _enter(self, phase: str, terms: Ransom) -> None:
        if phase != "held":
            self._give_up(self._now)
        match phase:
            case "burning":
                self._post((terms.fire, terms.heat))
            case "leafing":
                self._post((terms.fire, 0.0), (FRESH, 1.0))
            case "free":
                self._post(("/knob/release", terms.fire), ("/knob/release", FRESH))

    def _say(self, terms: Ransom) -> None:
        """The scene's own words for where the picture is now."""
        if terms.words:
            self._post(("/stage/caption", terms.words.get(self.ticket.phase, "")))

    def _post(self, *wishes: tuple[str, float | str]) -> None:
        self._house.post(*(Message(address, (wanted,), SOURCE) for address, wanted in wishes))

    # ------------------------------------------------------------------ the attack

    def _search(self, terms: Ransom) -> None:
        """Have every key tried on what hangs on the wall. Raises ``RansomError`` where that is no noise."""
        if self.ticket.phase != "held":
            raise RansomError("Nothing is encrypted now. There is no key to look for.")
        if self._attack is None:
            header = self._header()
            duty = Duty(search.NAME, search.run, (header, terms.bits), search.SEARCH_VITALS, *PATIENCE)
            self._attack = self._house.employ(duty, list, self._learn)
            log.info("Somebody tries all the 2^%d keys.", terms.bits)

    def _header(self) -> bytes:
        """The first bytes of the picture that is shown."""
        with contextlib.closing(Ring(self._house.wires.ring)) as ring:
            frame = ring.latest()
        if frame is None or roughness(frame.pixels.reshape(-1)[:HEADER]) < SMOOTH:
            raise RansomError("The picture is not encrypted yet. Try again in a moment.")
        return frame.pixels.tobytes()[:HEADER]

    def _learn(self, report: Report) -> None:
        if report.name == "found" and self._terms:
            tick = report.data["tick"]
            log.info("The key is that of tick %d.", tick)
            self._turn_to(ransom.found(self.ticket, self._terms, tick, self._now), self._terms)

    def _give_up(self, now: float) -> None:
        if self._attack:
            self._house.dismiss(search.NAME, now)
            self._attack = None

    def _require_terms(self) -> Ransom:
        if self._terms is None:
            raise RansomError("Nothing is held to ransom here. A scene with a [ransom], like prometheus, holds one.")
        return self._terms


def on_the_wall(ticket: Ticket, terms: Ransom, now: float, vitals: Mapping[str, float]) -> dict[str, Taken]:
    """Everything that is known of the ticket, by the addresses of its readings; ``vitals`` are the search's."""
    tried, rate = vitals["tried"], vitals["rate"]
    numbers = {
        readings.DEADLINE: max(ticket.until - now, 0.0),
        readings.OWED: max(terms.price - ticket.paid, 0.0) if ticket.phase == "held" else 0.0,
        readings.BID: ticket.bid,
        readings.COLLECTED: ticket.collected,
        readings.FREED: float(ticket.freed),
        readings.BURNT: float(ticket.burnt),
        readings.TRIED: tried,
        readings.SEARCHED: tried / 2.0**terms.bits,
    }
    if rate > 0.0:
        numbers |= {readings.RATE: rate, readings.EXPECTED: ransom.expected(terms.bits, rate)}
    return {address: Value(number) for address, number in numbers.items()}
