"""What a collapse has painted: batches that come out the same wherever they are painted, and who paints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from installation.randomness import generator
from installation.training.pupil import AT_ONCE, restored

if TYPE_CHECKING:
    from pathlib import Path

    from installation.collapse.images import Settings
    from installation.restorers.protocol import Restorer
    from installation.training.gallery import Pictures

LARGE = 256  # pixels a side: of larger pictures fewer are painted together


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Parents, N x H x W x 3 uint8, and the key of the numbers with which they are burnt and painted again."""

    parents: Pictures
    settings: Settings
    seed: int
    serial: int
    stream: int

    def painted(self, model: Restorer) -> Pictures:
        """A picture from every parent, N x H x W x 3 uint8."""
        return restored(model, self.parents, self.settings, generator(self.seed, self.serial, self.stream))


def batches(parents: Pictures, settings: Settings, seed: int, serial: int, stream: int) -> list[Batch]:
    """Parents, some at a time, each batch with a stream of its own from ``stream`` on."""
    together = max(AT_ONCE * LARGE**2 // max(settings.size, LARGE) ** 2, 1)  # as many pixels, whatever their size
    firsts = range(0, len(parents), together)
    return [
        Batch(parents[first : first + together], settings, seed, serial, stream + time)
        for time, first in enumerate(firsts)
    ]


class Studio(Protocol):
    """Where a generation paints."""

    def paint(self, model: Any, folder: Path, wanted: Mapping[str, Batch]) -> Iterator[tuple[str, Pictures]]:
        """Every batch by its name, once, in any order, by ``model``, which is kept in ``folder``.

        Raises a ``Refusal`` where not all can be painted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Here(Studio):
    """On this machine, in order."""

    def paint(self, model: Any, folder: Path, wanted: Mapping[str, Batch]) -> Iterator[tuple[str, Pictures]]:  # noqa: ARG002 - it is in memory
        return ((name, batch.painted(model)) for name, batch in wanted.items())


HERE = Here()
