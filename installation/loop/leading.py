"""Before a generation is restored: what leads it besides words is shown what it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from installation.conditioning import CAMERA, ORIGIN, PRESENT
from installation.knobs import read
from installation.loop.knobs import Seeing
from installation.restorers import guides
from installation.restorers.guides import Controlling, Likening

if TYPE_CHECKING:
    from installation.loop.glimpse import Outside
    from installation.loop.lineage import Lineage
    from installation.restorers import Restorer


def lead(restorer: Restorer, lineage: Lineage, values: Mapping[str, float], outside: Outside) -> str:
    """Show the guides of a restorer what they follow in this generation; one that looks for a camera in vain rests.

    Returns the name under which a take keeps what the camera showed; "" where nobody looked, or nothing was seen.
    """
    led = guides.of(restorer)
    if led is None:
        return ""
    sights = {ORIGIN: lineage.origin, PRESENT: lineage.present}
    seen = outside(replace(read(Seeing, values), mix=1.0)) if CAMERA in led.sources else None
    if seen:
        sights[CAMERA] = seen.image
    guides.follow(restorer, sights, read(Controlling, values), read(Likening, values))
    return seen.name if seen else ""
