"""The modulators' ears: readings and performers' signals reach the modulators that listen to them.

The scene's own modulators play with it. A performer may put another on any knob, change it and take it away; a panic's
release, or the next scene, brings the scene's back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from installation.control.commands import COMMANDS, places
from installation.control.guest import Guest
from installation.knobs import Knob, KnobError, nearest
from installation.modulators import KINDS, READING, Modulator, ModulatorError, read, require_readings, table_of

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.records import Message


class Modulations(Guest):
    """Passes on what modulators listen to; the modulators themselves are the store's."""

    _house: House

    def open(self, house: House) -> None:
        """Come in."""
        self._house = house

    def hear(self, message: Message, now: float) -> bool:
        """A signal, or a wish for another modulator. A release brings the scene's own modulators back."""
        command = COMMANDS[message.address]
        match command.address:
            case "/in/{name}":
                value = command.parse(message.arguments)
                self._listen(places(command.address, message.address)[0], float(value), now)  # type: ignore[arg-type] # a number
            case "/knob/modulate":
                self._modulate(message.arguments, now)
            case "/panic/release" if command.parse(message.arguments):
                self._restore(now)
                return False
            case _:
                return False
        return True

    def look(self, now: float) -> None:
        """Let followers of readings hear them."""
        house = self._house
        for address, each in house.store.modulators.items():
            if each.reading:
                taken = house.readings.get(f"{READING}{each.reading}")
                house.store.hear(address, getattr(taken, "number", math.nan), now)

    def _listen(self, name: str, value: float, now: float) -> None:
        """Raises ``ModulatorError`` where nobody listens: a name misspelt on a phone must not be silence."""
        inputs = {address: each.input for address, each in self._house.store.modulators.items() if each.input}
        if name not in inputs.values():
            hint = nearest(name, sorted(set(inputs.values())))
            raise ModulatorError(f"No modulator listens to /in/{name[:40]}.{hint}")
        for address in (address for address, heard in inputs.items() if heard == name):
            self._house.store.hear(address, value, now)

    def _modulate(self, arguments: tuple[object, ...], now: float) -> None:
        """``address kind key value ...`` begins one, ``address key value ...`` changes it, ``address`` ends it."""
        address, *rest = arguments or ("",)
        store, knob = self._house.store, self._knob(str(address))
        if not rest:
            store.modulate(knob.address, None, now)
            return
        wanted = self._read(knob, rest)
        require_readings({knob.address: wanted}, self._house.readings)
        store.modulate(knob.address, wanted, now)

    def _read(self, knob: Knob, words: list[object]) -> Modulator:
        if words[0] in KINDS:
            return read(knob, {"kind": words[0], **_pairs(words[1:])})
        playing = self._house.store.modulators.get(knob.address)
        if playing is None:
            raise ModulatorError(f"Nothing modulates {knob.address}. Say a kind first: {', '.join(KINDS)}.")
        return read(knob, table_of(playing) | _pairs(words))

    def _restore(self, now: float) -> None:
        store, own = self._house.store, self._house.scene.modulators
        for address in {*store.modulators, *own}:
            store.modulate(address, own.get(address), now)

    def _knob(self, address: str) -> Knob:
        knobs = self._house.knobs
        if address not in knobs:
            raise KnobError(f"Nothing listens at {address[:120]}.{nearest(address, knobs)}")
        return knobs[address]


def _pairs(words: list[object]) -> dict[str, Any]:
    """Names and values, by turns."""
    if len(words) % 2:
        raise ModulatorError(f"A setting has a name and a value, like period 8; {words[-1]!r} stands alone.")
    return {str(name): value for name, value in zip(words[::2], words[1::2], strict=True)}
