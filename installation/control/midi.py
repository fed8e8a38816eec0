"""MIDI: controllers play knobs and commands once they have learnt which, and the machine remembers.

``/midi/learn /loop/zoom``, then a turn of a knob: from now on it plays the zoom, over its whole range. Nothing runs and
no library is loaded until somebody wants to learn, or something was learnt before.
"""

from __future__ import annotations

import logging
import math
import queue
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from installation.control.commands import COMMANDS
from installation.control.guest import Guest
from installation.control.patchbay import BACKEND, LOOK_EVERY, MidiError, Patchbay, patch_of
from installation.knobs import Knob, nearest
from installation.records import Message

if TYPE_CHECKING:
    from installation.control.guest import House

log = logging.getLogger(__name__)

FILE = "midi.json"  # in the state folder
SOURCE = "midi"
LEARN_WITHIN = 30.0  # seconds after which nobody is going to move anything
PLAYABLE = frozenset({"press", "switch", "number"})  # what a command must take to be played


def control_of(message: Any) -> tuple[str, float] | None:
    """Which control a message of mido's moves, and how far, 0 to 1. None for what is no control.

    Controls are ``cc 1 74``, ``note 10 36``, ``bend 1``; channels count from 1. A key is 1 or 0, however hard it was
    struck.
    """
    match message.type:
        case "control_change":
            return f"cc {message.channel + 1} {message.control}", message.value / 127
        case "note_on" | "note_off":
            return f"note {message.channel + 1} {message.note}", float(
                message.type == "note_on" and message.velocity > 0
            )
        case "pitchwheel":
            return f"bend {message.channel + 1}", (message.pitch + 8192) / 16383
        case _:
            return None


def played(address: str, value: float, knobs: Mapping[str, Knob], stamp_ns: int) -> Message:
    """What a control at a value, 0 to 1, says to an address: a knob's range, a button, a number."""
    if knob := knobs.get(address):
        return Message(address, (knob.low + value * (knob.high - knob.low),), SOURCE, stamp_ns)
    command = COMMANDS.get(address)
    button = command is not None and command.takes != "number"
    return Message(address, (value >= 0.5 if button else value,), SOURCE, stamp_ns)  # noqa: PLR2004 - half way down


class Midi(Guest):
    """Owns the patch: which control plays which address."""

    _house: House

    def __init__(self, backend: str = BACKEND, every: float = LOOK_EVERY) -> None:
        """No port is open yet. ``backend`` and ``every`` are the patchbay's."""
        self._backend, self._every = backend, every
        self._patch: dict[str, str] = {}
        self._bay: Patchbay | None = None
        self._learning, self._until = "", -math.inf

    def open(self, house: House) -> None:
        """Come in; open the ports if anything was learnt. Raises ``MidiError`` for a damaged patch."""
        self._house = house
        self._patch = patch_of(house.settings.state / FILE)
        if self._patch:
            self._plug_in()

    def hear(self, message: Message, now: float) -> bool:
        """``/midi/learn`` and ``/midi/forget``."""
        match message.address:
            case "/midi/learn":
                self._learn(str(COMMANDS[message.address].parse(message.arguments)), now)
            case "/midi/forget":
                self._forget(str(COMMANDS[message.address].parse(message.arguments)))
            case _:
                return False
        return True

    def look(self, now: float) -> None:
        """Learn from, or play, what was moved since the last look."""
        if self._learning and now > self._until:
            log.info("Nothing was moved; MIDI learns no more.")
            self._learning = ""
        while self._bay and not self._bay.heard.empty():
            try:
                moved = control_of(self._bay.heard.get_nowait())
            except queue.Empty:
                return
            if moved:
                self._play(*moved, now)

    def close(self) -> None:
        """Let go of the ports."""
        if self._bay:
            self._bay.close()

    def _play(self, control: str, value: float, now: float) -> None:
        if self._learning and not (control.startswith("note") and not value):  # a key's letting go chooses nothing
            log.info("MIDI %s plays %s.", control, self._learning)
            self._patch[control], self._learning = self._learning, ""
            self._keep()
        if address := self._patch.get(control):
            self._house.post(played(address, value, self._house.knobs, int(now * 1e9)))

    def _learn(self, address: str, now: float) -> None:
        if address:
            self._require_playable(address)
            self._plug_in()
        self._learning, self._until = address, now + LEARN_WITHIN

    def _forget(self, address: str) -> None:
        if address and address not in self._patch.values():
            raise MidiError(f"No MIDI controller plays {address[:120]}.{nearest(address, self._patch.values())}")
        self._patch = {control: plays for control, plays in self._patch.items() if address and plays != address}
        self._plug_in()
        self._keep()

    def _require_playable(self, address: str) -> None:
        command = COMMANDS.get(address)
        if address not in self._house.knobs and (command is None or command.takes not in PLAYABLE):
            hint = nearest(address, [*self._house.knobs, *(at for at in COMMANDS if COMMANDS[at].takes in PLAYABLE)])
            raise MidiError(f"No controller can play {address[:120]}: it is no knob, button or number.{hint}")

    def _plug_in(self) -> None:
        self._bay = self._bay or Patchbay(self._house.settings.state / FILE, self._backend, self._every)

    def _keep(self) -> None:
        if self._bay:
            self._bay.keep(self._patch)
