"""A drawing of the projectors on a board: where every corner stands, for whoever shows it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from installation.machine.board import Board, glance
from installation.stage.alignment import CORNERS
from installation.stage.outputs import Output, Point


class Drawing:
    """The writing end: owned by the stage. Its board is laid with the first drawing, anew in each of its lives."""

    def __init__(self, path: Path) -> None:
        """Nothing is drawn yet."""
        self._path = path
        self._board: Board | None = None
        self._drawn: Sequence[Output] = ()

    def show(self, outputs: tuple[Output, ...]) -> None:
        """Every output as it stands; costs nothing while they are the same ones."""
        if outputs is self._drawn:
            return
        self._drawn = outputs
        values = {
            f"/output/{number}/corner/{corner}/{axis}": place
            for number, output in enumerate(outputs, 1)
            for corner, point in enumerate(output.corners, 1)
            for axis, place in zip("xy", point, strict=True)
        }
        if self._board is None:
            beside = self._path.with_suffix(".new")  # whoever looks sees the last life's board, or this one whole
            self._board = Board.create(beside, values)
            beside.rename(self._path)
        else:
            self._board.write(values)

    def close(self) -> None:
        """Leave the board."""
        if self._board:
            self._board.close()


def drawn(path: Path) -> list[list[Point]]:
    """The four corners of each output, in fractions of it, clockwise from the top left; nothing before the first."""
    places = list(glance(path).values())
    points = list(zip(places[::2], places[1::2], strict=True))
    return [points[first : first + len(CORNERS)] for first in range(0, len(points), len(CORNERS))]
