"""The first picture: a bed of embers, there before anything has been loaded."""

from __future__ import annotations

import numpy as np

from installation.stage.light import Light

AGE = 90.0  # seconds the first fire has been burning when it is first seen
DEEP = np.array([0.16, 0.028, 0.008], np.float32)  # linear light at the floor
HIGH = np.array([0.012, 0.008, 0.012], np.float32)  # and at the ceiling


def bed(height: int, width: int) -> Light:
    """A dark gradient, warm from below, H x W x 3 linear light: what burns before there is a picture to burn."""
    rise = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    across = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :, None]
    warmth = rise**2 * (1.0 - 0.5 * across**2)
    return (HIGH + (DEEP - HIGH) * warmth).astype(np.float32)
