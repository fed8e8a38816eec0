"""What the wall showed: a take's pictures through the stage's own eyes, with its knobs, and what was written over them.

Without a graphics card, as the stage does it without one: no smouldering and no film grain, and nothing is bent for
projectors.
"""

from __future__ import annotations

import dataclasses
import logging
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from PIL import Image

from installation import signs
from installation.control.commands import COMMANDS
from installation.errors import Refusal
from installation.knobs import declared, read, understood
from installation.machine.files import share
from installation.publishing.score import score
from installation.readings.register import Missing, Value
from installation.recording import takes
from installation.stage.gate import SHOWN
from installation.stage.light import decode, encode, inverse
from installation.stage.overlay import composed
from installation.stage.overlays.figures import Figures, Histories
from installation.stage.overlays.hand import AtOnce
from installation.stage.overlays.hanging import Hanging
from installation.stage.panel import OPEN, Staging, closed
from installation.stage.placement import place
from installation.stage.reel import Reel
from installation.stage.wall import Wall

if TYPE_CHECKING:
    from installation.publishing.reel import Reel as Film
    from installation.readings.register import Taken
    from installation.recording.takes import Take
    from installation.records import Frame, Pixels
    from installation.stage.light import Light

log = logging.getLogger(__name__)

CAPTION = "/stage/caption"
Item = TypeVar("Item")


def on_the_wall(film: Film, size: tuple[int, int]) -> Iterator[Light]:
    """The pictures of every tick of a film, ``size`` (height, width) in pixels, as the stage would have shown them.

    Its brightness, its black, its dissolves and holds come from the take's log, and so do the figures of what is
    written over it. A take of before these were logged is shown as the stage stands by itself.
    """
    showing = _Showing(film.take, size)
    lines, pictures = _Due(_lines(film)), _Due(_frames(film))
    for tick in range(film.ticks):
        now = tick / film.rate
        for line in lines.until(now):
            showing.hear(line)
        for at, frame in pictures.until(now):
            showing.take_in(at, frame)
        yield showing.seen(now)


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


def _frames(film: Film) -> Iterator[tuple[float, tuple[float, Frame]]]:
    timed = ((film.times[frame.serial][0], frame) for frame in takes.frames(film.take))
    return ((at, (at, frame)) for at, frame in timed)


class _Showing:
    """A stage without a window, and what was said to it so far."""

    def __init__(self, take: Take, size: tuple[int, int]) -> None:
        self._take, self._size = take, size
        self._values: dict[str, float] = {}
        self._past = Histories()
        self._figures = Figures(past=self._past)
        self._hanging = Hanging(AtOnce())
        self._reel: Reel | None = None
        self._wall = Wall(0.0)
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
            case {"message": {"address": address, "arguments": arguments}} if address in {CAPTION, OPEN}:
                told = COMMANDS[address].parse(tuple(arguments))
                if address == CAPTION:
                    self._say(caption=str(told))
                else:
                    self._values[OPEN] = float(told is True)

    def take_in(self, at: float, frame: Frame) -> None:
        """A frame that came at a second of the film, if it is to be shown and the picture is not held."""
        knobs = read(Staging, self._values)
        if frame.phase not in SHOWN[knobs.show] or (knobs.hold and self._reel):
            return
        if self._reel is None:  # there at once, and not out of embers
            self._reel = Reel(frame.pixels.shape[0], at)
            knobs = dataclasses.replace(knobs, dissolve=0.0, transition="dissolve")
        else:  # from what was reached by now: where frames come as fast as ticks, the last tick saw none arrive
            self._reel.picture(at, knobs)
        self._reel.arrive(frame.pixels, at, knobs)
        self._say(generation=frame.generation, phase=signs.PHASES.index(frame.phase))

    def seen(self, now: float) -> Light:
        """What is on the wall at a second of the film."""
        knobs = read(Staging, self._values)
        if self._reel is None:
            return np.zeros((*self._size, 3), np.float32)
        picture = self._reel.picture(now, knobs)
        lit = self._wall.lit(picture, knobs.brightness, now, closed=closed(self._values))
        if not knobs.hold:
            self._past.note(now, self._figures.readings)
            self._say(knobs=self._values, picture=picture)
        canvas = _placed(encode(lit * np.float32(self._wall.opening), self._wall.turn), self._size)
        written = self._hanging.overlays(now, self._figures, self._size[::-1], knobs.overlays)
        shine = float(inverse(np.asarray(self._wall.level * self._wall.opening)))
        dimmed = [dataclasses.replace(each, opacity=each.opacity * shine) for each in written]
        return decode(composed(canvas, dimmed))

    def _hang(self, scene: str) -> None:
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


def _placed(pixels: Pixels, size: tuple[int, int]) -> np.ndarray:
    """The whole picture in the middle of a black canvas, as large as fits."""
    height, width = size
    box = place((pixels.shape[1], pixels.shape[0]), (width, height), "contain")[1]
    canvas = np.zeros((height, width, 3), np.uint8)
    fitted = Image.fromarray(pixels).resize((box.width, box.height), Image.Resampling.BICUBIC)
    canvas[box.y : box.y + box.height, box.x : box.x + box.width] = np.asarray(fitted)
    return canvas


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
