"""Memory: what is left of the origin in a picture, as far as the eye's first glance goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from installation.records import Pixels

GLANCE = 32  # pixels a side: layout and colour survive, texture does not


def recollection(pixels: Pixels) -> np.ndarray:
    """What a glance keeps of H x W x 3 uint8 sRGB pixels: 32 x 32 CIE Lab values, float32."""
    import cv2

    small = cv2.resize(pixels, (GLANCE, GLANCE), interpolation=cv2.INTER_AREA)
    lab: np.ndarray = cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    return lab


def likeness(recalled: np.ndarray, origin: np.ndarray) -> float:
    """Pearson correlation of two recollections, -1 to 1: 1 remembers all, 0 nothing; a flat picture recalls 0."""
    a, b = (each - each.mean(axis=(0, 1), dtype=np.float64) for each in (recalled, origin))  # else a flat one rounds
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0.0 else 0.0
