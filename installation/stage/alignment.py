"""Alignment: projectors' corners moved by hand until the picture fits the wall. A pure state machine, and its file.

What was aligned is kept by the output's name, beside the state and not in ``machine.toml``: that file is a person's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from installation.errors import Refusal
from installation.machine.files import write_atomically
from installation.stage.outputs import SQUARE, Corners, Grid, Output, Point, folds

NAME = "alignment.toml"
REMEMBERED = 500  # steps that can be undone: an evening of arrow keys
LOW, HIGH = -1.0, 2.0  # fractions of the output: so far a corner may be moved
CORNERS = ("top left", "top right", "bottom right", "bottom left")


class AlignmentError(Refusal):
    """A corner that cannot be moved there, or a file of alignments that cannot be used."""


@dataclass(frozen=True, slots=True)
class Bend:
    """What alignment says of one output; everything else stands in ``machine.toml``."""

    corners: Corners
    grid: Grid = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """The outputs as they are aligned, which corner of which is in hand, and how they were bent before. Never empty."""

    outputs: tuple[Output, ...]
    output: int = 0
    corner: int = 0
    before: tuple[tuple[str, Bend], ...] = ()

    @property
    def chosen(self) -> Output:
        """The output in hand."""
        return self.outputs[self.output]

    def choose(self, corner: int) -> Alignment:
        """Take another corner in hand: 0 to 3, clockwise from the top left. Raises ``AlignmentError`` for others."""
        if not 0 <= corner < len(CORNERS):
            raise AlignmentError(f"There is no corner {corner + 1}; they are 1 to 4, clockwise from the top left.")
        return replace(self, corner=corner)

    def turn_to(self, output: int) -> Alignment:
        """Take another output in hand, 0 the first. Raises ``AlignmentError`` when there are not so many."""
        if not 0 <= output < len(self.outputs):
            many = f"they are 1 to {len(self.outputs)}" if len(self.outputs) > 1 else "there is only 1"
            raise AlignmentError(f"There is no output {output + 1}; {many}.")
        return replace(self, output=output)

    def next_output(self) -> Alignment:
        """Take the next output in hand; after the last the first."""
        return replace(self, output=(self.output + 1) % len(self.outputs))

    def nudge(self, across: float, down: float) -> Alignment:
        """Move the corner in hand by so many pixels. Raises ``AlignmentError`` where the picture would fold."""
        (x, y), box = self.chosen.corners[self.corner], self.chosen.place
        return self.put((x + across / box.width, y + down / box.height))

    def put(self, point: Point) -> Alignment:
        """Move the corner in hand to this place, in fractions of the output. Raises like ``nudge``."""
        corners = list(self.chosen.corners)
        corners[self.corner] = point
        moved = replace(self.chosen, corners=(corners[0], corners[1], corners[2], corners[3]))
        if not all(LOW <= fraction <= HIGH for fraction in point) or folds(moved):
            raise AlignmentError(
                f"The {CORNERS[self.corner]} corner of output {moved.name} stays where it is: at "
                f"({point[0]:.4f}, {point[1]:.4f}) the picture would fold over itself."
            )
        return self._with(moved)

    def reset(self) -> Alignment:
        """Let the output in hand be straight again."""
        return self._with(replace(self.chosen, corners=SQUARE, grid=()))

    def undo(self) -> Alignment:
        """Take back the last change; without one nothing happens. The hand stays where it is."""
        if not self.before:
            return self
        return replace(self, outputs=aligned(self.outputs, dict(self.before[-1:])), before=self.before[:-1])

    def placed(self, outputs: Sequence[Output]) -> Alignment:
        """The same bends on the same outputs in other places: the displays have changed."""
        return replace(self, outputs=aligned(outputs, {output.name: bend_of(output) for output in self.outputs}))

    def _with(self, moved: Output) -> Alignment:
        outputs = aligned(self.outputs, {moved.name: bend_of(moved)})
        before = (*self.before, (moved.name, bend_of(self.chosen)))
        return replace(self, outputs=outputs, before=before[-REMEMBERED:])


def bend_of(output: Output) -> Bend:
    """What alignment may change of an output."""
    return Bend(output.corners, output.grid)


def aligned(outputs: Sequence[Output], bends: Mapping[str, Bend]) -> tuple[Output, ...]:
    """The outputs with what was saved for their names."""
    return tuple(
        replace(output, corners=bend.corners, grid=bend.grid) if (bend := bends.get(output.name)) else output
        for output in outputs
    )


def save(path: Path, outputs: Sequence[Output]) -> None:
    """Keep the alignment of these outputs, and that of others the file already knows. Raises ``StorageError``."""
    try:
        kept = dict(load(path))
    except AlignmentError:
        kept = {}  # what cannot be read is replaced by what is right now
    kept |= {output.name: bend_of(output) for output in outputs}
    tables = [f"[{name}]\ncorners = {_toml(bend.corners)}\ngrid = {_toml(bend.grid)}\n" for name, bend in kept.items()]
    write_atomically(path, "# Where the projectors' corners were put by hand.\n\n" + "\n".join(tables))


def load(path: Path) -> Mapping[str, Bend]:
    """What was saved, by the outputs' names; nothing when nothing was. Raises ``AlignmentError`` for a broken file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: _bend(table) for name, table in tables.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AlignmentError(
            f"{path} holds no alignment that can be used ({error}); the corners stand as in machine.toml. "
            "Align again and save, or remove the file."
        ) from error


def _bend(table: Mapping[str, Any]) -> Bend:
    first, second, third, fourth = (_point(corner) for corner in table["corners"])
    return Bend((first, second, third, fourth), tuple(tuple(map(_point, row)) for row in table["grid"]))


def _point(pair: Sequence[float]) -> Point:
    x, y = (float(number) for number in pair)
    if not all(LOW <= fraction <= HIGH for fraction in (x, y)):
        raise ValueError(f"{list(pair)} lies far outside its output")
    return x, y


def _toml(points: Sequence[object]) -> str:
    """Nested tuples of numbers as TOML's arrays, exactly."""
    return "[" + ", ".join(_toml(p) if isinstance(p, tuple) else repr(p) for p in points) + "]"
