"""Performing: a scene played by the loop itself into a take, without processes, a window or a clock on the wall.

Time is the scene's own: a generation takes as long as its pace says. What a show has, it has: the store moves the
knobs, modulators hear the readings, the keeper watches, the log says all that happened. So whatever can be done with a
recorded take can be done with this one, and two performances of a scene with one seed are the same, byte for byte.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import __version__, images
from installation.burns import on_raw_scale
from installation.control.store import DEFERRED, Store
from installation.knobs import declared, read
from installation.loop.album import shipped
from installation.loop.generation import turns
from installation.loop.knobs import Looping
from installation.loop.lineage import to_bytes
from installation.machine.files import share
from installation.modulators import READING
from installation.publishing.chapters import Chapters
from installation.publishing.rehearsal import SIDE, begun
from installation.publishing.variants import EditionError
from installation.readings import Look, Window, tail
from installation.readings import declared as readings
from installation.readings.instruments import line
from installation.readings.register import Value, taken
from installation.recording import takes
from installation.recording.takes import LINEAGE, SCENE, Take
from installation.recording.writing import versions
from installation.restorers import Restoring, precision
from installation.restorers.blends import Prompter
from installation.restorers.precision import AUTO
from installation.stage import panel  # noqa: F401 - declares /stage, whose knobs are in the log

if TYPE_CHECKING:
    from installation.burns.calibration import Calibration
    from installation.loop.generation import Moment
    from installation.loop.lineage import Lineage
    from installation.machine.settings import RecordingSettings
    from installation.restorers import Restorer
    from installation.scenes import Scene

BRISKEST = 30.0  # pictures a second, where the scene goes as fast as it can: what a film can show
AT_ALL = 60.0  # seconds of a scene without a score
FOREVER = math.inf  # until a hand lets go: there is none
STAGE = "/stage/"


@dataclass(frozen=True, slots=True)
class Length:
    """How long a performance is: so many generations, or the first generation's end after so many ``seconds``."""

    generations: int | None = None
    seconds: float | None = None

    def share(self, serial: int, now: float) -> float:
        """How much of it is over when a generation has ended at ``now`` seconds; 1 or more is the end."""
        parts = ((serial, self.generations), (now, self.seconds))
        return max(done / whole for done, whole in parts if whole)


@dataclass(frozen=True, slots=True)
class Terms:
    """What else a performance depends on: its length, torch's threads and device, the table of temperatures.

    ``recording`` says how the pictures are kept, ``now`` is the date on the take, ``dtype`` a pipeline's numbers.
    """

    length: Length
    threads: int
    device: str
    calibration: Calibration
    recording: RecordingSettings
    now: datetime
    dtype: str = AUTO


def whole(scene: Scene) -> Length:
    """The longest score of a scene once; a minute where nothing in it moves."""
    last = max((curve.points[-1][0] for curve in scene.score.values()), default=0.0)
    return Length(generations=math.ceil(last)) if last else Length(seconds=AT_ALL)


def told(scene: Scene, restorer: Restorer, threads: int) -> dict[str, Any]:
    """The manifest of a performance: all with which it can be restaged."""
    return {
        "title": scene.title,
        "scene": scene.name,
        "origin": scene.origin.name,
        "seed": scene.seed,
        "serial": 0,
        "restorer": restorer.name,
        "model": scene.model,
        "digest": restorer.digest,
        **precision.told(restorer),
        "size": scene.size or SIDE,
        "grid": scene.grid,
        "threads": threads,
        "version": __version__,
        "versions": versions(),
    }


def perform(
    scene: Scene,
    restorer: Restorer,
    terms: Terms,
    manifest: Mapping[str, Any],
    folder: Path,
    *,
    progress: Callable[[float], None],
) -> Take:
    """Play a scene into a folder, from its origin to its end; whatever was in the folder is begun afresh.

    ``manifest`` is what the take says of itself, ``told`` at least; ``progress`` hears the share done. Raises
    ``EditionError`` for a scene that begins with the camera, ``ImageError`` for an origin that cannot be read,
    ``ModelError`` for a prompt that cannot, ``StorageError`` for a disk that refuses.
    """
    import torch

    if scene.camera:
        raise EditionError(f"{scene.name} begins with what the camera sees, and here is none. Give it an origin.")
    torch.set_num_threads(terms.threads)  # another number of threads adds up in another order
    lineage = begun(scene).to(terms.device)
    Prompter().begin(restorer, scene.prompt)
    with contextlib.closing(Chapters(folder, {}, terms.recording)) as chapters:
        chapters.keep(SCENE, scene.text.encode())
        chapters.keep(LINEAGE.format(0), to_bytes(lineage))
        _Performance(scene, restorer, lineage, terms, chapters).play(progress)
        take = takes.begun(folder, manifest, scene.origin.name, terms.now, clock_ns=0)
        chapters.end(take, manifest, "Performed to its end.")
    return takes.load(folder)


class _Performance:
    """A conductor, an engine and a recorder in one thread. ``now`` is in seconds since it began."""

    def __init__(self, scene: Scene, restorer: Restorer, lineage: Lineage, terms: Terms, chapters: Chapters) -> None:
        self._scene, self._restorer, self._lineage, self._terms = scene, restorer, lineage, terms
        self._chapters = chapters
        self._store = Store(declared(), FOREVER)
        self._store.play(scene, 0.0)
        self._board: dict[str, float] = {}
        self._window = Window(tail.shipped())
        self._measured: dict[str, float] = {}  # by a reading's key
        self._now = self._began = self._lasts = 0.0

    def play(self, progress: Callable[[float], None]) -> None:
        """From the origin to the end of the last generation."""
        self._note(event=f"The take begins with {self._scene.origin.name}.")
        self._tick(0)
        self._chapters.show(self._lineage.present, 0, 0, "generation", 0.0)
        album = shipped(share("assets"))
        for moment in turns(self._lineage, self._restorer, self._values, lambda: self._now, album):
            self._show(moment)
            if moment.phase == "generation":
                self._finish(moment)
                done = self._terms.length.share(self._lineage.serial, self._now)
                progress(min(done, 1.0))
                if done >= 1.0:
                    return

    def _values(self, serial: int) -> Mapping[str, float]:
        """The knobs for one generation, which begins; how long it lasts is one of them."""
        self._tick(serial)
        board = {address: value for address, value in self._board.items() if address.startswith(DEFERRED)}
        values = self._scene.settle(board, serial)
        looping = read(Looping, values)
        seen = looping.stages + read(Restoring, values).steps + 1
        self._began, self._lasts = self._now, max(looping.pace, seen / BRISKEST)
        return on_raw_scale(values, self._terms.calibration)

    def _tick(self, serial: int) -> None:
        changes = self._store.tick(self._now, serial)
        self._board |= changes
        if stage := {address: value for address, value in changes.items() if address.startswith(STAGE)}:
            self._note(stage=stage)

    def _show(self, moment: Moment) -> None:
        lineage = self._lineage
        self._now = self._began + self._lasts * moment.share
        self._tick(lineage.serial)
        self._chapters.show(moment.image, self._now_ns, lineage.serial, moment.phase, moment.temperature)

    def _finish(self, moment: Moment) -> None:
        """Log the end of a generation, and let those hear who listen."""
        if moment.refused:
            self._note(event=f"Generation {self._lineage.serial} was refused: {moment.refused}.")
        if moment.kept:
            self._note(kept={"serial": self._lineage.serial, "sentence": moment.kept})
        if generation := moment.generation:
            seen = self._window.see(Look(images.to_pixels(moment.image)), generation)
            self._measured |= {**generation.readings, **seen}
            said = dataclasses.asdict(dataclasses.replace(generation, seconds=self._lasts))
            self._note(generation=said)
            self._read_out()

    def _read_out(self) -> None:
        """Tell the log and the modulators what is measured of the pictures; of a machine nothing is."""
        known = readings("picture", "window")
        latest = {address: taken(self._measured.get(each.key, math.nan)) for address, each in known.items()}
        self._note(**line(latest))
        for address, modulator in self._store.modulators.items():
            if isinstance(heard := latest.get(f"{READING}{modulator.reading}"), Value):
                self._store.hear(address, heard.number, self._now)

    @property
    def _now_ns(self) -> int:
        return round(self._now * 1e9)

    def _note(self, **told: object) -> None:
        self._chapters.note({"at_ns": self._now_ns, **told})
