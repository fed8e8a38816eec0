"""Loops: which part of a take returns to nearly where it began, and how its end is closed without a jump."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from installation.publishing.projection import fitted
from installation.publishing.reel import Reel
from installation.publishing.whole import PublishError
from installation.recording import takes
from installation.stage.dissolve import blend
from installation.stage.light import Light, decode

if TYPE_CHECKING:
    from installation.recording.takes import Mark

DISSOLVE = 1.5  # seconds at the seam: light that differs by its whole range then moves hardly faster than is safe
NEAR, FAR = 0.6, 1.4  # times the length wished for: how short and how long a loop may be
QUIET = 0.5  # seconds in which to look for a quiet moment to begin
SIDE = 16  # tiles a side of a picture's fingerprint: where its light lies, whatever its grain


@dataclasses.dataclass(frozen=True, slots=True)
class Seam:
    """A loop in ticks of its reel: from ``begin`` to before ``end``, its last ``overlap`` ones dissolving."""

    begin: int
    end: int
    overlap: int

    @property
    def length(self) -> int:
        """Pictures in the loop."""
        return self.end - self.begin


def looped(reel: Reel, seconds: float) -> tuple[Seam, Iterator[Light]]:
    """The best loop of about ``seconds``, and its pictures. Raises ``PublishError`` for a take too short for one."""
    seam = choose(reel, seconds)
    return seam, pictures(reel, seam)


def pictures(reel: Reel, seam: Seam) -> Iterator[Light]:
    """The pictures of a loop; the last of them is the one that came before the first."""
    return closed(lambda: reel.lights(seam.begin - seam.overlap, seam.end), seam.length, seam.overlap)


def closed(lights: Callable[[], Iterator[Light]], length: int, overlap: int) -> Iterator[Light]:
    """``length`` pictures of a sequence that has ``overlap`` before them; those the last ones dissolve into, in light.

    ``lights`` gives the same sequence each time. Where the loop ends it is the picture before the one it begins with,
    so the step from last to first is a step the sequence had anyway. Holds no pictures: the sequence is read twice.
    """
    early = lights()
    for place, late in enumerate(itertools.islice(lights(), overlap, overlap + length)):
        into = overlap - (length - place) + 1
        yield late if into <= 0 else blend(late, next(early, late), into / overlap)


def choose(reel: Reel, seconds: float) -> Seam:
    """Between which two finished generations to close: of those about ``seconds`` apart, the two most alike.

    Where no two are, any two pictures; and of a take shorter than that, all of it with a shorter dissolve.
    """
    overlap = min(round(DISSOLVE * reel.rate), reel.ticks // 4)
    if overlap < 1:
        raise PublishError(f"{reel.take.name} is too short for a loop. Record longer, or choose a higher --rate.")
    wished = min(seconds * reel.rate, reel.ticks - overlap)
    finished = [mark for mark in reel.marks if mark.phase == "generation"]
    for marks in (finished, reel.marks):
        if pair := _nearest(reel, marks, overlap, wished):
            return quieter(reel, Seam(*pair, min(overlap, (pair[1] - pair[0]) // 2)))
    return Seam(overlap, reel.ticks, overlap)


def quieter(reel: Reel, seam: Seam) -> Seam:
    """The same loop begun up to half a second later, where the take moves least.

    A generation arrives in one step, the largest of all; codecs smooth such steps everywhere but where a film begins.
    """
    latest = max(min(round(QUIET * reel.rate), reel.ticks - seam.end), 0)
    lights = reel.lights(seam.begin - seam.overlap, seam.begin + latest + 1)
    near = itertools.islice(lights, seam.overlap - 1, None)
    steps = [float(np.abs(after - before).mean()) for before, after in itertools.pairwise(near)]
    later = int(np.argmin(steps)) if steps else 0
    return dataclasses.replace(seam, begin=seam.begin + later, end=seam.end + later)


def fingerprints(reel: Reel, marks: Sequence[Mark]) -> dict[int, np.ndarray]:
    """The light of each frame that can be read, in 16 x 16 tiles, as one row of 768 numbers, by its serial."""
    prints = {}
    for frame in takes.frames(reel.take, {mark.frame for mark in marks}):
        light = decode(fitted(frame.pixels, *_square(frame.pixels.shape)))
        prints[frame.serial] = light.reshape(SIDE, light.shape[0] // SIDE, SIDE, -1, 3).mean(axis=(1, 3)).ravel()
    return prints


def _square(shape: tuple[int, ...]) -> tuple[int, int]:
    """The height and width, multiples of the tiles, at which a picture is looked at: no larger than need be."""
    return tuple(max(SIDE, min(side, 128) // SIDE * SIDE) for side in shape[:2])  # type: ignore[return-value] # two


def _nearest(reel: Reel, marks: Sequence[Mark], overlap: int, wished: float) -> tuple[int, int] | None:
    """First and last tick of the pair with the least mean square difference, or None where none is far enough apart."""
    known = fingerprints(reel, marks)
    readable = [mark for mark in marks if mark.frame in known]
    if not readable:
        return None
    ticks = np.array([reel.tick(mark) for mark in readable])
    rows = np.array([known[mark.frame] for mark in readable])
    best, pair = np.inf, None
    for place in np.flatnonzero(ticks >= overlap).tolist():
        apart = ticks - ticks[place]
        far = np.flatnonzero((apart >= NEAR * wished) & (apart <= FAR * wished) & (apart > 1))
        if far.size:
            unlike = np.square(rows[far] - rows[place]).mean(axis=1)
            if unlike.min() < best:
                best, pair = float(unlike.min()), (int(ticks[place]), int(ticks[far[unlike.argmin()]]))
    return pair
