"""The surface: what stands where on a tablet, whichever program shows it. Pure; frames in pixels of 1024 x 768."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from installation.control.commands import Command
    from installation.knobs import Knob

Kind = Literal["fader", "toggle", "button", "choice"]
WIDTH, HEIGHT, TABS = 1024, 768, 48  # pixels: a tablet held across, and the bar with the names of its pages
MARGIN, COLUMNS, HIGHEST_ROW = 12, 3, 88
IN_ONE_CELL = 4  # choices; more take a whole row, or no finger would hit them
FIRST = "play"
#: The knobs of the first page, the ones a hand goes to; each is on its own page too.
AT_HAND = (
    "/burn/medium",
    "/burn/gaussian/temperature",
    "/loop/origin-mix",
    "/camera/mix",
    "/loop/zoom",
    "/loop/rotate",
    "/loop/flow",
    "/loop/pace",
    "/stage/dissolve",
    "/stage/brightness",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle: left, top, width and height in whole pixels."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to touch. A fader moves from ``low`` to ``high``; a choice says one of its texts; a button presses."""

    kind: Kind
    address: str
    label: str
    doc: str
    frame: Frame
    low: float = 0.0
    high: float = 1.0
    default: float = 0.0
    whole: bool = False
    choices: tuple[str, ...] = ()

    def parts(self) -> Iterator[tuple[str, Frame]]:
        """A choice's texts, each with the part of the frame that says it."""
        for number, text in enumerate(self.choices):
            left, right = (self.frame.w * place // len(self.choices) for place in (number, number + 1))
            yield text, Frame(self.frame.x + left, self.frame.y, right - left - 4, self.frame.h)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of controls, as wide as the surface, and as high as it is without the bar of names."""

    name: str
    controls: tuple[Control, ...]


NOWHERE = Frame(0, 0, 0, 0)


def surface(knobs: Mapping[str, Knob], commands: Mapping[str, Command], scenes: Sequence[str]) -> tuple[Page, ...]:
    """The pages: one to play on, and one for each room that has knobs."""
    rooms = dict.fromkeys(address.split("/")[1] for address in knobs)
    at_hand = [*_commands(commands), _scenes(scenes), *(_control(knobs[each]) for each in AT_HAND if each in knobs)]
    pages = [Page(FIRST, _placed(at_hand))]
    for room in rooms:
        own = [_control(knob, room) for address, knob in knobs.items() if address.split("/")[1] == room]
        pages.append(Page(room, _placed(own)))
    return tuple(pages)


def _commands(commands: Mapping[str, Command]) -> Iterator[Control]:
    """Those that a finger can give: a press or a switch, at an address without places."""
    kinds: Mapping[str, Kind] = {"press": "button", "switch": "toggle"}
    for address, command in commands.items():
        if command.takes in kinds and "{" not in address:
            yield Control(kinds[command.takes], address, _words(address), command.doc, NOWHERE)


def _scenes(names: Sequence[str]) -> Control:
    return Control(
        "choice", "/scene/load", "scene", "Play a scene from its first generation.", NOWHERE, choices=(*names,)
    )


def _control(knob: Knob, room: str = "") -> Control:
    label = _words(knob.address.removeprefix(f"/{room}")) + (f"  [{knob.unit}]" if knob.unit else "")
    if knob.kind == "choice":
        return Control("choice", knob.address, label, knob.doc, NOWHERE, choices=knob.choices)
    kind: Kind = "toggle" if knob.kind == "switch" else "fader"
    return Control(
        kind, knob.address, label, knob.doc, NOWHERE, knob.low, knob.high, knob.default, whole=knob.kind == "whole"
    )


def _words(address: str) -> str:
    """What stands over a control: the address without its first stroke."""
    return " ".join(address.strip("/").split("/"))


def _placed(controls: Iterable[Control]) -> tuple[Control, ...]:
    """The same controls in rows of three cells, from the top; a row is as high as all rows together allow."""
    rows = _rows(controls)
    pitch = min((HEIGHT - TABS - 2 * MARGIN) // max(len(rows), 1), HIGHEST_ROW)
    return tuple(_in_row(row, place, MARGIN + line * pitch, pitch) for line, row in enumerate(rows) for place in row)


def _rows(controls: Iterable[Control]) -> list[list[Control]]:
    """Three to a row in their order; one with many choices has a row to itself, behind the others of its page."""
    every = list(controls)
    narrow = [each for each in every if len(each.choices) <= IN_ONE_CELL]
    wide = [[each] for each in every if len(each.choices) > IN_ONE_CELL]
    return [narrow[at : at + COLUMNS] for at in range(0, len(narrow), COLUMNS)] + wide


def _in_row(row: Sequence[Control], control: Control, top: int, pitch: int) -> Control:
    caption = caption_height(pitch)
    across = COLUMNS if len(control.choices) <= IN_ONE_CELL else 1
    cell = (WIDTH - 2 * MARGIN) // across
    left = MARGIN + row.index(control) * cell
    return replace(control, frame=Frame(left, top + caption, cell - MARGIN, pitch - caption - 6))


def caption_height(pitch: int) -> int:
    """Pixels that a row leaves for the label over its control."""
    return min(max(pitch // 3, 14), 22)
