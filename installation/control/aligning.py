"""Aligning projectors from afar: commands about corners become orders for the stage, which knows whether they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.control.commands import COMMANDS, CommandError, places
from installation.control.guest import Guest
from installation.records import Order

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.records import Message

CORNER, NUDGE, RESET = "/output/{number}/corner/{corner}", "/output/{number}/nudge/{corner}", "/output/{number}/reset"
PRESSES = {"/output/undo": "undo", "/output/save": "save"}
MOVES = {CORNER: "put", NUDGE: "nudge"}


class Aligning(Guest):
    """Passes on what somebody with a tablet in front of the wall wants moved. Outputs and corners count from 1."""

    _house: House

    def open(self, house: House) -> None:
        """Come in."""
        self._house = house

    def hear(self, message: Message, now: float) -> bool:  # noqa: ARG002 - the stage moves it at once
        """A command about outputs. Raises ``CommandError`` where an output or a corner is no number."""
        command = COMMANDS[message.address]
        told = command.parse(message.arguments)
        if command.address in MOVES and isinstance(told, tuple):
            output, corner = _numbers(message.address, command.address)
            x, y = told
            self._tell(do=MOVES[command.address], output=output, corner=corner, x=x, y=y)
        elif command.address == RESET:
            (output,) = _numbers(message.address, RESET)
            if told:  # a button that is let go does nothing
                self._tell(do="reset", output=output)
        elif command.address in PRESSES:
            if told:
                self._tell(do=PRESSES[command.address])
        else:
            return False
        return True

    def _tell(self, **order: object) -> None:
        self._house.tell("stage", Order("align", order))


def _numbers(address: str, template: str) -> tuple[int, ...]:
    """The numbers in an address, as a person counts."""
    written = places(template, address)
    if not all(number.isascii() and number.isdigit() for number in written):
        raise CommandError(f"{address}: outputs and corners are numbers from 1; the test pattern shows them.")
    return tuple(int(number) for number in written)
