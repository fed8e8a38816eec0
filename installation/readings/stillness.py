"""Stillness: how often a picture stood so still that it was not restored again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.readings.register import reading

if TYPE_CHECKING:
    from installation.readings.window import Window


@reading(
    "/reading/spared",
    of="window",
    doc="Share of the last 64 generations that stood still and were not restored (/loop/stillness): energy saved.",
)
def spared(window: Window) -> float:
    """Generations that were spared, over those of the window."""
    return float(window.spared.mean())
