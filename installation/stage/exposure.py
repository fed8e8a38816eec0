"""The exposure: everything that one flip shows. The stage decides about it, a presenter puts it on the wall."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from installation.stage.light import Light
from installation.stage.smoulder import Smoulder

if TYPE_CHECKING:
    from installation.stage.overlay import Overlay
    from installation.stage.patterns import Card

UNBURNT = Smoulder()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One flip. ``picture`` is H x W x 3 linear light, 0 to 1, behind the flash limiter and before the curtain.

    ``level`` is the wall's brightness, which the picture has already and overlays have not; ``opening`` the curtain's,
    which neither has; both 0 to 1. ``grain`` is the film grain, 0 to 1; ``seconds`` are those of any clock that never
    goes back, ``turn`` counts flips. ``cards`` lie over their outputs and hide the picture there.
    """

    picture: Light
    level: float = 1.0
    opening: float = 1.0
    overlays: Sequence[Overlay] = ()
    smoulder: Smoulder = UNBURNT
    grain: float = 0.0
    seconds: float = 0.0
    turn: int = 0
    cards: Sequence[Card] = ()
