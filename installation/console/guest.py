"""The console as the conductor's guest: what of it belongs to the tick, and the room that it opens in the web."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from installation.console.entrance import PATH
from installation.console.faults import Faults
from installation.console.glances import Hands, Said, Turned, hands, turn
from installation.console.origins import find
from installation.console.picture import Feed
from installation.control.commands import COMMANDS
from installation.control.guest import Guest
from installation.machine.files import share
from installation.records import Order
from installation.stage import onlookers
from installation.web.announcement import is_local
from installation.web.door import url

if TYPE_CHECKING:
    from aiohttp import web

    from installation.control.guest import House
    from installation.programme.hours import Programme
    from installation.records import Message
    from installation.web.door import WebDoor

log = logging.getLogger(__name__)

HANDS_EVERY = 0.25  # seconds between two looks at what moves the knobs
ASK_EVERY = 1.0  # seconds between two reminders to the stage that somebody watches


class Console(Guest):
    """Owns the ring for the live picture, and the ear for faults. ``room`` is for the web door."""

    house: House
    hands: Hands

    def __init__(self) -> None:
        """Nothing is heard or laid yet."""
        self.faults = Faults()
        self.feed = Feed()
        self._turned: Mapping[str, Turned] = {}
        self._said = Said()
        self._door: WebDoor | None = None
        self._planned: Programme | None = None
        self._hands_at = self._ask_at = -math.inf

    def room(self, app: web.Application, door: WebDoor) -> None:
        """In the server's thread: everything at and below /console."""
        from installation.console.room import furnish

        furnish(app, door, self)
        self._door = door

    # ------------------------------------------------------------------ the guest

    def open(self, house: House) -> None:
        """Come in: lay the ring, and listen to the log."""
        self.house = house
        self.hands = hands(house, self._said, {}, 0.0)
        self.feed.ring = onlookers.lay(house.wires.glances)
        logging.getLogger().addHandler(self.faults)

    def hear(self, message: Message, now: float) -> bool:  # noqa: ARG002 - a picture is a picture at any time
        """``/origin``: a picture by its name. Raises ``OriginError`` where there is none. A prompt is overheard."""
        if message.address not in {"/origin", "/prompt"}:
            return False
        words = str(COMMANDS[message.address].parse(message.arguments))
        said = self._said.over(self.house.scene)
        if message.address == "/prompt":
            self._said = said.prompted(words)
            return False
        path = find(words, self.house.settings.state, share("assets"))
        self._said = said.brought(path)
        self.house.tell("engine", Order("adopt", {"path": path}))
        return True

    def look(self, now: float) -> None:
        """Tell the stage that somebody watches; see what moves the knobs."""
        if now >= self._hands_at:
            self._hands_at, self.hands = now + HANDS_EVERY, hands(self.house, self._said, self._turned, now)
        if self._planned is not None and self._planned is not self.house.programme:
            self.house.follow(self._planned)
        if self._door and self._door.port:
            self._announce(self._door.port)
            self._door = None
        if self.feed.is_watched and now >= self._ask_at:
            self._ask_at = now + ASK_EVERY
            self.house.tell("stage", Order("watched"))

    def plan(self, programme: Programme) -> None:
        """In the server's thread: have the house keep to another plan from the next tick on."""
        self._planned = programme

    def _announce(self, port: int) -> None:
        """Say where the page is, each time that the web was opened."""
        web = self.house.settings.web
        wall = "" if is_local(web.host) or web.passcode else " Without a web.passcode others can only look on."
        log.info("The console is at %s%s.%s", url(web.host, port), PATH.lstrip("/"), wall)

    def news(self, values: Mapping[str, float], sources: Mapping[str, str]) -> None:  # noqa: ARG002 - OSCQuery's
        """Who turned what."""
        if sources:
            self._turned = turn(self._turned, sources)

    def close(self) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self.faults)
