"""Many lineages at once: one picture is a wall of cells, each of which is restored by itself, all in one batch.

The loop does not know: it burns, warps and measures the wall as one picture. Media that move things about (heat,
brownian, jpeg) carry a little over the seams; white noise does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Burnt, Image, Step
    from installation.restorers.guides import Controlling, Guides, Likening
    from installation.restorers.lesions import Weights
    from installation.restorers.protocol import Restorer, Restoring


class Grid:
    """A restorer that works on ``side`` x ``side`` cells. Its name and digest are those of the one it asks."""

    def __init__(self, restorer: Restorer, side: int) -> None:
        """``side``: cells in a row, and rows."""
        self.name, self.digest = restorer.name, restorer.digest
        self._restorer = restorer
        self._side = side

    @property
    def weights(self) -> Weights | None:
        """What can be damaged of the restorer, where anything can."""
        return getattr(self._restorer, "weights", None)

    @property
    def dtype(self) -> torch.dtype | None:
        """The kind of numbers the restorer computes with, where it has a choice."""
        return getattr(self._restorer, "dtype", None)

    @property
    def text(self) -> str:
        """What the restorer was told to see."""
        return str(getattr(self._restorer, "text", ""))

    @property
    def guides(self) -> Guides | None:
        """What leads the restorer, where anything can."""
        return getattr(self._restorer, "guides", None)

    def follow(self, sights: Mapping[str, Image], controlling: Controlling, likening: Likening) -> None:
        """Let every cell be led by its own part of the pictures."""
        if guides := self.guides:
            apart = {name: cells(picture, self._side) for name, picture in sights.items()}
            guides.follow(apart, controlling, likening)

    def prompt(self, text: str) -> None:
        """What every cell should show, where the restorer listens."""
        if listens := getattr(self._restorer, "prompt", None):
            listens(text)

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """The restorer's own steps, walls again. Raises ``ModelError`` for cells of a size it cannot restore."""
        for step in self._restorer.restore(in_cells(burnt, self._side), knobs, rng):
            yield replace(step, x=joined(step.x, self._side), denoised=joined(step.denoised, self._side))


def in_cells(burnt: Burnt, side: int) -> Burnt:
    """The account of a burnt wall, for its cells: what it knows of the whole wall it says of each cell."""
    evidence, again, homeward = burnt.evidence, burnt.again, burnt.homeward
    return replace(
        burnt,
        image=cells(burnt.image, side),
        source=None if burnt.source is None else cells(burnt.source, side),
        evidence=evidence and (lambda guess: cells(evidence(joined(guess, side)), side)),
        again=again and (lambda guess, heat: in_cells(again(joined(guess, side), heat), side)),
        homeward=homeward and (lambda steps: (cells(image, side) for image in homeward(steps))),
    )


def cells(wall: Image, side: int) -> Image:
    """B x C x sh x sw to s^2 B x C x h x w, row by row. Raises ``ValueError`` where the cells would not be equal."""
    batch, colours, height, width = wall.shape
    if height % side or width % side:
        raise ValueError(f"A wall of {width} x {height} has no {side} x {side} equal cells.")
    cut = wall.reshape(batch, colours, side, height // side, side, width // side)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(-1, colours, height // side, width // side)


def joined(apart: Image, side: int) -> Image:
    """The inverse of ``cells``."""
    number, colours, height, width = apart.shape
    cut = apart.reshape(number // side**2, side, side, colours, height, width)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(-1, colours, side * height, side * width)
