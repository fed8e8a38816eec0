"""The commands: addresses that are events and not knobs, declared in one table. The conductor gives them meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from installation.errors import Refusal
from installation.knobs import Knob

Takes = Literal["press", "switch", "text", "text or nothing", "number", "two numbers", "anything"]
_IN_WORDS: Mapping[Takes, str] = {
    "press": "nothing, or a button's 1",
    "switch": "on or off (true or false, 1 or 0; nothing means on)",
    "text": "a text",
    "text or nothing": "a text or nothing",
    "number": "a number",
    "two numbers": "two numbers",
    "anything": "anything",
}
_LEAST: Mapping[Takes, int] = {"two numbers": 2}  # arguments; of all others none
_MOST: Mapping[Takes, int] = {"two numbers": 2, "anything": 64}  # of all others one
Told = bool | str | float | tuple[object, ...]


class CommandError(Refusal):
    """A command with arguments it does not take."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that may be asked for: at which address, with what, and what happens then."""

    address: str
    takes: Takes
    doc: str

    def parse(self, arguments: tuple[object, ...]) -> Told:
        """What was said, in the command's own type.

        On or off for a press or a switch, a text ("" for nothing), a number, or all the arguments. A press is off when
        a controller reports that its button was let go; nothing should happen then. Raises ``CommandError`` for too
        many arguments and for arguments of another type.
        """
        if not _LEAST.get(self.takes, 0) <= len(arguments) <= _MOST.get(self.takes, 1):
            raise CommandError(f"{self.address} takes {_IN_WORDS[self.takes]}, not {len(arguments)} arguments.")
        match self.takes:
            case "press" | "switch":
                return bool(self._each(arguments or (True,), bool | int | float)[0])
            case "number":
                return float(self._each(arguments or (None,), int | float)[0])
            case "two numbers":
                return self._each(arguments, int | float)
            case "anything":
                return arguments
            case _:
                nothing = "" if self.takes == "text or nothing" else None
                return str(self._each(arguments or (nothing,), str)[0])

    def expects(self) -> str:
        """What may be sent, in words."""
        return _IN_WORDS[self.takes]

    def _each(self, arguments: tuple[object, ...], kind: Any) -> tuple[Any, ...]:
        """The arguments, if all are of this kind and none is NaN or infinite."""
        for value in arguments:
            if not isinstance(value, kind) or (isinstance(value, float) and not math.isfinite(value)):
                raise CommandError(f"{self.address} takes {_IN_WORDS[self.takes]}, not {str(value)[:60]!r}.")
        return arguments


class Commands(Mapping[str, Command]):
    """Commands by address. ``/cue/{number}/go`` stands for every address with something else in the braces' place."""

    def __init__(self, commands: Iterable[Command]) -> None:
        """Each address once. Raises ``ValueError`` for one that is declared twice."""
        self._all: dict[str, Command] = {}
        for command in commands:
            if command.address in self._all:
                raise ValueError(f"The command {command.address} is declared twice.")
            self._all[command.address] = command
        self._templates = [(_shape(address), command) for address, command in self._all.items() if "{" in address]

    def __getitem__(self, address: str) -> Command:
        """The command of an address, or the one whose template it fits."""
        if found := self._all.get(address):
            return found
        for shape, command in self._templates:
            if shape.fullmatch(address):
                return command
        raise KeyError(address)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _shape(template: str) -> re.Pattern[str]:
    """What fits a template: one part of an address for each pair of braces."""
    return re.compile(re.sub(r"\\{[^}]*\\}", "([^/ #*,?\\[\\]{}]+)", re.escape(template)))


def places(template: str, address: str) -> tuple[str, ...]:
    """What stands in the places of a template's braces: ``("12",)`` for ``/cue/{number}/go`` and ``/cue/12/go``."""
    found = _shape(template).fullmatch(address)
    return found.groups() if found else ()


COMMANDS = Commands(
    (
        Command("/scene/load", "text", "Play the scene of this name from its first generation."),
        Command("/prompt", "text", "Say what the restorer should see, until the next scene."),
        Command(
            "/control",
            "anything",
            "Hold the picture to the edges or the depth of another by a ControlNet of the models folder: `canny edge "
            "camera` (or origin, or present); nothing lets it go, `scene` gives the scene's own back.",
        ),
        Command(
            "/likeness",
            "anything",
            "Hear a picture as a prompt by an IP-Adapter of the models folder: `ip-adapter camera` (or origin, or "
            "present); nothing lets it go, `scene` gives the scene's own back.",
        ),
        Command(
            "/lora",
            "text or nothing",
            "Have the Stable Diffusion that plays wear the adapter of this name from the models folder; nothing takes "
            "it off.",
        ),
        Command(
            "/stage/caption",
            "text or nothing",
            "Say this over the picture until the next scene; nothing takes it away.",
        ),
        Command(
            "/output/{number}/corner/{corner}",
            "two numbers",
            "Put a projector's corner (1 to 4, clockwise from the top left) there: x, y in fractions of its picture.",
        ),
        Command("/output/{number}/nudge/{corner}", "two numbers", "Move it by so many pixels, right and down."),
        Command("/output/{number}/reset", "press", "Let this projector's picture be straight."),
        Command("/output/undo", "press", "Take back the last change to a projector's corners."),
        Command("/output/save", "press", "Keep all corners where they are now."),
        Command("/panic/black", "switch", "Black on every output; off lets the picture back."),
        Command("/panic/hold", "switch", "Hold the picture as it stands; off lets it go on."),
        Command("/panic/origin", "press", "Remember: begin again from the origin, at generation 0."),
        Command("/panic/release", "press", "End every panic, and give every knob back to the score."),
        Command("/knob/release", "text or nothing", "Give the knob at this address back to the score, or all of them."),
        Command(
            "/engine/restart", "press", "Start the engine anew; it goes on from its checkpoint, the stage plays on."
        ),
        Command(
            "/camera/origin", "press", "What stands before the camera becomes the origin, and the piece begins from it."
        ),
        Command(
            "/origin",
            "text",
            "The picture of this name, one that was uploaded or one of the house, becomes the origin; begin from it.",
        ),
        Command("/go", "press", "Play the cue that stands by. A second press within a tenth of a second is none."),
        Command("/back", "press", "Undo the current cue, as fast as it came; it stands by again."),
        Command("/cue/{number}/go", "press", "Play the cue of this number now."),
        Command("/cue/{number}/arm", "press", "Let the cue of this number stand by for the next go."),
        Command("/cue/stop", "press", "Stop the cues: nothing that waits begins, every fade stands where it is."),
        Command(
            "/knob/modulate",
            "anything",
            "Move the knob at an address by a modulator: `/loop/zoom lfo shape sine period 8 depth 0.01`, as in a "
            "scene; other settings alone change it, and the address alone ends it.",
        ),
        Command("/in/{name}", "number", "A signal for the modulators that listen to it: a level, or a key's 1 and 0."),
        Command("/midi/learn", "text or nothing", "Bind the next MIDI controller that is moved to this address."),
        Command("/midi/forget", "text or nothing", "Unbind whatever MIDI controller plays this address, or all."),
        Command(
            "/collapse/start",
            "text or nothing",
            "Retrain ember on its own pictures beside the show: the run of this name, or the one that is to go on.",
        ),
        Command("/collapse/pause", "switch", "Let the collapse rest; off lets it go on."),
        Command("/collapse/stop", "press", "End the collapse; every generation it has finished is kept."),
        Command(
            "/collapse/wear",
            "anything",
            "Play with the weights of a run's generation: `/collapse/wear show-001 3`; without a number, the newest.",
        ),
        Command("/collapse/rebirth", "press", "Back to the weights that ember came with; a collapse is ended."),
        Command("/casino/buy", "anything", "Buy so many options on what the piece measures: `call 3` or `put 1`."),
        Command("/casino/sell", "anything", "Sell some of those that you have: `call 3` or `put 1`."),
        Command("/casino/account/{what}", "press", "Ask how many `cash`, `calls` or `puts` you have."),
        Command("/prometheus/pay", "number", "Pay so many credits of the ransom."),
        Command("/prometheus/attack", "switch", "Try every key, on what hangs on the wall; off gives up."),
        Command("/prometheus/bid", "number", "Bid so many credits for the picture that nobody has paid for."),
        Command("/record/start", "press", "Begin a take."),
        Command("/record/stop", "press", "End the take."),
        Command("/record/keep", "press", "Keep the last minutes as takes, where recording.ring keeps them in mind."),
        Command("/programme/open", "switch", "Open the doors; off is black on purpose, and the engine rests."),
    )
)


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
