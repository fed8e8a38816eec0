"""The soak: months of the loop in minutes, with everything that can go wrong going wrong on schedule.

The real turns, drift and keeper turn a loop of 32 pixels through the ideal denoiser of a small archive. The score
freezes it for hours and melts it for hours; the model breaks, whitens, cycles and stares at intervals. What is looked
at afterwards: how long the wall ever showed one picture, whether brightness crept, whether memory did.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import psutil

from installation import images
from installation.loop import stuck
from installation.loop.album import Album
from installation.loop.generation import Moment, turns
from installation.loop.history import fingerprint
from installation.loop.keeper import LOOK_EVERY, Keeping
from installation.loop.lineage import Lineage
from installation.machine.files import share
from installation.restorers.archive import ideal
from installation.restorers.sampling import walk
from installation.scores import Curve

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Burnt, Step
    from installation.restorers import Restoring

SIDE, PICTURES = 32, 24
PALENESS = 0.35  # so that they melt below the keeper's reheating, as the pictures of a trained model do
SCORE = Curve(((0.0, 0.2), (900.0, 0.2), (1000.0, 0.85), (1900.0, 0.85), (2000.0, 0.2)), repeat=True)
KNOBS: Mapping[str, float] = {
    "/restore/steps": 2.0,
    "/loop/stages": 0.0,
    "/loop/measure-every": 1000.0,
    "/loop/colour": 0.1,
    "/loop/noise-floor": 0.004,
    "/loop/origin-return": 0.0005,
}
SAMPLE_EVERY = 500  # generations between two looks at the memory
WARM_UP = 0.2  # of all generations: until then allocators grow
MOST_DRIFT = 0.02  # of mean luma, 0 to 1
MOST_GROWTH = 100.0  # bytes per generation: ten megabytes in the whole soak; one kept picture alone would be 12 kB


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it went. ``longest`` and ``limit`` are generations, ``drift`` is mean luma, ``growth`` bytes a generation."""

    generations: int
    seconds: float
    longest: int
    limit: int
    drift: float
    growth: float
    refused: int
    rescues: Mapping[str, int]

    @property
    def alive(self) -> bool:
        """Whether it ended as it should."""
        return self.longest <= self.limit and abs(self.drift) < MOST_DRIFT and self.growth < MOST_GROWTH

    def sentence(self) -> str:
        """The verdict for a person."""
        rescues = ", ".join(f"{count} x {name}" for name, count in sorted(self.rescues.items())) or "none"
        return (
            f"{'Alive' if self.alive else 'NOT WELL'} after {self.generations} generations in {self.seconds:.0f} s "
            f"({self.seconds / self.generations * 1e3:.2f} ms each). One picture stood for {self.longest} generations "
            f"at most (limit {self.limit}); mean luma drifted by {self.drift:+.4f} (limit {MOST_DRIFT}); memory grew "
            f"by {self.growth:.0f} bytes a generation (limit {MOST_GROWTH:.0f}). {self.refused} generations refused. "
            f"Rescues: {rescues}."
        )


@dataclass(slots=True)
class Ailing:
    """The ideal denoiser of some pictures, N x 3 x 32 x 32, which has a bad spell every thousand or so generations."""

    pictures: torch.Tensor
    name: str = "ailing"
    digest: str = "0" * 64
    turned: int = 0

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """Walk down, and spoil what comes of it when it is time for that."""
        self.turned += 1
        for step in walk(lambda x, sigma: ideal(x, sigma, self.pictures), burnt, knobs, rng):
            yield self._spoilt(step)

    def _spoilt(self, step: Step) -> Step:
        """NaN, white, a cycle of two, and one and the same picture, each at its hour.

        No keeper cures a model that knows one picture only, so that spell is shorter than the limit.
        """
        hour = self.turned % 7000
        if 1200 <= hour < 1208:  # noqa: PLR2004 - the timetable
            return replace(step, denoised=step.denoised * float("nan"))
        if 2300 <= hour < 2310:  # noqa: PLR2004
            return replace(step, denoised=0.2 * step.denoised + 1.2)
        if 3200 <= hour < 3400:  # noqa: PLR2004
            return replace(step, denoised=(-1) ** self.turned * self.pictures[:1])
        if 5200 <= hour < 5350:  # noqa: PLR2004
            return replace(step, denoised=self.pictures[1:2])
        return step


@dataclass(slots=True)
class Witness:
    """Watches the wall, independently of the keeper: for how long did it show one picture?"""

    still: int = 0
    longest: int = 0
    light: list[float] = field(default_factory=list)
    anchor: np.ndarray | None = None

    def see(self, moment: Moment) -> None:
        """Look at what a turn has brought."""
        seen = fingerprint(moment.image, moment.temperature)
        same = self.anchor is not None and bool(stuck.near(seen[None], self.anchor)[0])
        self.still = self.still + 1 if same else 0
        self.anchor = self.anchor if same else seen
        self.longest = max(self.longest, self.still)
        self.light.append(float(seen["light"]))

    def drift(self) -> float:
        """Mean luma of the second half less that of the first."""
        half = len(self.light) // 2
        return float(np.mean(self.light[half:]) - np.mean(self.light[:half])) if half else 0.0


def soak(generations: int, seed: int, progress: Callable[[float], None]) -> Verdict:
    """Turn the loop so many times. ``progress`` hears the share that is done."""
    pictures, witness, memory = _pictures(), Witness(), []
    lineage = Lineage.begin("soak", seed, pictures[:1])
    album = Album(tuple(map(str, range(PICTURES))), lambda name, *_: pictures[int(name)][None])
    began, rescues, refused, me = time.perf_counter(), Counter[str](), 0, psutil.Process()
    for moment in _ends(turns(lineage, Ailing(pictures), _values, time.perf_counter, album), generations):
        witness.see(moment)
        refused += moment.refused is not None
        rescues.update([_named(moment.kept)] if moment.kept else [])
        if lineage.serial % SAMPLE_EVERY == 0:
            memory.append(me.memory_info().rss)
            progress(lineage.serial / generations)
    seconds = time.perf_counter() - began
    return Verdict(
        generations, seconds, witness.longest, limit(), witness.drift(), growth(memory), refused, dict(rescues)
    )


def limit() -> int:
    """Generations that one picture may stand: until it is seen, and once more where the first rung did not help."""
    keeping = Keeping()
    return keeping.patience + max(keeping.patience, keeping.refractory) + LOOK_EVERY


def growth(memory: list[int]) -> float:
    """Bytes a generation by which resident memory grows, from samples every 500; the first fifth is warming up."""
    steady = np.array(memory[int(WARM_UP * len(memory)) :], dtype=float)
    if len(steady) < 2:  # noqa: PLR2004 - no slope of one
        return 0.0
    return float(np.polyfit(np.arange(len(steady)) * float(SAMPLE_EVERY), steady, 1)[0])


def _pictures() -> torch.Tensor:
    import torch

    files = sorted((share("assets") / "archive").glob("*.webp"))
    chosen = files[:: len(files) // PICTURES][:PICTURES]
    return PALENESS * torch.cat([images.to_tensor(images.load(path, SIDE, SIDE)) for path in chosen])


def _values(serial: int) -> dict[str, float]:
    return {**KNOBS, "/burn/gaussian/temperature": SCORE.at(serial)}


def _ends(moments: Iterator[Moment], count: int) -> Iterator[Moment]:
    """The last moment of each turn, so many of them."""
    for moment in moments:
        if moment.phase == "generation":
            yield moment
            if (count := count - 1) == 0:
                return


def _named(kept: str) -> str:
    """The short name of a rescue: how it went, for the count."""
    cause, done = kept.split("; ")
    return f"{cause.split(':')[0].split(', 5 times')[0]} -> {' '.join(done.split(',')[0].split()[:4])}"
