"""Cards: the test patterns that are on the projectors now, drawn again only when something about them changes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from installation.stage.outputs import Output
from installation.stage.patterns import Card, drawn
from installation.stage.testcard import Face

NONE = "none"
BAR = "bar"  # the only pattern that moves
HELD = 0.5  # seconds a pattern stays at least: whoever hammers the button makes no more than one flash a second


class Cards:
    """Which pattern is shown, since when, and the newest card of each output."""

    def __init__(self) -> None:
        """The picture is shown."""
        self._pattern = NONE
        self._until = float("-inf")
        self._kept: dict[str, tuple[object, Card]] = {}
        self._revisions = itertools.count(1)

    def shown(
        self, pattern: str, faces: Mapping[Output, Face], now: float, canvas: tuple[int, int]
    ) -> tuple[Card, ...]:
        """A card for every output, as ``pattern`` wants it; none when that is ``none``. ``now`` is in seconds.

        A pattern that comes too soon after the last one waits for its turn.
        """
        if pattern != self._pattern and now >= self._until:
            self._pattern, self._until = pattern, now + HELD
        if self._pattern == NONE:
            self._kept.clear()
            return ()
        return tuple(self._card(output, face, now, canvas) for output, face in faces.items())

    def _card(self, output: Output, face: Face, now: float, canvas: tuple[int, int]) -> Card:
        seconds = now if self._pattern == BAR else 0.0
        key = self._pattern, output, face, canvas, seconds
        kept = self._kept.get(output.name)
        if kept is None or kept[0] != key:
            pixels = drawn(self._pattern, output, face, canvas, seconds)
            kept = self._kept[output.name] = key, Card(output.place, pixels, next(self._revisions))
        return kept[1]
