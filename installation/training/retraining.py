"""Collapse at work: a model that is taught what it painted, again and again, and kept at every generation.

Nothing here knows of processes: a job is walked moment by moment, may be left between any two, and goes on later, or
after a kill, at the generation it was in. Every generation is drawn from (seed, serial) and from the kept one before.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image as Pillow

from installation.collapse import CollapseError, folder
from installation.collapse.images import Settings, compose
from installation.machine.files import StorageError, write_atomically
from installation.randomness import generator
from installation.training import family
from installation.training.gallery import cut, sheet
from installation.training.painting import HERE, Batch, Studio, batches
from installation.training.pupil import DivergenceError
from installation.training.yardstick import Yardstick

if TYPE_CHECKING:
    from installation.collapse.folder import KeptGeneration
    from installation.randomness import Generator as Dice
    from installation.restorers.protocol import Restorer
    from installation.training.family import Family, Learner
    from installation.training.gallery import Gallery, Pictures

    Clock = Callable[[], float]

DIET, LEARNING, PARENTS, SAMPLES, SEEDS, ASHES = 1, 2, 3, 1000, 2000, 3000  # streams of random numbers
SHOWN = 6  # pictures out of noise, and as many lines of descent
BLIND_STEPS = 8  # from nothing but noise
HOT = 0.85  # temperature of the ashes on which the weights alone are tried
COLUMNS = 16  # of the sheet of samples
TRIALS = 4  # of a generation, each at half the rate of the one before
BACKWARD = 2.0  # what a step of learning costs besides its one look, in looks


@dataclass(frozen=True, slots=True)
class Moment:
    """How a job stands: it learns, paints, has finished a ``generation``, or has ``refused`` one that diverged.

    ``share`` is how much of the generation has passed, 0 to 1, ``seconds_left`` what it still needs at this pace.
    ``loss`` is the last step's, ``pictures_per_second`` what is learnt or painted; both 0 where nothing is.
    """

    phase: Literal["learn", "paint", "generation", "refused"]
    serial: int
    share: float
    seconds_left: float = 0.0
    loss: float = 0.0
    pictures_per_second: float = 0.0
    kept: KeptGeneration | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A collapse to be done: in which folder, how, of which pictures, from which model, as far as ``last``, and where.

    The ``studio`` paints; learning stays on this machine. ``models`` is where pipelines are kept.
    """

    path: Path
    settings: Settings
    gallery: Gallery
    model: Path
    seed: int = 1
    last: int = 5
    studio: Studio = HERE
    models: Path | None = None

    def run(self) -> dict[str, Any]:
        """What the run's folder says of it. Runs with the same ``beginning`` may share generation 0."""
        kin = family.of(self.model, self.settings)
        origin = {"seed": self.seed, "pictures": self.gallery.digest, "model": kin.digest()}
        told = {"settings": asdict(self.settings), "taught": len(self.gallery.taught), **kin.told()}
        if folder.BASE in told:
            told[folder.BASE] = folder.placed(Path(told[folder.BASE]), self.models)
        return {**told, "beginning": {**self.settings.beginning(), **origin}}

    def moments(self, clock: Clock = time.monotonic) -> Iterator[Moment]:
        """Generations that are kept already, then the others as they are made, with what happens on the way.

        Raises ``CollapseError`` where the folder holds another run or every rate diverges, ``ModelError`` for a
        damaged model and ``StorageError`` where nothing more can be written; what is kept stays as it is.
        """
        kept = folder.begin(self.path, self.run())
        if not kept.generations:
            kept = folder.adopt(self.path)
        done = list(kept.generations[: self.last + 1])
        yield from (Moment("generation", each.serial, 1.0, kept=each) for each in done)
        kin = family.of(self.model, self.settings)
        yardstick = Yardstick.of(self.gallery) if len(done) <= self.last else None
        while yardstick and len(done) <= self.last:
            done.append((yield from self._generation(kin, done, yardstick, clock)))

    def _generation(
        self, kin: Family[Any], done: list[KeptGeneration], yardstick: Yardstick, clock: Clock
    ) -> Generator[Moment, None, KeptGeneration]:
        """Learn, paint, measure, keep."""
        serial, began = len(done), clock()
        making = folder.place(self.path, serial)
        pace = _Pace(self.settings, serial, clock)
        taught = self._taught(done)
        grown, made = yield from self._learning(kin, done, taught, pace)
        _export(kin, grown, making)
        model = kin.load(making)  # as it is kept: rounded
        made_of = {"samples": self._samples(taught, serial), "seeds": self._seeds(done), "ashes": self._ashes()}
        painted = yield from self._painting(model, making, made_of, pace)
        write_atomically(making / folder.SAMPLES, _png(sheet(painted["samples"], COLUMNS)))
        write_atomically(making / folder.SEEDS, _png(sheet(painted["seeds"], 2 * SHOWN)))
        readings = yardstick.measure(model, painted["samples"], painted["ashes"], self.seed, kin.loss)
        kept = folder.keep(self.path, serial, readings, {**made, "seconds": round(clock() - began, 1)})
        yield Moment("generation", serial, 1.0, kept=kept)
        return kept

    def _learning(
        self, kin: Family[Any], done: list[KeptGeneration], taught: Pictures, pace: _Pace
    ) -> Generator[Moment, None, tuple[Any, dict[str, Any]]]:
        """The model after those that are done, at half the rate whenever it diverges; the first is as given."""
        if not done:
            return kin.load(self.model), {"pictures": 0, "steps": 0}
        rate = self.settings.rate
        for trial in range(TRIALS):
            try:
                rng = generator(self.seed, pace.serial, LEARNING)
                pupil = kin.pupil(done[-1].path, rate / 2**trial, self.settings.practice, rng)
                loss = yield from self._practice(pupil, taught, pace, rng)
                told = {"pictures": len(taught), "steps": self.settings.practice, "rate": rate / 2**trial, "loss": loss}
                return pupil.grown(), told
            except DivergenceError as error:
                yield Moment("refused", pace.serial, 0.0, refused=f"{error} Trial {trial + 1} of {TRIALS}.")
        raise CollapseError(
            f"Generation {pace.serial} diverged at {TRIALS} rates from {rate:g} down. Begin with a lower --rate."
        )

    def _practice(
        self, pupil: Learner[Any], taught: Pictures, pace: _Pace, rng: Dice
    ) -> Generator[Moment, None, float]:
        """One trial of learning; the mean of its last losses."""
        losses = [0.0]
        for _ in range(self.settings.practice):
            losses.append(pupil.learn(taught, self.settings.batch, rng))
            yield pace.learnt(len(losses) - 1, losses[-1])
        return float(np.mean(losses[-10:]))

    def _painting(
        self, model: Restorer, making: Path, made_of: Mapping[str, Sequence[Batch]], pace: _Pace
    ) -> Generator[Moment, None, dict[str, Pictures]]:
        """All that a generation paints, each kind whole and in order, however it comes from the studio."""
        names = {kind: [f"{kind} {place}" for place in range(len(some))] for kind, some in made_of.items()}
        wanted = {name: batch for kind, some in made_of.items() for name, batch in zip(names[kind], some, strict=True)}
        painted: dict[str, Pictures] = {}
        for name, pictures in self.studio.paint(model, making, wanted):
            painted[name] = pictures
            if name in names["samples"]:
                yield pace.painted(sum(len(painted.get(each, ())) for each in names["samples"]), len(pictures))
        return {kind: np.concatenate([painted[name] for name in some]) for kind, some in names.items()}

    def _samples(self, taught: Pictures, serial: int) -> list[Batch]:
        """Pictures from parents drawn from what was taught: some have several children, some none."""
        drawn = generator(self.seed, serial, PARENTS).integers(len(taught), size=self.settings.count)
        return batches(taught[drawn], self.settings, self.seed, serial, SAMPLES)

    def seeds(self, model: Restorer, done: Sequence[KeptGeneration]) -> Pictures:
        """What the audience follows: pictures out of the same noise at every generation, then lines of descent.

        Of noise nothing but the weights decides what becomes. A line begins with a real picture and is painted again
        by every generation from what the one before made of it.
        """
        return np.concatenate([batch.painted(model) for batch in self._seeds(done)])

    def _seeds(self, done: Sequence[KeptGeneration]) -> list[Batch]:
        few = np.linspace(0, len(self.gallery.taught) - 1, SHOWN).round().astype(int)
        before = self._page(done[-1].seeds, 2 * SHOWN)[SHOWN:] if done else self.gallery.taught[few]
        blind = replace(self.settings, start=1.0, steps=BLIND_STEPS)
        dreams = batches(np.zeros_like(before), blind, self.seed, 0, SEEDS)
        return [*dreams, *batches(before, self.settings, self.seed, len(done), SEEDS)]

    def _ashes(self) -> list[Batch]:
        """For what a model restores from the ashes of all real pictures: always the same, hotter than it learns."""
        return batches(self.gallery.taught, replace(self.settings, start=HOT), self.seed, 0, ASHES)

    def _taught(self, done: list[KeptGeneration]) -> Pictures:
        """What the next generation learns from: the real pictures at first."""
        if not done:
            return self.gallery.taught
        rng: Dice = generator(self.seed, len(done), DIET)
        painted = [self._page(each.samples, self.settings.count) for each in done]
        taught: Pictures = compose(self.settings, self.gallery.taught, painted, rng)
        return taught

    def _page(self, path: Path, count: int) -> Pictures:
        """The pictures of a sheet that a generation kept. Raises ``CollapseError`` where it is damaged."""
        try:
            with Pillow.open(path, formats=("PNG",)) as page:
                return cut(np.asarray(page.convert("RGB")), self.settings.size, count)
        except (OSError, SyntaxError, ValueError) as error:
            raise CollapseError(
                f"{path} is damaged ({error}). Remove the folder it is in, and the run goes on before it."
            ) from error


class _Pace:
    """How far a generation is, and how long the rest will take."""

    def __init__(self, settings: Settings, serial: int, clock: Clock) -> None:
        self.serial, self._settings, self._clock = serial, settings, clock
        self._learning = (1.0 + BACKWARD) * settings.practice * settings.batch if serial else 0.0
        self._work = self._learning + settings.count * settings.steps
        self._began = self._before = clock()

    def learnt(self, steps: int, loss: float) -> Moment:
        """After so many steps of learning."""
        done = self._learning * steps / self._settings.practice
        return self._moment("learn", done, self._settings.batch, loss)

    def painted(self, pictures: int, just: int) -> Moment:
        """After so many pictures, of which some were painted just now."""
        return self._moment("paint", self._learning + pictures * self._settings.steps, just, 0.0)

    def _moment(self, phase: Literal["learn", "paint"], done: float, pictures: int, loss: float) -> Moment:
        now, share = self._clock(), min(done / self._work, 1.0)
        rate, self._before = pictures / max(now - self._before, 1e-9), now
        return Moment(phase, self.serial, share, (now - self._began) * (1.0 / share - 1.0), loss, rate)


def _export(kin: Family[Any], model: Any, making: Path) -> None:
    """Write a model's folder. Raises ``StorageError`` where there is no room."""
    from safetensors import SafetensorError

    try:
        kin.export(model, making)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{making} cannot be written ({error}). Make room or choose another --state.") from error


def _png(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
