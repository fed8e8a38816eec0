"""What the wall showed: a take's pictures through the stage's own eyes, with its knobs, and what was written over them.

The stage's sight decides, its painter draws: smouldering and film grain are there wherever there is OpenGL. Nothing is
bent for projectors.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from installation import signs
from installation.control.commands import COMMANDS
from installation.errors import Refusal
from installation.knobs import declared, read, understood
from installation.machine.files import share
from installation.publishing.score import score
from installation.readings.register import Missing, Value
from installation.recording import takes
from installation.stage import darkroom
from installation.stage.exposure import Exposure
from installation.stage.gate import SHOWN
from installation.stage.light import decode
from installation.stage.overlays.figures import Figures, Histories
from installation.stage.overlays.hand import AtOnce
from installation.stage.overlays.hanging import Hanging
from installation.stage.overlays.writer import MOST_SOURCES, thumbs
from installation.stage.panel import OPEN, Staging
from installation.stage.sight import Sight

if TYPE_CHECKING:
    from installation.publishing.reel import Reel as Film
    from installation.readings.register import Taken
    from installation.recording.takes import Take
    from installation.records import Frame
    from installation.stage.light import Light
    from installation.stage.overlay import Overlay

log = logging.getLogger(__name__)

CAPTION, SMOULDER, GRAIN = "/stage/caption", "/stage/smoulder", "/stage/grain"
Item = TypeVar("Item")


def on_the_wall(film: Film, size: tuple[int, int]) -> Iterator[Light]:
    """The pictures of every tick of a film, ``size`` (height, width) in pixels, as the stage would have shown them.

    Its brightness, its black, its fire, dissolves and holds come from the take's log, and so do the words and figures
    written over it. A take of before these were logged is shown as the stage stands by itself.
    """
    canvas = size[::-1]
    showing = _Showing(film.take, canvas)
    lines, pictures = _Due(_lines(film)), _Due(_frames(film))
    with contextlib.closing(darkroom.opened(canvas, burns=_burns(film))) as printer:
        for tick in range(film.ticks):
            now = tick / film.rate
            for line in lines.until(now):
                showing.hear(line)
            for at, frame in pictures.until(now):
                showing.take_in(at, frame)
            yield decode(printer.printed(showing.seen(now)))


class _Due(Generic[Item]):
    """Things with their times, in order: those that are due come out."""

    def __init__(self, items: Iterator[tuple[float, Item]]) -> None:
        self._items = items
        self._next = next(items, None)

    def until(self, now: float) -> Iterator[Item]:
        while self._next and self._next[0] <= now:
            yield self._next[1]
            self._next = next(self._items, None)


def _lines(film: Film) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """The log with its times in the film, and before each generation the knobs it was played with."""
    began = film.marks[0].at_ns
    for passage in score(film.take):
        if passage.generation:
            yield (passage.times.began - began) / 1e9, {"turned": passage.generation.get("knobs", {})}
        for line in passage.lines:
            yield (line.get("at_ns", passage.times.began) - began) / 1e9, line


def _burns(film: Film) -> bool:
    """Whether the picture smoulders or is grainy at any time."""
    return any(
        values.get(address, 0.0) > 0.0
        for _, line in _lines(film)
        for values in (line.get("stage", {}), _known(line.get("turned", {})))
        for address in (SMOULDER, GRAIN)
    )


def _frames(film: Film) -> Iterator[tuple[float, tuple[float, Frame]]]:
    timed = ((film.times[frame.serial][0], frame) for frame in takes.frames(film.take))
    return ((at, (at, frame)) for at, frame in timed)


class _Showing:
    """The stage's own sight and letters, and what was said to it so far."""

    def __init__(self, take: Take, canvas: tuple[int, int]) -> None:
        """``canvas`` is width and height in pixels."""
        self._take, self._canvas = take, canvas
        self._values: dict[str, float] = {}
        self._past = Histories()
        self._figures = Figures(past=self._past)
        self._hanging = Hanging(AtOnce())
        self._sight: Sight | None = None
        self._scene = ""
        self._hang(take.scene)

    def hear(self, line: Mapping[str, Any]) -> None:
        """A line of the log; most do not concern the stage."""
        match line:
            case {"stage": values}:
                self._values |= values
            case {"turned": knobs}:
                self._values |= _known(knobs)
            case {"playing": {"scene": scene}}:
                self._hang(scene)
            case {"readings": numbers, "states": states}:
                self._say(readings=_taken(numbers, states))
            case {"written": written}:
                self._say(**_written(written))
            case {"message": {"address": address, "arguments": arguments}} if address in {CAPTION, OPEN}:
                told = COMMANDS[address].parse(tuple(arguments))
                if address == CAPTION:
                    self._say(caption=str(told))
                else:
                    self._values[OPEN] = float(told is True)

    def take_in(self, at: float, frame: Frame) -> None:
        """A frame that came at a second of the film, if it is to be shown and the picture is not held."""
        knobs = read(Staging, self._values)
        if frame.phase not in SHOWN[knobs.show] or (knobs.hold and self._sight):
            return
        if self._sight is None:  # there at once, and not out of embers
            self._sight = Sight(frame.pixels.shape[0], at)
            knobs = dataclasses.replace(knobs, dissolve=0.0, transition="dissolve")
        else:  # from what was reached by now: where frames come as fast as ticks, the last tick saw none arrive
            self._sight.reel.picture(at, knobs)
        self._sight.reel.arrive(frame.pixels, at, knobs)
        self._say(generation=frame.generation, phase=signs.PHASES.index(frame.phase))

    def seen(self, now: float) -> Exposure:
        """What is on the wall at a second of the film."""
        knobs = read(Staging, self._values)
        if self._sight is None:
            return Exposure(np.zeros((1, 1, 3), np.float32))

        def write(picture: Light) -> Sequence[Overlay]:
            self._past.note(now, self._figures.readings)
            self._say(knobs=self._values, picture=picture)
            return self._hanging.overlays(now, self._figures, self._canvas, knobs.overlays)

        return self._sight.exposure(now, self._values, knobs, write)

    def _hang(self, scene: str) -> None:
        """Another scene's signs; an engine that was reborn plays the same one."""
        if scene != self._scene:
            self._scene = scene
            self._say(caption="")
            self._hanging.hang(overlays(self._take, scene))

    def _say(self, **said: object) -> None:
        self._figures = dataclasses.replace(self._figures, **said)  # type: ignore[arg-type] # fields by name


def overlays(take: Take, scene: str) -> tuple[signs.Sign, ...]:
    """What a scene writes over its pictures: the take's own, or one that came with the program; else nothing."""
    folder = share("scenes")
    path = take.folder / takes.SCENE if scene == take.scene else folder / f"{Path(scene).name}.toml"
    try:
        return signs.read(tomllib.loads(path.read_text(encoding="utf-8")).get("overlay", []), declared())
    except (OSError, ValueError, Refusal) as error:
        log.warning("Nothing is written over the pictures of %s: %s", scene, error)
        return ()


def _written(told: Mapping[str, Any]) -> dict[str, object]:
    """What was put over the picture, as the stage has it; nothing: all that was there is wiped away."""
    said: dict[str, object] = {} if told else {"caption": "", "columns": (), "sources": ()}
    if "caption" in told:
        said["caption"] = str(told["caption"]["text"])
    if "columns" in told:
        said["columns"] = tuple((str(head), str(text)) for head, text in told["columns"]["columns"])
    if "sources" in told:
        said["sources"] = thumbs([*_shipped(told["sources"]["pictures"])])
    return said


def _shipped(pictures: Sequence[tuple[str, str]]) -> Iterator[tuple[Path, str]]:
    """Pictures that came with the program, by their places below assets/: a take from elsewhere shows no others."""
    assets = share("assets").resolve()
    for place, name in pictures[:MOST_SOURCES]:
        path = (assets / place).resolve()
        if path.is_relative_to(assets):
            yield path, str(name)


def _known(knobs: Mapping[str, Any]) -> dict[str, float]:
    """Knobs as the board has them; a log of another version may name some that are gone."""
    here = declared()
    return understood({address: value for address, value in knobs.items() if address in here})


def _taken(numbers: Mapping[str, float], states: Mapping[str, Any]) -> dict[str, Taken]:
    """The readings of a line of the log."""
    missing: dict[str, Taken] = {address: Missing(state) for address, state in states.items()}
    return missing | {
        address: Value(number, estimated=states.get(address) == "estimated") for address, number in numbers.items()
    }
