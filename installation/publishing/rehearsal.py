"""A rehearsal: a scene played by the loop itself, without processes, clocks or a window, at a brisk pace.

What the stage would show is kept at a few moments, with everything written over it. The same scene gives the same
pictures, but for the figures of the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow

from installation import images
from installation.collapse import text
from installation.collapse.knobs import Words
from installation.collapse.wall import Author
from installation.loop.generation import turns
from installation.loop.lineage import Lineage
from installation.machine.files import share
from installation.machine.settings import EnergySettings
from installation.readings import Look, Missing, Value, Window, declared, tail
from installation.readings.energy import Account
from installation.readings.instruments import BITS_PER_PIXEL
from installation.readings.register import NOT_YET, taken
from installation.signs import PHASES
from installation.stage.light import decode, encode
from installation.stage.overlay import composed
from installation.stage.overlays.figures import Figures, Histories
from installation.stage.overlays.hand import AtOnce
from installation.stage.overlays.hanging import Hanging
from installation.stage.overlays.writer import thumbs
from installation.stage.placement import place

if TYPE_CHECKING:
    from installation.loop.album import Album
    from installation.loop.generation import Moment
    from installation.readings.register import Taken
    from installation.records import Generation, Image, Pixels
    from installation.restorers import Restorer
    from installation.scenes import Scene

SEED = 1  # of scenes that have none
BOOK = "moby-dick.txt"
SIDE = 256  # pixels, where the scene leaves them to the machine
MOST = 40  # generations: a longer score is walked in strides
FEWEST = 6  # generations of a scene without a score
ROUNDING = 1e-6
BRISK = 0.1  # seconds a generation takes at least, for what is drawn over time
LOOKS = 100  # ten a second: signs fade in, and a ticker fills the width
NO_SENSOR = Missing(why="a rehearsal has no sensors")


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What the stage would show at one moment, H x W x 3 uint8 sRGB, and which moment that was."""

    pixels: Pixels
    generation: int
    phase: str
    temperature: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is played and kept: generations, by how many the score goes on with each, pictures that are kept.

    ``canvas`` is width and height of the stage in pixels.
    """

    generations: int
    stride: float
    shots: int
    canvas: tuple[int, int]


def planned(scene: Scene, shots: int, canvas: tuple[int, int], most: int = MOST) -> Plan:
    """The whole of the scene's longest score, at most ``most`` generations of it."""
    ends = [curve.points[-1][0] for curve in scene.score.values()]
    length = math.ceil(max(ends, default=0.0)) or min(FEWEST, most)
    generations = min(length, most)
    return Plan(generations, max(length / generations, 1.0), shots, canvas)


def rehearse(
    scene: Scene,
    restorer: Restorer,
    album: Album,
    plan: Plan,
    clock: Callable[[], float],
) -> Iterator[Shot]:
    """The shots of a scene, evenly spread over its time.

    ``clock`` gives seconds, for the rate. Raises ``ImageError`` and ``ModelError``.
    """
    if tells := getattr(restorer, "prompt", None):
        tells(scene.prompt)
    lineage, wall = begun(scene), Wall(scene, restorer, plan.canvas)
    board = dict.fromkeys({**scene.values, **scene.score}, math.nan)

    def values(serial: int) -> Mapping[str, float]:
        return scene.settle(board, serial * plan.stride)

    due = [plan.generations * (shot + 1.0) / plan.shots - ROUNDING for shot in range(plan.shots)]
    for moment in turns(lineage, restorer, values, clock, album):
        played = lineage.serial - 1 + moment.share
        wall.look(moment, lineage.serial, played * max(values(lineage.serial).get("/loop/pace", 1.0), BRISK))
        while due and played >= due[0]:
            due.pop(0)
            yield Shot(wall.seen(moment), lineage.serial, moment.phase, moment.temperature)
        if not due:
            return


def begun(scene: Scene) -> Lineage:
    """The scene's lineage at generation 0, as the engine would begin it."""
    size = scene.size or SIDE
    cell = images.to_tensor(images.load(scene.origin, size // scene.grid, size // scene.grid))
    seed = SEED if scene.seed is None else scene.seed
    return Lineage.begin(scene.name, seed, cell.tile(1, 1, scene.grid, scene.grid))


class Wall:
    """The stage of a rehearsal: what is written over the picture, and since when."""

    def __init__(self, scene: Scene, restorer: Restorer, canvas: tuple[int, int]) -> None:
        """Nothing has been seen."""
        self._scene, self._restorer, self._canvas = scene, restorer, canvas
        self._kinds = {sign.kind for sign in scene.overlays if not sign.columns}
        self._past, self._window = Histories(), Window(tail.shipped())
        self._figures = Figures(past=self._past, readings=dict.fromkeys(declared(), NOT_YET))
        self._author = _author(scene) if "columns" in self._kinds else None

    def look(self, moment: Moment, serial: int, now: float) -> None:
        """Know what is shown at ``now``, in seconds since the scene began."""
        shown: dict[str, Any] = {"generation": serial, "sigma": moment.sigma, "phase": PHASES.index(moment.phase)}
        readings = dict(self._figures.readings)
        if moment.generation:
            readings |= self._measured(moment.image, moment.generation)
            self._past.note(now, readings)
            shown |= self._told(moment.image)
        self._figures = replace(self._figures, readings=readings, **shown)

    def seen(self, moment: Moment) -> Pixels:
        """The picture in the middle of the canvas, with everything over it."""
        light = decode(images.to_pixels(moment.image)) * np.float32(self._scene.values.get("/stage/brightness", 1.0))
        canvas, picture = Pillow.new("RGB", self._canvas), Pillow.fromarray(encode(light))
        box = place(picture.size, self._canvas, "contain")[1]
        canvas.paste(picture.resize((box.width, box.height), Pillow.Resampling.BICUBIC), (box.x, box.y))
        figures, hanging = replace(self._figures, picture=light), Hanging(AtOnce())
        hanging.hang(self._scene.overlays)
        for look in range(LOOKS):
            overlays = hanging.overlays(look / 10.0, figures, self._canvas)
        return composed(np.array(canvas), overlays)

    def _measured(self, image: Image, generation: Generation) -> dict[str, Taken]:
        """What the engine would measure of a generation, and what the machine's rate makes of it."""
        told = {**generation.readings, **self._window.see(Look(images.to_pixels(image)), generation)}
        lineages = self._scene.grid**2
        account = Account(
            *(NO_SENSOR,) * 4,
            rate=Value(lineages).then(lambda images: images / generation.seconds),
            bits=float(image[0, 0].numel() * BITS_PER_PIXEL) / lineages,
            place=EnergySettings(),
        )
        given: dict[str, Any] = {"machine": account, "guest": {}}
        return {
            address: each.take(given[each.of]) if each.of in given else taken(told.get(each.key, math.nan))
            for address, each in declared().items()
            if each.of != "window" or each.key in told
        }

    def _told(self, image: Image) -> dict[str, object]:
        """What the conductor would have the stage write after a generation."""
        told: dict[str, object] = {}
        if "sources" in self._kinds and (sources := getattr(self._restorer, "sources", None)):
            told["sources"] = thumbs(sources(image))
        if self._author:
            self._author.write(Words(last=FEWEST))
            told["columns"] = self._author.columns()
        return told


def _author(scene: Scene) -> Author:
    return Author(text.load(share("assets") / "texts" / BOOK), scene.seed or SEED)
