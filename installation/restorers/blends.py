"""What a restorer is told to see: one prompt, or several at once, each with a weight; and the slow way between two.

In words: ``a cat:0.7 | a fire:0.3``. What has a negative weight is not to be seen: ``a cat | a dog:-1``. A way from one
blend to another is a blend itself at every moment, so it can be logged in words, and rendered again.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    from installation.restorers.protocol import Restorer

BAR, MINUS = "|", "-"
WEIGHTED = re.compile(r"(.*):\s*(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)", re.DOTALL)
MOST = 16  # prompts at once: each is a run of the text encoder


@dataclass(frozen=True, slots=True)
class Blend:
    """Prompts and their weights: those of what is ``wanted`` sum to 1, those of what is ``unwanted`` are positive."""

    wanted: tuple[tuple[str, float], ...] = (("", 1.0),)
    unwanted: tuple[tuple[str, float], ...] = ()

    @property
    def signed(self) -> tuple[tuple[str, float], ...]:
        """All of them; what is unwanted with a negative weight."""
        return (*self.wanted, *((said, -weight) for said, weight in self.unwanted))


@dataclass(frozen=True, slots=True)
class Walk:
    """The way from one blend to another, of ``length`` generations after generation ``begun``; 0 jumps."""

    start: Blend
    goal: Blend
    begun: int = 0
    length: int = 0

    def at(self, serial: int) -> Blend:
        """What is told for a generation: a share more of the goal with each, until only that is told."""
        gone = serial - self.begun
        if gone <= 0:
            return self.start
        return self.goal if gone >= self.length else walked(self.start, self.goal, gone / self.length)


class Prompter:
    """Owns what a restorer is told to see, and walks it there."""

    def __init__(self) -> None:
        """Nothing is said."""
        self._walk = Walk(Blend(), Blend())

    def begin(self, restorer: Restorer, text: str) -> None:
        """Say this at once. Raises ``ModelError`` for what the restorer cannot read."""
        goal = read(text)
        _say(restorer, spoken(goal))
        self._walk = Walk(goal, goal)

    def tell(self, restorer: Restorer, text: str, serial: int, length: int) -> None:
        """After generation ``serial``, which ends as it was begun, walk to these words within ``length`` generations.

        Raises ``ModelError`` for what the restorer cannot read; what it was told before then holds.
        """
        goal, here = read(text), self._walk.at(serial)
        _say(restorer, spoken(goal))  # whether it can be read at all
        _say(restorer, spoken(here))
        self._walk = Walk(here, goal, serial, length)

    def turn(self, restorer: Restorer, serial: int) -> None:
        """Say what is to be said for a generation; also to a restorer that has just come."""
        _say(restorer, spoken(self._walk.at(serial)))


def read(text: str) -> Blend:
    """A blend from its words; weights are heard where a bar is, so that a single prompt may have colons.

    Raises ``ModelError`` where nothing is wanted, or more than sixteen things are.
    """
    if BAR not in text:
        return Blend(((text.strip(), 1.0),))
    parts = [_weighted(part) for part in text.split(BAR) if part.strip()]
    wanted, unwanted = ([(said, abs(weight)) for said, weight in parts if sign * weight > 0.0] for sign in (1.0, -1.0))
    if not wanted or len(parts) > MOST:
        raise ModelError(
            f"A blend names 1 to {MOST} prompts to be seen, like a cat:0.7 | a fire:0.3; not {text[:60]!r}."
        )
    return Blend(_normal(wanted), tuple(unwanted))


def spoken(blend: Blend) -> str:
    """The words of a blend, from which it can be read again."""
    if len(blend.wanted) == 1 and not blend.unwanted:
        return blend.wanted[0][0]
    wanted = [f"{said}:{weight!r}" for said, weight in blend.wanted]
    unwanted = [f"{said}:-{weight!r}" for said, weight in blend.unwanted]
    return f" {BAR} ".join([*wanted, *unwanted])


def walked(start: Blend, goal: Blend, share: float) -> Blend:
    """A blend of two blends: nothing of the goal at a share of 0, nothing but it at 1."""
    return Blend(_together(start.wanted, goal.wanted, share), _together(start.unwanted, goal.unwanted, share))


def slerp(one: Any, other: Any, share: float) -> Any:
    """Vectors (..., C) on the way from one to another, turned evenly and lengthened evenly (Shoemake 1985).

    A straight way would pass nearer to zero, where no prompt is; nearly parallel ones go straight all the same.
    """
    import torch

    lengths = [vectors.float().norm(dim=-1, keepdim=True).clamp(min=1e-12) for vectors in (one, other)]
    towards = [vectors.float() / length for vectors, length in zip((one, other), lengths, strict=True)]
    angle = (towards[0] * towards[1]).sum(dim=-1, keepdim=True).clamp(-1.0, 1.0).acos()
    sine = angle.sin()
    straight = sine < 1e-4  # noqa: PLR2004 - below this float32 has no angle left
    shares = [torch.where(straight, part, (part * angle).sin() / sine.clamp(min=1e-4)) for part in (1.0 - share, share)]
    turned = shares[0] * towards[0] + shares[1] * towards[1]
    return (turned * (lengths[0] * (1.0 - share) + lengths[1] * share)).to(one.dtype)


def _say(restorer: Restorer, text: str) -> None:
    listens = getattr(restorer, "prompt", None)
    if listens and getattr(restorer, "text", None) != text:
        listens(text)


def _weighted(part: str) -> tuple[str, float]:
    found = WEIGHTED.fullmatch(part.strip())
    said, weight = (found[1], float(found[2])) if found else (part, 1.0)
    return said.strip(), weight if math.isfinite(weight) else 0.0


def _normal(parts: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    total = sum(weight for _, weight in parts)
    return tuple((said, weight / total) for said, weight in parts)


def _together(
    start: tuple[tuple[str, float], ...], goal: tuple[tuple[str, float], ...], share: float
) -> tuple[tuple[str, float], ...]:
    """The weights of both, each by its share; what is in both stands once, and what has no weight not at all."""
    weights: dict[str, float] = {}
    for parts, part in ((start, 1.0 - share), (goal, share)):
        for said, weight in parts:
            weights[said] = weights.get(said, 0.0) + part * weight
    return tuple((said, weight) for said, weight in weights.items() if weight > 0.0)
