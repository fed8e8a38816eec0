"""Smouldering: between two generations, and while the engine is away, the picture on the wall burns gently and live.

A graphics card burns it in the media of ``burns/`` at the display's own rate. How hot it is, is decided here, and never
changes fast: a fire that is fanned sixty times a second must not flash.
"""

from __future__ import annotations

import dataclasses
import math

from installation.stage.flashes import FASTEST

MEDIA = ("none", "gaussian", "heat", "brownian")
GROWTH = 2.0  # seconds without a new frame until it is two thirds as hot as it may become
SLEW = 0.05  # of temperature per second
STEEPEST = 7.0  # of full light per whole temperature: no medium changes the mean of any field faster (see its tests)
LEFT = 1.0 - SLEW * STEEPEST / FASTEST  # the share of the flash limit that remains for the picture while it smoulders
BEAT = 0.2  # seconds in which one random number turns into the next
TURNS = 2**32  # after this many (27 years) the random numbers repeat: a shader counts in 32 bits


@dataclasses.dataclass(frozen=True, slots=True)
class Smoulder:
    """What burns the picture on the wall, how hot (0 to 1), and for how long it has (s)."""

    medium: str = "none"
    temperature: float = 0.0
    age: float = 0.0

    def kept(self, medium: str, amount: float, since: float, elapsed: float) -> Smoulder:
        """The fire ``elapsed`` seconds later, when ``medium`` is wanted at up to ``amount`` (0 to 1).

        It grows with the seconds ``since`` the last frame and goes down when a new one comes. Another medium is lit
        when the one before is out.
        """
        wanted = amount * (1.0 - math.exp(-max(since, 0.0) / GROWTH)) if medium == self.medium != "none" else 0.0
        step = SLEW * max(elapsed, 0.0)
        temperature = min(max(wanted, self.temperature - step), self.temperature + step)
        lit = medium if temperature == 0.0 else self.medium
        return Smoulder(lit, temperature, self.age + elapsed)

    @property
    def share(self) -> float:
        """The share of the flash limit that is left for the picture, 0 to 1."""
        return 1.0 if self.temperature == 0.0 else LEFT


def beats(seconds: float, beat: float = BEAT) -> tuple[int, float]:
    """Which turn it is, 0 to 2**32 - 1, and how far it has gone, 0 to 1. A float32 would stutter after a day."""
    turn = math.floor(seconds / beat)
    return turn % TURNS, min(max(seconds / beat - turn, 0.0), 1.0)
