"""Fading: everything on the wall comes and goes slowly enough that no switch can make it flash.

A flash is a rise and a fall of relative luminance by a tenth or more (WCAG 2.2, 2.3.1); more than three in a second
are dangerous. An overlay changes luminance by 0.83 at most, so at ``1 / SLOWEST`` of opacity a second even one that
turns as often as it can passes a tenth 0.83 / 1.6 / 0.1 = 5.2 times a second: 2.6 flashes.
"""

from __future__ import annotations

SLOWEST = 1.6  # seconds from nothing to whole


def towards(opacity: float, goal: float, elapsed: float) -> float:
    """The opacity ``elapsed`` seconds later, on its way to its goal; both 0 to 1."""
    step = max(elapsed, 0.0) / SLOWEST
    return min(max(goal, opacity - step), opacity + step)
