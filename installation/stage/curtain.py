"""The curtain: black on purpose. It falls at once and rises gently, and cannot be made to flicker."""

from __future__ import annotations

import dataclasses

FALL = 0.3  # seconds: a panic must look meant, not like a fault
RISE = 1.0  # seconds
DARK = 0.5  # seconds it stays down at least: no more than two flashes a second, whoever hammers the button


@dataclasses.dataclass(frozen=True, slots=True)
class Curtain:
    """How far it is open, 0 to 1, and when (s) it was last wanted closed."""

    opening: float = 1.0
    closed_at: float = float("-inf")

    def drawn(self, now: float, elapsed: float, *, closed: bool) -> Curtain:
        """The curtain ``elapsed`` seconds later, wanted closed or open."""
        if closed:
            return Curtain(max(self.opening - elapsed / FALL, 0.0), now)
        if now - self.closed_at < DARK:
            return Curtain(max(self.opening - elapsed / FALL, 0.0), self.closed_at)
        return Curtain(min(self.opening + elapsed / RISE, 1.0), self.closed_at)
