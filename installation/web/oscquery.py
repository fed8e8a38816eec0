"""OSCQuery's tree: every address with its type, range, unit and value, for controllers that find all by themselves.

OSCQuery Proposal of Vidvox (https://github.com/Vidvox/OSCQueryProposal, 2018). Nothing here listens or sends: a tree
is made of what was declared, and asked with the values of the moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from installation.control.commands import Command, Takes
from installation.errors import Refusal
from installation.knobs import Kind, Knob
from installation.readings.register import STANDING, STATES, Reading

if TYPE_CHECKING:
    from installation.control.packets import Plain

NAME = "Burntout"
READ, WRITE, BOTH = 1, 2, 3  # ACCESS; 0, nothing, is a container's
ATTRIBUTES = (
    "FULL_PATH",
    "CONTENTS",
    "TYPE",
    "ACCESS",
    "VALUE",
    "RANGE",
    "UNIT",
    "DESCRIPTION",
    "CLIPMODE",
    "EXTENDED_TYPE",
    "TAGS",
    "CRITICAL",
)
#: What HOST_INFO says we can do beyond the required. A cue that is renumbered has gone and another has come.
EXTENSIONS = {
    **dict.fromkeys(ATTRIBUTES[3:], True),
    **dict.fromkeys(("LISTEN", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED"), True),
    **dict.fromkeys(("PATH_RENAMED", "OVERLOADS", "HTML"), False),
}
#: OSC's type tags for what is sent: T stands for both, true and false.
KNOB_TYPES: Mapping[Kind, str] = {"number": "f", "whole": "i", "switch": "T", "choice": "s"}
COMMAND_TYPES: Mapping[Takes, str] = {
    "press": "I",
    "switch": "T",
    "text": "s",
    "text or nothing": "s",
    "number": "f",
    "two numbers": "ff",
    "anything": "",
}
#: Our units by the names of the proposal's list; others go out as they are.
UNITS = {"s": "time.second", "px": "distance.pixels", "degrees": "angle.degree", "1/s": "time.hz"}
WORTH_SAYING = frozenset(STATES[:2])  # the standings of a reading that has a number


class QueryError(Refusal):
    """A question that is not answered. ``status`` is HTTP's word for why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Method:
    """One address: what it takes or says. ``range`` is OSCQuery's record for its one argument, None for no limits."""

    address: str
    type: str
    access: int
    doc: str
    kind: str
    tags: tuple[str, ...]
    range: Mapping[str, Any] | None = None
    unit: str = ""
    clips: bool = False
    critical: bool = False

    def attributes(self, values: Mapping[str, Plain]) -> dict[str, Any]:
        """What OSCQuery says of it, ``FULL_PATH`` first; values that are not known are null."""
        said: dict[str, Any] = {"FULL_PATH": self.address, "TYPE": self.type, "ACCESS": self.access}
        if self.access & READ:
            said["VALUE"] = [self.value(values)]
        if self.range is not None:
            said["RANGE"] = [self.range] * len(self.type)
        if self.unit:
            said["UNIT"] = [UNITS.get(self.unit, self.unit)]
        if self.clips:
            said["CLIPMODE"] = ["both"]
        critical = {"CRITICAL": True} if self.critical else {}
        return said | {"DESCRIPTION": self.doc, "EXTENDED_TYPE": [self.kind], "TAGS": list(self.tags)} | critical

    def value(self, values: Mapping[str, Plain]) -> Plain | None:
        """What stands here; None for a reading whose number has gone, whatever it last was."""
        standing = values.get(self.address + STANDING)
        gone = standing is not None and standing not in WORTH_SAYING
        return None if gone else values.get(self.address)


def methods(
    knobs: Mapping[str, Knob],
    commands: Mapping[str, Command],
    readings: Mapping[str, Reading],
    choices: Mapping[str, Sequence[str]],
    numbers: Sequence[str] = (),
    *,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Method]:
    """Everything there is, as methods.

    ``choices`` are the texts that a command takes, by its address. A command with ``{number}`` in its address stands
    there once for each of ``numbers``; one with other places, or without any number, not at all. ``notes`` are texts
    that are told, by their address, with what they say.
    """
    yield from map(of_knob, knobs.values())
    for command in commands.values():
        for address in instances(command.address, numbers):
            yield of_command(address, command, choices.get(address, ()))
    for each in readings.values():
        yield from of_reading(each)
    for address, doc in notes.items():
        yield Method(address, "s", READ, doc, "text", ("note", address.split("/")[1]))


def of_knob(knob: Knob) -> Method:
    """A knob can be read and turned."""
    limits: dict[str, Any] | None = {"MIN": knob.show(knob.low), "MAX": knob.show(knob.high)}
    if knob.kind == "switch":
        limits = None
    elif knob.kind == "choice":
        limits = {"VALS": list(knob.choices)}
    clips = knob.kind in {"number", "whole"}
    tags = ("knob", knob.address.split("/")[1])
    return Method(
        knob.address, KNOB_TYPES[knob.kind], BOTH, knob.doc, knob.kind, tags, limits, knob.unit, clips, critical=False
    )


def of_command(address: str, command: Command, choices: Sequence[str]) -> Method:
    """A command is carried out, and must arrive."""
    limits = {"VALS": list(choices)} if choices else None
    tags = ("command", address.split("/")[1])
    return Method(address, COMMAND_TYPES[command.takes], WRITE, command.doc, command.takes, tags, limits, critical=True)


def of_reading(reading: Reading) -> tuple[Method, Method]:
    """A reading can be read, and so can its standing: measured, estimated or not there."""
    doc = f"{reading.doc} {reading.source}".strip()
    tags = ("reading", reading.of)
    limits = {"MIN": reading.low, "MAX": reading.high}
    standing = f"Whether {reading.address} is measured, estimated, or not there."
    return (
        Method(reading.address, "f", READ, doc, "number", tags, limits, reading.unit),
        Method(reading.address + STANDING, "s", READ, standing, "choice", tags, {"VALS": list(STATES)}),
    )


def instances(template: str, numbers: Sequence[str]) -> Sequence[str]:
    """The addresses a template stands for: itself, or one for each number."""
    if "{" not in template:
        return (template,)
    filled = [template.replace("{number}", number) for number in numbers]
    return [address for address in filled if "{" not in address]


class Tree:
    """The tree of some methods. A node may be a method and a container at once, as a reading is."""

    def __init__(self, methods: Iterable[Method]) -> None:
        """Build it; containers follow from the addresses."""
        self.methods = {method.address: method for method in methods}
        self._children: dict[str, dict[str, str]] = {"/": {}}
        for address in sorted(self.methods):
            self._hang(address)

    def __contains__(self, path: object) -> bool:
        """Whether there is a node."""
        return path in self._children

    def __len__(self) -> int:
        """How many nodes there are, containers included."""
        return len(self._children)

    def node(self, path: str, values: Mapping[str, Plain]) -> dict[str, Any]:
        """A node and everything below it, ready for JSON. Raises ``QueryError`` 404 where there is none."""
        self._require(path)
        said = self._attributes(path, values)
        if children := self._children[path]:
            said["CONTENTS"] = {name: self.node(child, values) for name, child in children.items()}
        return said

    def ask(self, path: str, attribute: str, values: Mapping[str, Plain]) -> dict[str, Any]:
        """One attribute of a node, an empty object where the node has none.

        Raises ``QueryError``: 404 without such a node, 400 for what is no attribute, 204 for the value of a method
        that cannot be read.
        """
        if attribute not in ATTRIBUTES:
            raise QueryError(400, f"{attribute[:60]!r} cannot be asked here; {', '.join(ATTRIBUTES)} can.")
        self._require(path)
        said = self.node(path, values) if attribute == "CONTENTS" else self._attributes(path, values)
        if attribute == "VALUE" and said["ACCESS"] == WRITE:
            raise QueryError(204, f"{path} has no value.")
        return {attribute: said[attribute]} if attribute in said else {}

    def size(self, path: str) -> int:
        """How many nodes an answer about a node speaks of."""
        return 1 + sum(map(self.size, self._children.get(path, {}).values()))

    def _require(self, path: str) -> None:
        if path not in self._children:
            raise QueryError(404, f"There is nothing at {path[:120]}.")

    def _attributes(self, path: str, values: Mapping[str, Plain]) -> dict[str, Any]:
        method = self.methods.get(path)
        return method.attributes(values) if method else {"FULL_PATH": path, "ACCESS": 0}

    def _hang(self, address: str) -> None:
        """Give a node its place, and every container on the way to it."""
        self._children.setdefault(address, {})
        above, _, name = address.rpartition("/")
        parent = above or "/"
        if parent not in self._children:
            self._hang(parent)
        self._children[parent][name] = address


def changes(before: Tree, after: Tree) -> Iterator[dict[str, str]]:
    """What to tell clients when one tree takes the place of another: PATH_REMOVED, PATH_ADDED, PATH_CHANGED.

    A container that came or went with all its contents is told once.
    """
    yield from ({"COMMAND": "PATH_REMOVED", "DATA": path} for path in _highest(before, after))
    yield from ({"COMMAND": "PATH_ADDED", "DATA": path} for path in _highest(after, before))
    for address in sorted({*before.methods, *after.methods}):
        if address in before and address in after and before.methods.get(address) != after.methods.get(address):
            yield {"COMMAND": "PATH_CHANGED", "DATA": address}


def _highest(here: Tree, there: Tree) -> Iterator[str]:
    """The nodes of a tree that the other has not, without those below one of them."""
    for path in here._children:  # noqa: SLF001 - the same module
        if path not in there and (path.rpartition("/")[0] or "/") in there:
            yield path


def host_info(osc_port: int | None, osc_host: str, web_port: int) -> dict[str, Any]:
    """What OSCQuery's HOST_INFO says: who we are, what we can do, and where OSC is heard.

    Without an OSC port everything goes over the WebSocket. What is not said is the same as for HTTP; OSC's host is
    said only where it listens at one address of its own.
    """
    osc: dict[str, Any] = {}
    if osc_port is not None:
        osc = {"OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP"}
        osc |= {} if osc_host in {"0.0.0.0", "::", ""} else {"OSC_IP": osc_host}  # noqa: S104 - the word for all
    return {"NAME": NAME, "EXTENSIONS": EXTENSIONS, **osc, "WS_PORT": web_port}
