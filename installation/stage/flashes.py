"""No flashes: people with photosensitive epilepsy stand in front of this wall.

WCAG 2.2, 2.3.1 (after Harding & Jeavons) allows three flashes a second at most; a flash is a pair of opposing changes
of relative luminance by 0.1 or more, or of saturated red. Light that never moves faster than ``FASTEST`` per second
cannot make 0.1 up and 0.1 down more than three times in a second. The limit holds for the mean of the whole field
exactly and for each tile approximately, for red, green and blue alike (luminance is their weighted mean, so it is
covered). Fine noise keeps its means and passes untouched; burnt and restored frames whose light differs grow into
each other more slowly.
"""

from __future__ import annotations

import numpy as np

from installation.stage.dissolve import resized
from installation.stage.light import Light

FASTEST = 0.6  # of full light per second: 2 x 3 x 0.1
TILES = 8  # a side: on a wall that fills sixty degrees a tile is smaller than the quarter of ten degrees WCAG allows


def steadied(shown: Light, wanted: Light, elapsed: float) -> Light:
    """The picture that goes from ``shown`` towards ``wanted`` as far as ``elapsed`` seconds allow."""
    change = wanted - resized(shown, wanted)
    most = FASTEST * max(elapsed, 0.0)
    pace = _pace(_tiles(change), most)
    if pace.min() >= 1.0:
        return wanted
    change *= _spread(pace, change)
    whole = float(np.abs(_tiles(change).mean(axis=(0, 1))).max())
    change *= np.float32(min(1.0, most / whole) if whole else 1.0)
    return resized(shown, wanted) + change


def _tiles(change: Light) -> Light:
    """The mean of each tile, TILES x TILES x 3."""
    import cv2

    return np.asarray(cv2.resize(change, (TILES, TILES), interpolation=cv2.INTER_AREA))


def _pace(tiles: Light, most: float) -> np.ndarray:
    """For each tile the share of the change that may happen; each takes the least of its neighbours' for even seams."""
    import cv2

    largest = np.maximum(np.abs(tiles).max(axis=2), 1e-9)
    return cv2.erode(np.minimum(1.0, most / largest).astype(np.float32), np.ones((3, 3), np.uint8))


def _spread(pace: np.ndarray, change: Light) -> np.ndarray:
    """The tiles' pace for each pixel, H x W x 1."""
    import cv2

    height, width = change.shape[:2]
    return cv2.resize(pace, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
