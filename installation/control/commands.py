"""The commands: addresses that are events and not knobs, declared in one table. The conductor gives them meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from installation.errors import Refusal
from installation.knobs import Knob

Takes = Literal["press", "switch", "text", "text or nothing", "anything"]
_IN_WORDS: Mapping[Takes, str] = {
    "press": "nothing, or a button's 1",
    "switch": "on or off (true or false, 1 or 0; nothing means on)",
    "text": "a text",
    "text or nothing": "a text or nothing",
    "anything": "anything",
}


class CommandError(Refusal):
    """A command with arguments it does not take."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that may be asked for: at which address, with what, and what happens then."""

    address: str
    takes: Takes
    doc: str

    def parse(self, arguments: tuple[object, ...]) -> bool | str:
        """The one argument in the command's own type: on or off for a press or a switch, else text ("" for nothing).

        A press is off when a controller reports that its button was let go; nothing should happen then. Raises
        ``CommandError`` for too many arguments and for arguments of another type.
        """
        if len(arguments) > 1:
            raise CommandError(f"{self.address} takes {_IN_WORDS[self.takes]}, not {len(arguments)} arguments.")
        value = arguments[0] if arguments else self._nothing()
        wanted = (bool, int, float) if self.takes in {"press", "switch"} else (str,)
        if not isinstance(value, wanted) or (isinstance(value, float) and math.isnan(value)):
            raise CommandError(f"{self.address} takes {_IN_WORDS[self.takes]}, not {str(value)[:60]!r}.")
        return value if isinstance(value, str) else bool(value)

    def expects(self) -> str:
        """What may be sent, in words."""
        return _IN_WORDS[self.takes]

    def _nothing(self) -> bool | str | None:
        if self.takes == "text":
            return None
        return "" if self.takes == "text or nothing" else True


COMMANDS: Mapping[str, Command] = {
    command.address: command
    for command in (
        Command("/scene/load", "text", "Play the scene of this name from its first generation."),
        Command("/prompt", "text", "Say what the restorer should see, until the next scene."),
        Command("/panic/black", "switch", "Black on every output; off lets the picture back."),
        Command("/panic/hold", "switch", "Hold the picture as it stands; off lets it go on."),
        Command("/panic/origin", "press", "Remember: begin again from the origin, at generation 0."),
        Command("/panic/release", "press", "End every panic, and give every knob back to the score."),
        Command("/knob/release", "text or nothing", "Give the knob at this address back to the score, or all of them."),
        Command(
            "/engine/restart", "press", "Start the engine anew; it goes on from its checkpoint, the stage plays on."
        ),
        Command("/record/start", "press", "Begin a take."),
        Command("/record/stop", "press", "End the take."),
        Command("/programme/open", "switch", "Open the doors; off is black on purpose, and the engine rests."),
    )
}


#: What the OSC door answers by itself, to whoever asks.
SYSTEM: Mapping[str, Command] = {
    command.address: command
    for command in (
        Command("/sys/ping", "anything", "Answer with the same: `/reply/sys/ping`."),
        Command("/sys/hello", "text", "Say the passcode, where this machine wants one."),
        Command(
            "/sys/subscribe",
            "anything",
            "Hear every value whose address fits a pattern (all without one) for a minute; say it again to go on. "
            "A whole number behind it is the port to answer to.",
        ),
        Command("/sys/unsubscribe", "text or nothing", "Hear no more of this pattern, or of any."),
    )
}


def markdown(knobs: Mapping[str, Knob], commands: Mapping[str, Command] = COMMANDS) -> str:
    """The table of addresses for the README: every command, what the door answers by itself, every knob."""
    lines = ["| address | takes | default | what it does |", "| --- | --- | --- | --- |"]
    lines += [_line(c.address, _IN_WORDS[c.takes], "", c.doc) for c in (*commands.values(), *SYSTEM.values())]
    lines += [_line(k.address, k.expects(), _default(k), k.doc) for k in knobs.values()]
    return "\n".join(lines) + "\n"


def _line(address: str, takes: str, default: str, doc: str) -> str:
    cells = (f"`{address}`", takes, default, " ".join(doc.split()))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(knob: Knob) -> str:
    shown = knob.show(knob.default)
    if isinstance(shown, bool):
        return "on" if shown else "off"
    return shown if isinstance(shown, str) else f"{shown:g}"
