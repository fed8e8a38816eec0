"""The window: what is kept of the last pictures for those readings that no single picture has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from installation.readings.register import Reading, declared

if TYPE_CHECKING:
    from installation.readings.look import Look
    from installation.readings.tail import Ball
    from installation.records import Generation

SIZE = 64  # pictures
MOST_MEMORIES = 256  # points since the origin; when they are full, every other one goes
FAINTEST = 0.05  # memory at which an engine that comes late to a fire still has something to see fade


class Window:
    """The last 64 generations of one lineage. Its readings are worked out in turn, one with every picture seen.

    ``ball`` is what real pictures lie in, None where it is not known.
    """

    def __init__(self, ball: Ball | None = None) -> None:
        """Nothing has been seen."""
        self.ball = ball
        self._thumbs = np.zeros((0, 0), np.float32)
        self._squares = np.zeros((SIZE, SIZE))
        self._spared = np.zeros(SIZE, bool)
        self._seen = 0
        self._stride = 1
        self._memories: list[tuple[int, float]] = []
        self._turns: tuple[Reading, ...] = tuple(declared("window").values())

    @property
    def squares(self) -> np.ndarray:
        """Mean squared Lab differences between every two thumbs of the window, n x n."""
        full = min(self._seen, SIZE)
        return self._squares[:full, :full]

    @property
    def thumbs(self) -> np.ndarray:
        """The thumbs of the window, n x 768, in no order."""
        return self._thumbs[: min(self._seen, SIZE)]

    @property
    def spared(self) -> np.ndarray:
        """Which generations of the window were not restored, n switches in no order."""
        return self._spared[: min(self._seen, SIZE)]

    @property
    def memories(self) -> tuple[np.ndarray, np.ndarray]:
        """Generations since the first one known of this fire, and what each remembered as a share of what that did."""
        serials, memories = np.array(self._memories or [(0, 1.0)], np.float64).T
        return serials - serials[0], memories / max(memories[0], FAINTEST)

    def see(self, present: Look, generation: Generation) -> dict[str, float]:
        """Take a generation in. Gives the one reading whose turn it is, by key; NaN where it is too early for it."""
        self._keep_thumb(present.thumb)
        self._keep_memory(generation)
        self._spared[self._seen % SIZE] = generation.spared
        self._seen += 1
        turn = self._turns[self._seen % len(self._turns)]
        return {turn.key: turn.take(self)}

    def _keep_thumb(self, thumb: np.ndarray) -> None:
        if not self._thumbs.size:
            self._thumbs = np.zeros((SIZE, thumb.size), np.float32)
        place = self._seen % SIZE
        self._thumbs[place] = thumb
        apart = 3.0 * np.square(self._thumbs - thumb).mean(axis=1)  # three numbers a cell make one difference
        self._squares[place, :] = self._squares[:, place] = apart

    def _keep_memory(self, generation: Generation) -> None:
        if generation.parent == 0:  # grown from the origin itself: a fire newly lit, that remembered all before
            self._memories, self._stride = [(generation.serial - 1, 1.0)], 1
        first = self._memories[0][0] if self._memories else generation.serial
        memory = generation.readings.get("memory")  # not every generation has to be measured
        if memory is not None and (generation.serial - first) % self._stride == 0:
            self._memories.append((generation.serial, memory))
        if len(self._memories) > MOST_MEMORIES:
            self._stride *= 2
            self._memories = [kept for kept in self._memories if (kept[0] - first) % self._stride == 0]
