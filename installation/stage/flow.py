"""Flow: between two pictures everything moves from where it was to where it will be, while the light dissolves.

Dense inverse search finds the motion (Kroeger et al. 2016); the motion at a moment in between is put together from
both directions as Super SloMo does (Jiang et al. 2018, eq. 4). Where the pictures have nothing in common the motion is
small or wild; it is kept short, so that even then it is a dissolve that swims and never a tear.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.dissolve import blend, resized
from installation.stage.light import Light

if TYPE_CHECKING:
    import cv2

SIDE = 256  # pixels: larger pictures are compared at this size, which takes about a millisecond and a half
FARTHEST = 0.2  # of the side: what seems to move farther was not the same thing


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where each point of two pictures goes, H x W x 2 (across, down) in sides of the picture, at most ``SIDE`` a side.

    ``forward`` is seen from the first picture, ``backward`` from the second.
    """

    forward: np.ndarray
    backward: np.ndarray


def motion(before: Light, after: Light) -> Motion:
    """How things move from one picture to the other. Both H x W x 3 linear light; the sizes may differ."""
    second = _grey(after)
    first = _grey(resized(before, after))
    return Motion(_found(first, second), _found(second, first))


def moving(before: Light, after: Light, course: Motion, share: float) -> Light:
    """The picture at ``share`` of the way, 0 to 1: at 0 the first itself, at 1 the second. H x W x 3 linear light."""
    if share <= 0.0:
        return resized(before, after)
    if share >= 1.0:
        return after
    to_first = (share - 1.0) * share * course.forward + share**2 * course.backward
    to_second = (1.0 - share) ** 2 * course.forward + share * (share - 1.0) * course.backward
    return blend(_seen(resized(before, after), to_first), _seen(after, to_second), share)


def _grey(picture: Light) -> np.ndarray:
    """Luma as the eye sees it, 8 bit, at most ``SIDE`` pixels a side: what dense inverse search compares."""
    import cv2

    scale = min(SIDE / max(picture.shape[:2]), 1.0)
    width, height = (max(round(side * scale), 1) for side in picture.shape[1::-1])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    coded = np.sqrt(np.clip(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), 0.0, 1.0))  # the square root is sRGB nearly enough
    return np.asarray(coded * 255.0, np.uint8)


def _found(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    height, width = first.shape
    if min(height, width) < 16:  # noqa: PLR2004 - a patch of the search is 8 pixels, on at least two scales
        return np.zeros((height, width, 2), np.float32)
    flow = _search().calc(first, second, None)  # type: ignore[call-overload] # None: no guess to begin with
    far = np.maximum(np.hypot(flow[..., 0], flow[..., 1]) / (FARTHEST * max(height, width)), 1.0)
    return np.asarray(flow / far[..., None] / np.array([width, height], np.float32), np.float32)


@functools.cache
def _search() -> cv2.DISOpticalFlow:
    import cv2

    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)


def _seen(picture: Light, offset: np.ndarray) -> Light:
    """The picture with each point looked up so many sides away; beyond its edge it goes on in a mirror."""
    import cv2

    height, width = picture.shape[:2]
    wide = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
    across, down = _places(height, width)
    places = across + wide[..., 0] * np.float32(width), down + wide[..., 1] * np.float32(height)
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)  # type: ignore[return-value] # no shapes


@functools.lru_cache(maxsize=2)
def _places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    down, across = np.indices((height, width), dtype=np.float32)
    return across, down
