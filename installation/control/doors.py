"""The doors: one inbox for everybody who wants something, the OSC door before it, and what goes out to listeners."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from installation.control.directory import Directory
from installation.control.herald import Herald
from installation.control.inbox import Inbox
from installation.control.osc import OscDoor, OscError, Tally
from installation.control.packets import Plain
from installation.control.subscriptions import ECHO_AFTER, Touch
from installation.knobs import Knob
from installation.machine.settings import split_target
from installation.records import Message

if TYPE_CHECKING:
    from installation.machine.settings import OscSettings

log = logging.getLogger(__name__)

RETRY = 10.0  # seconds between two tries of a port that was busy


class Door(Protocol):
    """A way in besides OSC: what its peers sent was posted, and here they are told what came of it. Never waits."""

    def tell(self, values: Mapping[str, Plain], touches: Mapping[str, Touch]) -> None:
        """What its subscribers may hear: values, and whose hand some of them were set by."""
        ...

    def answer(self, source: str, address: str, value: float) -> None:
        """Reply with a knob's board value to whoever asked, if it was one of its peers."""
        ...

    def object(self, source: str, address: str, sentence: str) -> None:
        """Tell whoever sent something why it was refused, if it was one of its peers."""
        ...

    @property
    def refused(self) -> int:
        """How many messages it did not take."""
        ...


class Doors:
    """Owns the inbox, the OSC door and the herald. Any thread may post; the rest belongs to the tick."""

    def __init__(self, settings: OscSettings, knobs: Mapping[str, Knob]) -> None:
        """Nothing listens yet, but the inbox is open."""
        self.directory = Directory(knobs)
        self._settings = settings
        self._inbox = Inbox(knobs)
        self._osc: OscDoor | None = None
        self._others: tuple[Door, ...] = ()
        self._herald: Herald | None = None
        self._retry = math.inf
        self._touches: dict[str, Touch] = {}
        self._stands: dict[str, Plain] = {}

    def open(self, now: float) -> None:
        """Speak and listen; where nobody can listen, say why and try again later: the show goes on without OSC."""
        self._herald = self._herald or Herald([split_target(each) for each in self._settings.readings_to])
        try:
            self._osc = OscDoor(self._settings, self.directory, self.post)
        except OscError as error:
            if self._retry == math.inf:
                log.error("%s The show goes on without OSC and tries again.", error)  # noqa: TRY400 - a sentence
            self._retry = now + RETRY
            return
        self._retry = math.inf
        self._osc.tell(self._stands, {})
        tally = self._osc.tally
        log.info("OSC at port %d, UDP and TCP; %d KiB may wait.", self._osc.port, tally.buffer_bytes // 1024)

    def add(self, door: Door) -> None:
        """From now on a door's peers are answered, and hear what there is to hear, like those over OSC."""
        self._others += (door,)
        door.tell(self._stands, {})

    def mind(self, now: float) -> None:
        """Try a busy port again, and open a door again whose thread has died."""
        if self._osc and not self._osc.is_alive:
            log.error("A thread of the OSC door has died; it is opened again.")
            self._osc.close()
            self._osc, self._retry = None, now
        if now >= self._retry:
            self.open(now)

    def close(self) -> None:
        """Stop listening and speaking."""
        for each in (self._osc, self._herald):
            if each:
                each.close()
        self._osc = self._herald = None

    def post(self, *messages: Message, due: float = 0.0) -> bool:
        """The inbox: any thread may post messages that belong together, for now or for a later moment."""
        return self._inbox.post(*messages, due=due)

    def heard(self, now: float) -> Sequence[Message]:
        """What this tick should answer, in order."""
        return self._inbox.take(now)

    def touched(self, message: Message, now: float) -> None:
        """A knob was set: its sender is not told what it has just said."""
        glide = self.directory.knobs[message.address].glide
        self._touches[message.address] = Touch(message.source, message.arguments[0], now + glide + ECHO_AFTER)

    @property
    def touches(self) -> dict[str, str]:
        """Who turned which knob since the last ``tell``."""
        return {address: touch.source for address, touch in self._touches.items()}

    def tell(self, values: Mapping[str, float]) -> None:
        """What knobs stand at now, as board values."""
        if values or self._touches:
            knobs = self.directory.knobs
            shown = {address: knobs[address].show(value) for address, value in values.items()}
            self._stands |= shown  # a door that opens late must know also what has not moved since
            for door in self._listening():
                door.tell(shown, self._touches)
        self._touches = {}

    def read_out(self, notes: Sequence[tuple[str, float | str]]) -> None:
        """What was measured: to whom machine.toml names, and to those who subscribed."""
        self._stands |= dict(notes)  # a cue that stood by before the web opened still does
        if self._herald:
            self._herald.tell(notes)
        for door in self._listening():
            door.tell(dict(notes), {})

    def answer(self, message: Message, value: float) -> None:
        """Reply to a question with what the knob stands at."""
        for door in self._listening():
            door.answer(message.source, message.address, value)

    def object(self, message: Message, sentence: str) -> None:
        """Tell whoever sent a message why it was refused."""
        for door in self._listening():
            door.object(message.source, message.address, sentence)

    @property
    def port(self) -> int | None:
        """The port that performers reach, once it is open."""
        return self._osc.port if self._osc else None

    @property
    def refused(self) -> int:
        """How many messages were not taken, for whatever reason, before the tick saw them."""
        return sum(door.refused for door in self._listening()) + self._inbox.dropped

    @property
    def tally(self) -> Tally:
        """What came through the OSC door so far."""
        return self._osc.tally if self._osc else Tally()

    def _listening(self) -> Sequence[Door]:
        return (self._osc, *self._others) if self._osc else self._others
