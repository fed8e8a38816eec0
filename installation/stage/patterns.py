"""Test patterns: what a projectionist looks at while focusing, aligning and matching projectors.

Every output gets a card of its own at its own resolution. Three families: what goes through warp, soft edges and colour
(even fields and the ramp: how projectors add up); what is bent but not blended (grid and overlap: lines of neighbours
lie on each other); and what is one of our pixels to one of the projector's (checker, focus, bar).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.light import curve, inverse
from installation.stage.outputs import Blend, Output
from installation.stage.placement import Box
from installation.stage.testcard import Face, grid, overlap
from installation.stage.warp import CHANNELS, Throw

if TYPE_CHECKING:
    from installation.records import Pixels

#: Even fields, in linear light: grey is half of it.
FIELDS: Mapping[str, tuple[float, float, float]] = {
    "white": (1.0, 1.0, 1.0),
    "grey": (0.5, 0.5, 0.5),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}
BENT: Mapping[str, Callable[[Output, Face, tuple[int, int]], Pixels]] = {"grid": grid, "overlap": overlap}
STEPS = 17  # of the ramp, from black to white
SPOKES = 72  # of the focus star
STARS = ((0.5, 0.5, 0.45), (0.12, 0.2, 0.16), (0.88, 0.2, 0.16), (0.12, 0.8, 0.16), (0.88, 0.8, 0.16))
SWEEP = 4.0  # seconds in which the bar crosses an output
BAR = 1 / 24  # of an output's width


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """What one projector is sent instead of its part of the canvas: H x W x 3 sRGB pixels as large as ``place``.

    Equal ``revision`` means the same pixels.
    """

    place: Box
    pixels: Pixels
    revision: int


def drawn(pattern: str, output: Output, face: Face, canvas: tuple[int, int], seconds: float = 0.0) -> Pixels:
    """The card of one output: H x W x 3 uint8 sRGB, as the projector shall get it.

    ``canvas`` is the (width, height) of the whole canvas in pixels; only the bar depends on ``seconds``. Raises
    ``ImageError`` for a mask that cannot be read.
    """
    height, width = output.place.height, output.place.width
    if pattern in FIELDS:
        return _thrown(np.broadcast_to(np.array(FIELDS[pattern]), (height, width, 3)), output)
    if pattern in BENT:
        return BENT[pattern](output, face, canvas)
    match pattern:
        case "ramp":
            return _thrown(_ramp(height, width), replace(output, blend=Blend(), black=0.0, mask=None))
        case "checker":
            return _grey(np.indices((height, width)).sum(axis=0) % 2)
        case "focus":
            return _grey(_stars(height, width))
        case _:
            return _bar(height, width, seconds)


def _grey(light: np.ndarray) -> Pixels:
    return _codes(np.repeat(light[..., None], 3, axis=-1))


def _codes(light: np.ndarray) -> Pixels:
    pixels: Pixels = np.rint(inverse(np.asarray(light)) * 255.0).astype(np.uint8)
    return pixels


def _thrown(light: np.ndarray, output: Output) -> Pixels:
    """Light of the share through warp, soft edges, gain and gamma, as a picture would go."""
    height, width = light.shape[:2]
    content, seen = np.zeros((2, height, width, CHANNELS), np.uint8)
    content[..., :3] = _codes(light)
    alone = replace(output, place=Box(0, 0, width, height), source=(0.0, 0.0, 1.0, 1.0), rotation=0)
    Throw(alone, (width, height)).draw(content, seen)
    return np.ascontiguousarray(seen[..., :3])


def _ramp(height: int, width: int) -> np.ndarray:
    """Light from black to white: in steps of equal codes, continuously, and so in red, green and blue."""
    across = (np.arange(width) + 0.5) / width
    steps = np.floor(across * STEPS) / (STEPS - 1)
    rows = [np.repeat(codes[:, None], 3, axis=1) for codes in (steps, across)]
    rows += [across[:, None] * np.eye(3)[channel] for channel in range(3)]
    bands = np.linspace(0, height, len(rows) + 1).round().astype(int)
    return curve(np.repeat(np.stack(rows), np.diff(bands), axis=0))


def _stars(height: int, width: int) -> np.ndarray:
    """Siemens stars, one large and one near each corner: where a lens is out of focus their spokes melt inwards."""
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    light = np.zeros((height, width))
    for right, down, size in STARS:
        x, y = columns - right * width, rows - down * height
        radius = np.hypot(x, y)
        slope = radius / SPOKES * 2  # pixels from one spoke to the next, about: the edges are antialiased with it
        spokes = np.clip(0.5 + np.sin(np.arctan2(y, x) * SPOKES / 2) * slope, 0.0, 1.0)
        inside = np.clip(size * height - radius + 0.5, 0.0, 1.0)
        light = light * (1 - inside) + spokes * inside
    return light


def _bar(height: int, width: int, seconds: float) -> Pixels:
    """An upright bar that goes across in even steps: torn where a picture is changed while it is being shown."""
    left = int(seconds % SWEEP / SWEEP * width)
    pixels = np.full((height, width, 3), 40, np.uint8)
    pixels[:, (left + np.arange(max(int(BAR * width), 2))) % width] = 235
    return pixels
