"""Effort: how much more is computed than anybody needs, so that a machine burns what it may and no more.

A proportional-integral controller in its velocity form, which forgets what it could not do (no windup). It climbs
slowly and falls quickly: a limit is obeyed before it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from installation.knobs import knob, panel

PROPORTION = 0.2  # of effort, for all of the limit that is left
CLIMB, FALL = 0.008, 0.08  # of effort a second, likewise: two minutes up, a tenth of that down
RETREAT = -1.0  # what is left where a sensor is silent: nobody burns in the dark
FEWEST, MOST = 2, 50  # steps of restoring
SLOWEST = 1.0  # seconds a generation, without any effort


@panel("/governor")
@dataclass(frozen=True, slots=True)
class Governing:
    """What is burnt for burning's sake."""

    greed: float = knob(
        0.0, doc="How much of the watts and degrees of machine.toml's [governor] is burnt for nothing; 0 burns nothing."
    )


@dataclass(frozen=True, slots=True)
class Effort:
    """``level`` from 0, as little as will do, to 1, all that the machine can; ``left`` of the limit, as a share."""

    level: float = 0.0
    left: float | None = None

    def after(self, left: float, elapsed: float) -> Effort:
        """The effort ``elapsed`` seconds later, when a share ``left`` of the limit is not used (below 0: overdrawn)."""
        proportion = 0.0 if self.left is None else PROPORTION * (left - self.left)
        integral = (CLIMB if left > 0.0 else FALL) * left * elapsed
        return Effort(min(max(self.level + proportion + integral, 0.0), 1.0), left)

    def knobs(self) -> dict[str, float]:
        """What it turns, by address: more steps first of all, and no pause between generations."""
        steps = round(FEWEST + (MOST - FEWEST) * self.level)
        return {"/restore/steps": float(steps), "/loop/pace": round(SLOWEST * (1.0 - self.level), 2)}


def left_of(limits: Mapping[str, float | None], known: Mapping[str, float], greed: float) -> float | None:
    """The smallest share that is left of any limit, with only a part (``greed``, above 0) of each to be used.

    None without a limit; ``RETREAT`` where a limited number is not known.
    """
    shares: Iterable[float] = [
        (greed * limit - known[name]) / (greed * limit) if name in known else RETREAT
        for name, limit in limits.items()
        if limit is not None
    ]
    return max(min(shares), RETREAT) if shares else None
