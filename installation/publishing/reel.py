"""A take at a constant rate: what the audience saw at every tick, all of it or from one moment to another."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from installation.publishing.projection import projected, schedule, shots
from installation.publishing.whole import PublishError
from installation.recording import takes
from installation.stage.light import Light

if TYPE_CHECKING:
    from installation.recording.takes import Mark, Take


@dataclasses.dataclass(frozen=True, slots=True)
class Reel:
    """The frames of a take with their times (seconds of the film, by serial), to be seen ``rate`` times a second."""

    take: Take
    marks: Sequence[Mark]
    times: Mapping[int, tuple[float, float]]
    rate: int

    @property
    def seconds(self) -> float:
        """How long the whole film is."""
        return self.times[self.marks[-1].frame][1]

    @property
    def ticks(self) -> int:
        """How many pictures the whole film has."""
        return math.ceil(self.seconds * self.rate)

    def tick(self, mark: Mark) -> int:
        """The first tick at which a frame is being seen."""
        return math.ceil(self.times[mark.frame][0] * self.rate)

    def lights(self, begin: int = 0, end: int | None = None) -> Iterator[Light]:
        """The pictures of the ticks from ``begin`` to before ``end`` (None: the last), in linear light.

        Only frames of that time are read. Pictures may be fewer where the end of a take is lost.
        """
        early = begin / self.rate
        late = math.inf if end is None else end / self.rate
        times = {
            serial: (began - early, until - early)
            for serial, (began, until) in self.times.items()
            if until > early and began < late
        }
        found = takes.frames(self.take, None if len(times) == len(self.times) else set(times))
        return itertools.islice(projected(shots(found, times), self.rate), None if end is None else end - begin)


def reel(take: Take, rate: int) -> Reel:
    """The take, ready to be seen ``rate`` times a second. Raises ``PublishError`` when it holds no pictures."""
    marks = takes.marks(take.folder)
    if not marks:
        raise PublishError(f"{take.name} holds no pictures; there is nothing to publish.")
    return Reel(take, marks, schedule(marks), rate)
