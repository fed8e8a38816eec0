"""Warp and blend without a graphics card: a canvas of 8-bit pixels, cut and bent into every output by OpenCV.

All that can be known beforehand is computed once per output; per frame nothing is allocated. Resampling happens in
sRGB codes, which the graphics card does in linear light; soft edges, lifts and gains are linear light here as there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from installation.randomness import generator
from installation.stage.light import curve, inverse
from installation.stage.outputs import Output, Shading, on_canvas, shading, share_of
from installation.stage.placement import Box

#: H x W x 4 uint8, sRGB codes in the window's own order and a byte to spare.
Canvas = np.ndarray[Any, np.dtype[np.uint8]]

CHANNELS = 4
FINE = 65535  # steps of linear light
PART = 256  # parts of one code, for the dither
TILE = 32  # pixels: soft edges are found in squares of this side
SEED = 0


class Warp:
    """All outputs of one canvas size. An output is prepared again only when it changes."""

    def __init__(self, canvas: tuple[int, int], order: tuple[int, ...] = (0, 1, 2)) -> None:
        """For a canvas of (width, height) pixels, with red, green and blue in these bytes of each pixel."""
        self._canvas = canvas
        self._order = order
        self._throws: dict[Output, Throw] = {}

    def draw(self, canvas: Canvas, outputs: Sequence[Output], window: Canvas, opening: float = 1.0) -> None:
        """Every output in its place; the rest of the window is left as it is. Raises ``ImageError`` for a bad mask.

        ``opening`` is the curtain's, 0 to 1: the canvas has it already, and what black is lifted by follows it.
        """
        for gone in self._throws.keys() - set(outputs):
            del self._throws[gone]
        for output in outputs:
            if output not in self._throws:
                self._throws[output] = Throw(output, self._canvas, self._order)
            self._throws[output].draw(canvas, window, opening)


class Throw:
    """One output: where each of its pixels looks on the canvas, and what happens to the light found there."""

    def __init__(self, output: Output, canvas: tuple[int, int], order: tuple[int, ...] = (0, 1, 2)) -> None:
        """Prepare it. Raises ``ImageError`` for a mask that cannot be read."""
        self._output = output
        upright = output.straight and output.rotation == 0
        self._part = _part(output, canvas)
        self._maps = None if upright else _maps(output, canvas)
        self._seen = np.zeros((output.place.height, output.place.width, CHANNELS), np.uint8)
        shades = shading(output)
        self._plain = float(shades.weights.max()), float(shades.lifts.max())
        self._order = order
        tables = _decoded(output, order), _encoded(output, order)
        self._soft = [Soft(box, shades, tables) for box in _boxes(shades)]

    def draw(self, canvas: Canvas, window: Canvas, opening: float = 1.0) -> None:
        """Throw this output's part of the canvas into its place; what lies outside the window is lost."""
        import cv2

        seen = self.look(canvas)
        for soft in self._soft:
            soft.keep(seen)
        if (even := self._even(opening)) is not None:
            cv2.LUT(seen, even, dst=seen)
        for soft in self._soft:
            soft.shade(seen, opening)
        here, there = overlap(self._output.place, window.shape)
        window[here] = seen[there]

    def _even(self, opening: float) -> np.ndarray | None:
        weight, lift = self._plain
        return _even(self._output, weight, lift * opening, self._order)

    def look(self, canvas: Canvas) -> Canvas:
        """The output's part of the canvas, warped and not yet shaded; overwritten at the next look."""
        import cv2

        if self._maps is not None:
            edge = cv2.BORDER_REPLICATE
            cv2.remap(canvas, *self._maps, cv2.INTER_LINEAR, dst=self._seen, borderMode=edge)
            return self._seen
        part = canvas[self._part]
        if part.shape == self._seen.shape:
            np.copyto(self._seen, part)
        else:
            cv2.resize(part, self._seen.shape[1::-1], dst=self._seen, interpolation=cv2.INTER_LINEAR)
        return self._seen


class Soft:
    """A rectangle of an output whose pixels are not all shaded alike: in linear light, dithered back to 8 bits."""

    def __init__(self, box: Box, shades: Shading, tables: tuple[np.ndarray, np.ndarray]) -> None:
        """Cut this rectangle out of the shading; the tables take codes to light, and light to parts of codes."""
        self._where = _slices(box)
        self._light, self._fine = tables
        self._weights = _in_channels(shades.weights[self._where])
        self._lifts = _in_channels(shades.lifts[self._where] * FINE)
        shape = self._weights.shape
        self._codes = np.empty(shape, np.uint8)
        self._levels = np.empty(shape, np.float32)
        self._whole = np.empty(shape, np.uint16)
        self._grain = generator(SEED, 0).integers(0, PART, shape, np.uint16)

    def keep(self, seen: Canvas) -> None:
        """Remember the picture here before the rest of the output is shaded evenly."""
        np.copyto(self._codes, seen[self._where])

    def shade(self, seen: Canvas, opening: float) -> None:
        """Weigh and lift the light that was kept, and put it in its place."""
        import cv2

        cv2.LUT(self._codes, self._light, dst=self._levels)
        cv2.multiply(self._levels, self._weights, dst=self._levels)
        cv2.scaleAdd(self._lifts, opening, self._levels, dst=self._levels)
        np.minimum(self._levels, FINE, out=self._levels)
        np.add(self._levels, np.float32(0.5), out=self._levels)
        np.copyto(self._whole, self._levels, casting="unsafe")
        cv2.LUT(self._whole, self._fine, dst=self._whole)
        cv2.add(self._whole, self._grain, dst=self._whole)
        np.right_shift(self._whole, 8, out=self._whole)
        np.copyto(seen[self._where], self._whole, casting="unsafe")


def _part(output: Output, canvas: tuple[int, int]) -> tuple[slice, slice]:
    """Which rows and columns of the canvas an upright output throws, to the nearest pixel."""
    left, top, right, bottom = (
        round(edge * side) for edge, side in zip(output.source, (*canvas, *canvas), strict=True)
    )
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _maps(output: Output, canvas: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel looks on the canvas, in the form that OpenCV is quickest with: 1/32 of a pixel."""
    import cv2

    where = on_canvas(output, np.clip(share_of(output), 0.0, 1.0)) * canvas - 0.5
    coarse, fine = cv2.convertMaps(where.astype(np.float32), None, cv2.CV_16SC2)  # type: ignore[call-overload] # None: both in one
    return coarse, fine


@functools.lru_cache(maxsize=32)
def _even(output: Output, weight: float, lift: float, order: tuple[int, ...]) -> np.ndarray | None:
    """The table of codes for pixels with this weight and lift; None where nothing changes."""
    codes = np.arange(256)
    light = _decoded(output, order)[0] / FINE * weight + lift
    table = np.rint(inverse(np.clip(light, 0.0, 1.0)) ** _by_byte(output.gamma, order) * 255.0).astype(np.uint8)
    return None if (table == codes[:, None]).all() else table[None]


def _decoded(output: Output, order: tuple[int, ...]) -> np.ndarray:
    """Linear light in 65535ths for each code and byte, the gain included; 1 x 256 x 4 float32."""
    light = curve(np.arange(256) / 255.0)[:, None] * _by_byte(output.gain, order) * FINE
    return np.asarray(light[None], np.float32)


def _encoded(output: Output, order: tuple[int, ...]) -> np.ndarray:
    """256ths of a code for each 65535th of light and byte, 1 x 65536 x 4 uint16; whole codes come out whole."""
    codes = np.rint(inverse(np.arange(FINE + 1) / FINE) * 255.0 * PART)
    codes[np.rint(curve(np.arange(256) / 255.0) * FINE).astype(int)] = np.arange(256) * PART
    full = 255.0 * PART
    bent = (codes / full)[:, None] ** _by_byte(output.gamma, order) * full
    return np.asarray(np.rint(bent)[None], np.uint16)


def _by_byte(colour: tuple[float, float, float], order: tuple[int, ...]) -> np.ndarray:
    """A number per colour, in the order of a pixel's bytes; 1 for the byte to spare."""
    numbers = np.ones(CHANNELS)
    numbers[list(order)] = colour
    return numbers


def _boxes(shades: Shading) -> Iterator[Box]:
    """Rectangles of whole tiles that hold every pixel shaded otherwise than most, none of them twice."""
    weights, lifts = shades
    odd = (weights < weights.max() - 1e-6) | (lifts < lifts.max() - 1e-6)
    height, width = odd.shape
    tiles = np.logical_or.reduceat(
        np.logical_or.reduceat(odd, np.arange(0, height, TILE)), np.arange(0, width, TILE), 1
    )
    open_runs: dict[tuple[int, int], int] = {}
    for row in range(len(tiles) + 1):
        runs = set(_runs(tiles[row])) if row < len(tiles) else set()
        for run in open_runs.keys() - runs:
            yield _box(run, open_runs.pop(run), row, odd.shape)
        open_runs |= dict.fromkeys(runs - open_runs.keys(), row)


def _runs(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """From where to where flags are set, again and again."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]]).astype(int)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _box(run: tuple[int, int], top: int, bottom: int, shape: tuple[int, ...]) -> Box:
    """Tiles in pixels, the last ones cut off at the edge."""
    left, right = run[0] * TILE, min(run[1] * TILE, shape[1])
    return Box(left, top * TILE, right - left, min(bottom * TILE, shape[0]) - top * TILE)


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)


def _in_channels(plane: np.ndarray) -> np.ndarray:
    return np.repeat(plane[..., None], CHANNELS, axis=-1).astype(np.float32)


def overlap(place: Box, window: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The rows and columns of a window (height, width, ...) that an output covers, and those of the output there."""
    left, top = max(place.x, 0), max(place.y, 0)
    right = max(min(place.x + place.width, window[1]), left)
    bottom = max(min(place.y + place.height, window[0]), top)
    here = slice(top, bottom), slice(left, right)
    return here, (slice(top - place.y, bottom - place.y), slice(left - place.x, right - place.x))
