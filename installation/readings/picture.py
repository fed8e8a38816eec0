"""All readings of one picture: a pure function of the picture and its origin, so that a take can be checked."""

from __future__ import annotations

import math

from installation.readings.look import Look
from installation.readings.register import declared


def of_picture(present: Look, origin: Look) -> dict[str, float]:
    """Every reading of a picture by key. What it has not, a flat field's spectral entropy for one, is left out."""
    numbers = {each.key: float(each.take(present, origin)) for each in declared("picture").values()}
    return {key: number for key, number in numbers.items() if math.isfinite(number)}
