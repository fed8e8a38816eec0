"""Hanging: on which display each output hangs, and so where it lies in the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.stage.outputs import Blend, Output
from installation.stage.placement import Box

if TYPE_CHECKING:
    from installation.machine.settings import OutputSettings
    from installation.stage.displays import Display


@dataclass(frozen=True, slots=True)
class Hanging:
    """All outputs in the order of ``machine.toml``, and the names of those whose display is there."""

    outputs: tuple[Output, ...] = ()
    lit: frozenset[str] = frozenset()


def bound(wanted: Sequence[OutputSettings], displays: Sequence[Display]) -> Mapping[str, str]:
    """Which display each output hangs on, both by name. What has a place of its own hangs on none.

    Outputs that name no display take those that are left, from the left; when there are too few, none of them does:
    then the window is shared out among all.
    """
    named = {output.name: output.display for output in wanted if output.display and output.place is None}
    others = [output.name for output in wanted if not output.display and output.place is None]
    left = [display.name for display in displays if display.name not in named.values()]
    return {**named, **(dict(zip(others, left, strict=False)) if len(others) <= len(left) else {})}


def covered(wanted: Sequence[OutputSettings], displays: Sequence[Display]) -> tuple[int, int] | None:
    """The size (width, height) of a window over everything the outputs hang on; None where nobody knows."""
    boxes = [Box(*output.place) for output in wanted if output.place] + [display.box for display in displays]
    if not wanted or not boxes:
        return None
    return max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)


def hung(
    wanted: Sequence[OutputSettings], displays: Sequence[Display], on: Mapping[str, str], window: tuple[int, int]
) -> Hanging:
    """The outputs where they hang now, in a window of (width, height) pixels.

    An output whose display is not there is dark, and as large as the window until it comes back.
    """
    boxes = {display.name: display.box for display in displays}
    outputs, lit = [], set()
    for number, output in enumerate(wanted):
        if output.place:
            place: Box | None = Box(*output.place)
        elif output.name in on:
            place = boxes.get(on[output.name])
        else:
            place = _column(number, len(wanted), window)
        outputs.append(_described(output, place or Box(0, 0, *window)))
        if place:
            lit.add(output.name)
    return Hanging(tuple(outputs), frozenset(lit))


def _column(number: int, many: int, window: tuple[int, int]) -> Box:
    left, right = window[0] * number // many, window[0] * (number + 1) // many
    return Box(left, 0, right - left, window[1])


def _described(output: OutputSettings, place: Box) -> Output:
    """The settings as the stage's own record."""
    said = output.model_dump(exclude={"display", "place", "blend"})
    return Output(place=place, blend=Blend(**output.blend.model_dump()), **said)
