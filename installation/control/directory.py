"""The directory of what listens: which addresses there are, what they take, and which of them a pattern means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from installation.control.commands import COMMANDS, SYSTEM, Command
from installation.control.packets import Argument
from installation.control.patterns import parse
from installation.knobs import Knob, KnobError, nearest

REMEMBERED = 256  # patterns whose addresses are not looked up again
QUESTIONS: tuple[tuple[Argument, ...], ...] = ((), ("?",))


class Directory:
    """Every knob and command by its address."""

    def __init__(self, knobs: Mapping[str, Knob], commands: Mapping[str, Command] = COMMANDS) -> None:
        """The knobs and commands of this piece."""
        self.knobs = knobs
        self.commands = commands
        self._found: dict[str, tuple[str, ...]] = {}

    def __contains__(self, address: object) -> bool:
        """Whether a knob or a command has this address."""
        return address in self.knobs or address in self.commands

    def require(self, address: str, arguments: tuple[Argument, ...]) -> None:
        """Raise ``KnobError`` or ``CommandError`` for what the address does not take, or where nothing listens."""
        if knob := self.knobs.get(address):
            knob.parse(only(address, arguments))
        elif command := self.commands.get(address):
            command.parse(arguments)
        else:
            raise KnobError(f"Nothing listens at {address}.")

    def remembers(self, pattern: str) -> bool:
        """Whether the addresses of a pattern are known without a search."""
        return pattern in self._found

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The addresses a pattern stands for, knobs first; a search of milliseconds. Raises ``PatternError``."""
        if pattern not in self._found:
            wanted = parse(pattern)
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            there = (*self.knobs, *(address for address in self.commands if "{" not in address))
            self._found[pattern] = tuple(filter(wanted.matches, there))
        return self._found[pattern]

    def suggest(self, address: str, others: Iterable[str] = ()) -> str:
        """`` Did you mean …?`` for an address that nothing has; a search of milliseconds."""
        return nearest(address, [*self.knobs, *self.commands, *SYSTEM, *others])

    def describe(self, address: str, value: float | None = None) -> dict[str, Any]:
        """What is to be said of a knob at a board value, or of a command and its answer: for a reply in JSON."""
        if command := self.commands.get(address):
            return {"value": value, "takes": command.expects(), "doc": command.doc}
        knob = self.knobs[address]
        here = knob.default if value is None else value
        return {
            "value": knob.show(here),
            "range": list(knob.choices) or [knob.show(knob.low), knob.show(knob.high)],
            "unit": knob.unit,
            "default": knob.show(knob.default),
            "doc": knob.doc,
        }


def is_question(arguments: tuple[Argument, ...]) -> bool:
    """Whether a knob is asked and not told: nothing, or a question mark."""
    return arguments in QUESTIONS


def only(address: str, arguments: tuple[Argument, ...]) -> Argument:
    """The single argument of a message. Raises ``KnobError`` when there is another number of them."""
    if len(arguments) != 1:
        raise KnobError(f"{address} takes one argument, not {len(arguments)}.")
    return arguments[0]
