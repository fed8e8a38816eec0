"""Outputs: which part of the canvas each projector throws, how it is bent to fit the wall, and how neighbours overlap.

Pure geometry and light. Positions are (x, y), x to the right and y down. Three spaces, in the order of the light:

- *canvas*: what is to be seen everywhere, in fractions of its width and height;
- *share* (u, v): an output's part of the canvas, its unit square, upright as that output throws it;
- *output*: the pixels of its rectangle in the window, as fractions of that rectangle where not said otherwise.

From the share to the output lead the grid (a smooth surface through control points), then the keystone (a projective
map that carries the grid along).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from installation.errors import Refusal
from installation.images import ImageError, load
from installation.stage.light import decode
from installation.stage.placement import Box

Point = tuple[float, float]
#: Top left, top right, bottom right, bottom left.
Corners = tuple[Point, Point, Point, Point]
#: Rows of control points, from the top: how far each is moved, as fractions of the output.
Grid = tuple[tuple[Point, ...], ...]
Rotation = Literal[0, 90, 180, 270]
Field = np.ndarray[Any, np.dtype[np.float32]]

SQUARE: Corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
EDGES = ("left", "top", "right", "bottom")  # clockwise, as a turned output meets them
BLEND_TOLERANCE = 0.002  # of the output: two pixels of 1080
DENSITY = 33  # vertices a side: between two of 1920 pixels' 60 a cubic leaves its chord by less than a tenth of a pixel
LATTICE = 257  # points a side at which a bent grid is inverted; the rest is interpolated
MARGIN = 0.25  # of the output: so far beyond its edges the inverse of a grid is known
NEWTON_STEPS = 12
NUDGE = 1e-4  # of the output: over which slopes are measured
SMALLEST = 1e-3  # of an area, to which a grid may shrink another when it is inverted


class OutputError(Refusal):
    """An output that cannot be drawn as it was described."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Soft edges: how wide each is, as a fraction of the output, and how steep its middle (``power`` 1 is straight)."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    power: float = 2.0


@dataclass(frozen=True, slots=True)
class Output:
    """One projector's part of the window.

    ``place`` is its rectangle in window pixels; ``source`` (left, top, right, bottom) its part of the canvas in
    fractions; ``rotation`` turns that part clockwise, in degrees; ``corners`` say where its corners land, ``grid``
    bends it before that. ``black`` is the light the projector leaks when it shows black, as a fraction of its white: 0
    to 0.1. ``gain`` multiplies red, green and blue light; ``gamma`` is an exponent on their sRGB codes, 1 is neutral.
    ``mask`` names a picture whose light multiplies the output's.
    """

    name: str
    place: Box
    source: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    rotation: Rotation = 0
    corners: Corners = SQUARE
    grid: Grid = ()
    blend: Blend = Blend()
    black: float = 0.0
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mask: Path | None = None

    @property
    def straight(self) -> bool:
        """Whether the share fills the rectangle as it is: nothing bent, no corner moved."""
        return self.corners == SQUARE and not self.grid


class Mesh(NamedTuple):
    """An output's surface, n x n vertices from the top left, rows first, float32.

    ``vertices`` are in pixels of the output, ``canvas`` in fractions of the canvas. ``depths`` are the projective
    coordinate w: with (x w, y w, w) as the position, a graphics card interpolates exactly as the keystone does.
    """

    vertices: Field
    canvas: Field
    depths: Field


class Shading(NamedTuple):
    """What happens to the light of an output's pixels, H x W float32 each: light * ``weights`` + ``lifts``."""

    weights: Field
    lifts: Field


def whole(width: int, height: int) -> Output:
    """One output over a whole window, which changes nothing."""
    return Output("window", Box(0, 0, width, height))


# ---------------------------------------------------------------------- where


def homography(corners: Corners) -> np.ndarray:
    """The 3 x 3 float64 matrix that takes the unit square's corners to these, its last entry 1.

    (x, y, w) = M (u, v, 1) lands at (x / w, y / w); w is positive wherever the square is seen from the front. Raises
    ``OutputError`` when three corners lie in a line. Heckbert 1989, Fundamentals of Texture Mapping, section 2.2.
    """
    equations, landings = [], []
    for (u, v), (x, y) in zip(SQUARE, corners, strict=True):
        equations += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        landings += [x, y]
    try:
        entries = np.linalg.solve(np.array(equations), np.array(landings))
    except np.linalg.LinAlgError:
        raise OutputError(f"Three of the corners {_told(corners)} lie in a line; move one of them.") from None
    return np.append(entries, 1.0).reshape(3, 3)


def splines(count: int, at: np.ndarray) -> np.ndarray:
    """How much each of ``count`` (2 or more) evenly spaced control points counts at each place from 0 to 1.

    ``at`` N gives N x count. The curve goes through its points (Catmull and Rom 1974); beyond the ends they are
    continued in a straight line, so that two points make a straight line and what is straight stays straight.
    """
    along = np.clip(at, 0.0, 1.0) * (count - 1)
    before = np.minimum(along.astype(int), count - 2)
    t = along - before
    cubic = np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3], 1) / 2
    weights = np.zeros((len(t), count + 2))  # with one more point beyond each end
    np.put_along_axis(weights, before[:, None] + np.arange(4), cubic, axis=1)
    weights[:, 1] += 2 * weights[:, 0]
    weights[:, 2] -= weights[:, 0]
    weights[:, -2] += 2 * weights[:, -1]
    weights[:, -3] -= weights[:, -1]
    return weights[:, 1:-1]


def mesh(output: Output, density: int = DENSITY) -> Mesh:
    """The output's surface as density x density vertices. Raises ``OutputError`` when it is seen from behind."""
    at = np.linspace(0.0, 1.0, density)
    share = np.stack(np.meshgrid(at, at), axis=-1)
    bent = share + _surface(output.grid, at, at)
    landed = np.append(bent, np.ones((density, density, 1)), axis=-1) @ homography(output.corners).T
    depths = landed[..., 2]
    if (depths <= 0).any():
        raise OutputError(f"Corners {_told(output.corners)} turn the picture inside out; move them apart.")
    vertices = landed[..., :2] / depths[..., None] * (output.place.width, output.place.height)
    return Mesh(*(field.astype(np.float32) for field in (vertices, on_canvas(output, share), depths)))


def on_canvas(output: Output, share: np.ndarray) -> np.ndarray:
    """Where points of the share (... x 2) lie on the canvas, in its fractions."""
    u, v = share[..., 0], share[..., 1]
    across, down = {0: (u, v), 90: (v, 1 - u), 180: (1 - u, 1 - v), 270: (1 - v, u)}[output.rotation]
    left, top, right, bottom = output.source
    return np.stack([left + across * (right - left), top + down * (bottom - top)], axis=-1)


@functools.lru_cache(maxsize=8)
def share_of(output: Output) -> Field:
    """Which point of the share each pixel's centre shows, H x W x 2; the inverse of ``mesh``, read-only.

    What lies outside 0 to 1 shows nothing.
    """
    width, height = output.place.width, output.place.height
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    back = np.linalg.inv(homography(output.corners))
    u, v, w = (row[0] * x + (row[1] * y + row[2])[:, None] for row in back)
    seen = w * back[2, 2] > 0  # the other side of the horizon is never shown
    flat = np.where(seen[..., None], np.stack([u, v], axis=-1) / np.where(seen, w, 1.0)[..., None], -1.0)
    share: Field = (_unbent(output.grid, flat) if output.grid else flat).astype(np.float32)
    share.flags.writeable = False
    return share


def folds(output: Output) -> bool:
    """Whether the surface folds over itself, so that some places would show two things, or is seen from behind."""
    try:
        surface = mesh(output, 2 * DENSITY - 1)
    except OutputError:
        return True
    right, down = np.diff(surface.vertices, axis=1)[:-1], np.diff(surface.vertices, axis=0)[:, :-1]
    areas = right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]
    return bool((areas <= 0).any())


def _surface(grid: Grid, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """How far the grid moves each point of a lattice, len(v) x len(u) x 2."""
    if not grid:
        return np.zeros((len(v), len(u), 2))
    points = np.array(grid)
    rows, columns = points.shape[:2]
    moved: np.ndarray = np.einsum("vr,rcx,uc->vux", splines(rows, v), points, splines(columns, u), optimize=True)
    return moved


def _offsets(grid: Grid, share: np.ndarray) -> np.ndarray:
    """How far the grid moves scattered points, N x 2."""
    points = np.array(grid)
    rows, columns = points.shape[:2]
    down, across = splines(rows, share[:, 1]), splines(columns, share[:, 0])
    moved: np.ndarray = np.einsum("nr,rcx,nc->nx", down, points, across, optimize=True)
    return moved


def _unbent(grid: Grid, flat: np.ndarray) -> np.ndarray:
    """The points (H x W x 2) that the grid moves to these; close outside the output, exact to 0.02 pixels inside."""
    import cv2

    back = _lattice(grid)
    where = ((flat + MARGIN) / (1 + 2 * MARGIN) * (LATTICE - 1)).astype(np.float32)
    moved = cv2.remap(back, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return flat + moved


@functools.lru_cache(maxsize=8)
def _lattice(grid: Grid) -> Field:
    """How far back each point of a lattice must be moved to undo the grid, by Newton's method; LATTICE^2 x 2."""
    at = np.linspace(-MARGIN, 1 + MARGIN, LATTICE)
    wanted = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    found = wanted.copy()
    for _ in range(NEWTON_STEPS):
        offsets = _offsets(grid, found)
        (a, c), (b, d) = (((_offsets(grid, found + step) - offsets) / NUDGE).T for step in np.eye(2) * NUDGE)
        (x, y), (a, d) = (wanted - found - offsets).T, (1 + a, 1 + d)
        area = np.maximum(a * d - b * c, SMALLEST)  # positive inside: the surface does not fold
        turn = np.stack([d * x - b * y, a * y - c * x], axis=-1) / area[:, None]
        found += np.clip(turn, -MARGIN, MARGIN)
    return (found - wanted).reshape(LATTICE, LATTICE, 2).astype(np.float32)


# ---------------------------------------------------------------------- how bright


def ramp(along: np.ndarray, power: float) -> np.ndarray:
    """A soft edge from 0 to 1 over places 0 to 1, and constant beyond.

    For any power ramp(t) and ramp(1 - t) sum to one: linear light, so two projectors make one picture. Bourke 2004,
    Edge blending using commodity projectors.
    """
    t = np.clip(along, 0.0, 1.0)
    return np.asarray(np.where(t < 0.5, 0.5 * (2 * t) ** power, 1 - 0.5 * (2 * (1 - t)) ** power))  # noqa: PLR2004 - the middle


def ramps(output: Output) -> Field:
    """The soft edges of an output: H x W linear weights from 0 to 1, 0 where it shows nothing.

    Where two outputs throw the same strip of the canvas, and each blends exactly over it, their weights sum to one;
    where four meet in a corner, all four do.
    """
    share = share_of(output)
    shown = ((share >= 0) & (share <= 1)).all(axis=-1)
    return _soft(output, share) * shown


def shading(output: Output) -> Shading:
    """Ramps, antialiased outline, black lift and mask together. Raises ``ImageError`` for an unreadable mask.

    Where projectors overlap, the light they leak at black is doubled (in corners fourfold); the rest is lifted to
    the same, and white lowered by as much, so that the lift never clips.
    """
    share = share_of(output)
    covered = np.ones(share.shape[:2], np.float32) if output.straight else _coverage(share)
    coverage = covered * _masked(output)
    thrown = _projectors(output, share)
    most = float(2 ** ((output.blend.left + output.blend.right > 0) + (output.blend.top + output.blend.bottom > 0)))
    headroom = 1.0 - output.black * (most - 1.0)
    lifts = output.black * (most / thrown - 1.0)
    weights = _soft(output, share) * coverage * headroom
    return Shading(weights.astype(np.float32), (lifts * coverage).astype(np.float32))


def _soft(output: Output, share: np.ndarray) -> Field:
    """The product of all soft edges, H x W; 1 beyond edges that are hard."""
    weights = np.ones(share.shape[:2])
    for along, width in _edges(output, share):
        weights *= ramp(along / width, output.blend.power)
    return weights.astype(np.float32)


def _edges(output: Output, share: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """For every soft edge how far each pixel lies from it, and its width; both in fractions of the share."""
    u, v, blend = share[..., 0], share[..., 1], output.blend
    edges = ((u, blend.left), (v, blend.top), (1 - u, blend.right), (1 - v, blend.bottom))
    return [(along, width) for along, width in edges if width > 0]


def _projectors(output: Output, share: np.ndarray) -> np.ndarray:
    """How many projectors throw light where each pixel falls: two on a soft edge, four where two of them cross."""
    crossed = [along < width for along, width in _edges(output, share)]
    return np.asarray(2.0 ** np.sum(crossed, axis=0)) if crossed else np.ones(share.shape[:2])


def _coverage(share: Field) -> Field:
    """How much of each pixel lies inside the share, 0 to 1: a slanted outline without steps."""
    covered = np.ones(share.shape[:2], np.float32)
    for axis in (0, 1):
        down, across = np.gradient(share[..., axis])
        pixel = np.maximum(np.hypot(down, across), np.float32(1e-9))
        inside = np.minimum(share[..., axis], 1 - share[..., axis])
        covered *= np.clip(inside / pixel + np.float32(0.5), 0.0, 1.0)
    return covered


def _masked(output: Output) -> Field | float:
    if output.mask is None:
        return 1.0
    light: Field = decode(load(output.mask, output.place.height, output.place.width)).mean(axis=-1)
    return light


# ---------------------------------------------------------------------- what is wrong


def check(outputs: Sequence[Output], window: tuple[int, int]) -> tuple[str, ...]:
    """Everything a projectionist should know before the doors open, one sentence each; nothing when all is well."""
    alone = [sentence for output in outputs for sentence in mended(output, window)[1]]
    return (*alone, *(sentence for a, b in itertools.combinations(outputs, 2) for sentence in _between(a, b)))


def mended(output: Output, window: tuple[int, int]) -> tuple[Output, tuple[str, ...]]:
    """The output as far as it can be drawn, and what was wrong: a bad bend is left out, and so is a bad mask."""
    sentences = []
    if folds(output):
        sentences.append(_folded(output))
        output = replace(output, corners=SQUARE, grid=())
    try:
        _masked(output)
    except ImageError as refusal:
        sentences.append(f"Output {output.name} is shown without its mask: {refusal}")
        output = replace(output, mask=None)
    if not _within(output.place, window):
        sentences.append(_outside(output, window))
    return output, tuple(sentences)


def _folded(output: Output) -> str:
    return (
        f"The warp of output {output.name} folds over itself (corners {_told(output.corners)}"
        f"{', and a grid' if output.grid else ''}); it is shown straight. Move its corners apart, top left first, "
        "clockwise."
    )


def _outside(output: Output, window: tuple[int, int]) -> str:
    x, y, width, height = output.place
    return (
        f"Output {output.name} ({width} x {height} at {x}, {y}) reaches outside the screen of {window[0]} x "
        f"{window[1]} pixels; what lies outside is not seen. Change its place, or see whether its display is on."
    )


def _within(place: Box, window: tuple[int, int]) -> bool:
    return min(place.x, place.y) >= 0 and place.x + place.width <= window[0] and place.y + place.height <= window[1]


def _between(a: Output, b: Output) -> Iterator[str]:
    """What two outputs do to each other: lie over each other, or throw the same strip without blending."""
    if min(_shared(_reach(a.place, axis), _reach(b.place, axis)) for axis in (0, 1)) > 0:
        yield f"Outputs {a.name} and {b.name} lie over each other in the window. Give each a place of its own."
    strips = [_shared(*_extents(a, b, axis)) for axis in (0, 1)]
    staggered = [axis for axis in (0, 1) if _staggered(*_extents(a, b, axis))]
    if min(strips) > 0 and len(staggered) == 1:  # else one is a copy or a detail, or they only meet in a corner
        yield from _unblended(a, b, staggered[0], strips[staggered[0]])


def _unblended(a: Output, b: Output, axis: int, strip: float) -> Iterator[str]:
    """For each of two neighbours whose soft edge is not as wide as the strip both throw, what it should be."""
    first, second = sorted((a, b), key=lambda output: output.source[axis])
    for output, canvas_edge in ((first, axis + 2), (second, axis)):
        edge = EDGES[(canvas_edge + output.rotation // 90) % 4]
        wanted, have = strip / (output.source[axis + 2] - output.source[axis]), getattr(output.blend, edge)
        if abs(wanted - have) > BLEND_TOLERANCE:
            yield (
                f"Outputs {a.name} and {b.name} both throw {strip:.1%} of the canvas, and {output.name} does not blend "
                f"exactly over it: its blend.{edge} is {have:g} and should be {wanted:.4g}."
            )


def _reach(place: Box, axis: int) -> tuple[int, int]:
    return place[axis], place[axis] + place[axis + 2]


def _extents(a: Output, b: Output, axis: int) -> tuple[tuple[float, float], tuple[float, float]]:
    return (a.source[axis], a.source[axis + 2]), (b.source[axis], b.source[axis + 2])


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])


def _staggered(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return (one[0] - other[0]) * (one[1] - other[1]) > 0


def _told(corners: Corners) -> str:
    return ", ".join(f"({x:g}, {y:g})" for x, y in corners)
