"""Test cards to align by: the canvas's own grid, bent as the picture is, under each output's frame and number.

Lines are measured where they fall, not drawn and then bent: they are as sharp as the projector's pixels allow.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.light import inverse
from installation.stage.outputs import Field, Output, on_canvas, ramps, share_of

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

    from installation.records import Pixels

Colour = tuple[float, float, float]
#: Linear light, of each output in turn: two neighbours' colours together are nearly white.
COLOURS: tuple[Colour, ...] = ((1.0, 0.42, 0.03), (0.03, 0.6, 1.0), (0.5, 1.0, 0.1), (1.0, 0.2, 0.75))
WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)
CELLS = 16  # squares of the grid across the canvas
ONCE = 1e9  # pixels between two lines of which only one is wanted
LINE = 2.0  # pixels: the thinnest line that is sharp between two pixels
EDGE = 3.0
CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


@dataclass(frozen=True, slots=True)
class Face:
    """What is written on an output's card: its number from 1, the corner in hand (0 to 3; None: none), and more."""

    number: int
    corner: int | None = None
    lines: tuple[str, ...] = ()

    @property
    def colour(self) -> Colour:
        """The output's own."""
        return COLOURS[(self.number - 1) % len(COLOURS)]


def grid(output: Output, face: Face, canvas: tuple[int, int]) -> Pixels:
    """Squares of the canvas, which neighbours share; the output's frame, circle, number, name and size."""
    light = np.full((*share_of(output).shape[:2], 3), 0.004, np.float32)
    light = _over(light, 0.3 * _squares(output, canvas, CELLS), WHITE)
    light = _over(light, _cross(output, canvas), WHITE)
    return _finished(_over(light, _frame(output), face.colour), output, face)


def overlap(output: Output, face: Face, canvas: tuple[int, int]) -> Pixels:
    """The soft edges at half light in the output's colour, nearly white where a neighbour's lie on them exactly."""
    zone = (ramps(output) < 1.0).astype(np.float32)
    light = np.full((*zone.shape, 3), 0.004, np.float32)
    light = _over(light, 0.08 * _squares(output, canvas, CELLS), WHITE)
    light = _over(light, zone * (0.6 - 0.55 * _squares(output, canvas, 4 * CELLS)), face.colour)
    return _finished(_over(light, _frame(output), face.colour), output, face)


def _squares(output: Output, canvas: tuple[int, int], across: int) -> Field:
    """The lines of so many squares across the canvas, counted from its middle."""
    middle = _from_middle(output, canvas)
    return _either(_lines(middle[..., axis], canvas[0] / across, LINE) for axis in (0, 1))


def _cross(output: Output, canvas: tuple[int, int]) -> Field:
    """The two lines through the middle of the canvas."""
    middle = _from_middle(output, canvas)
    return _either(_lines(middle[..., axis], ONCE, 2 * LINE) for axis in (0, 1))


def _frame(output: Output) -> Field:
    """The outline of the share, its diagonals, and the largest circle in it: round only where nothing is distorted."""
    share, (width, height) = share_of(output), output.place[2:]
    x, y = share[..., 0] * width, share[..., 1] * height
    long = np.float32(np.hypot(width, height))
    falling, rising = (x * height - y * width) / long, (x * height + y * width - width * height) / long
    circle = np.hypot(x - width / 2, y - height / 2) - 0.47 * min(width, height)
    thin = [0.4 * _lines(diagonal, ONCE, LINE) for diagonal in (falling, rising)]
    return _either([*thin, _lines(circle, ONCE, EDGE), _outline(share)])


def _finished(light: Field, output: Output, face: Face) -> Pixels:
    """Lettered, black outside the share, in sRGB codes."""
    plate, letters, hand = (_bent(ink, output) for ink in _inks(output.place[2:], output.name, face))
    light = _over(_over(light, 0.92 * plate, BLACK), hand, face.colour)
    light = _over(light, letters, WHITE)
    within = np.clip(_depth(share_of(output)) + 0.5, 0.0, 1.0)
    pixels: Pixels = np.rint(inverse(light * within[..., None]) * 255.0).astype(np.uint8)
    return pixels


# ---------------------------------------------------------------------- lines


def _from_middle(output: Output, canvas: tuple[int, int]) -> Field:
    where: Field = ((on_canvas(output, share_of(output)) - 0.5) * canvas).astype(np.float32)
    return where


def _pixel(field: Field) -> Field:
    """How much a field changes from a pixel to the next."""
    down, across = np.gradient(field)
    steepness: Field = np.maximum(np.hypot(down, across), np.float32(1e-9))
    return steepness


def _lines(field: Field, spacing: float, width: float) -> Field:
    """Lines of ``width`` pixels wherever the field is a multiple of ``spacing``, as coverage from 0 to 1."""
    away = np.abs(field - np.rint(field / spacing) * spacing) / _pixel(field)
    coverage: Field = np.clip(width / 2 + 0.5 - away, 0.0, 1.0).astype(np.float32)
    return coverage


def _depth(share: Field) -> Field:
    """How many pixels each pixel lies inside the share."""
    depths = [np.minimum(share[..., axis], 1 - share[..., axis]) / _pixel(share[..., axis]) for axis in (0, 1)]
    shallower: Field = np.minimum(*depths)
    return shallower


def _outline(share: Field) -> Field:
    coverage: Field = np.clip(EDGE + 0.5 - _depth(share), 0.0, 1.0)
    return coverage


def _either(coverages: Iterable[Field]) -> Field:
    return functools.reduce(np.maximum, coverages)


def _over(light: Field, coverage: Field, colour: Colour) -> Field:
    """Paint with linear light over linear light."""
    share = coverage[..., None]
    painted: Field = light * (1 - share) + share * np.array(colour, np.float32)
    return painted


# ---------------------------------------------------------------------- letters


def _bent(ink: np.ndarray, output: Output) -> Field:
    """Ink on the flat share, where the output shows it."""
    import cv2

    where = share_of(output) * np.array(ink.shape[::-1], np.float32) - np.float32(0.5)
    seen = cv2.remap(ink, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    coverage: Field = np.asarray(seen, np.float32) / np.float32(255)
    return coverage


@functools.lru_cache(maxsize=8)
def _inks(size: tuple[int, int], name: str, face: Face) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is written, on the flat share: the plate below it, the letters, and the mark of the corner in hand."""
    from PIL import Image, ImageDraw

    sheets = [Image.new("L", size) for _ in range(3)]
    plate, letters, hand = (ImageDraw.Draw(sheet) for sheet in sheets)
    _title(plate, letters, size, name, face)
    _corners(plate, hand, letters, size, face)
    return tuple(np.asarray(sheet) for sheet in sheets)  # type: ignore[return-value] # three of them


def _title(
    plate: ImageDraw.ImageDraw, letters: ImageDraw.ImageDraw, size: tuple[int, int], name: str, face: Face
) -> None:
    """Number, name, size and the line, in the middle; the plate is as large as they need."""
    unit, (x, y) = min(size) / 100, (size[0] / 2, size[1] / 2)
    lines = [(str(face.number), 26.0, -12.0), (name, 7.0, 8.0), (f"{size[0]} x {size[1]}", 5.0, 16.0)]
    lines += [(line, 3.6, 22.0 + 5.0 * row) for row, line in enumerate(face.lines)]
    boxes = []
    for text, tall, down in lines:
        letters.text((x, y + down * unit), text, 255, _font(tall * unit), anchor="mm")
        boxes.append(letters.textbbox((x, y + down * unit), text, _font(tall * unit), anchor="mm"))
    left, top, right, bottom = (bound(box[side] for box in boxes) for side, bound in enumerate((min, min, max, max)))
    plate.rounded_rectangle((left - 5 * unit, top - 4 * unit, right + 5 * unit, bottom + 4 * unit), 3 * unit, fill=255)


def _corners(
    plate: ImageDraw.ImageDraw,
    hand: ImageDraw.ImageDraw,
    letters: ImageDraw.ImageDraw,
    size: tuple[int, int],
    face: Face,
) -> None:
    """The numbers of the corners, each on a dark disc; the one in hand is cut out of a disc of the output's colour."""
    unit = min(size) / 100
    for number, (right, down) in enumerate(CORNERS):
        x = size[0] - 11 * unit if right else 11 * unit
        y = size[1] - 11 * unit if down else 11 * unit
        held = number == face.corner
        (hand if held else plate).ellipse((x - 6 * unit, y - 6 * unit, x + 6 * unit, y + 6 * unit), fill=255)
        (hand if held else letters).text((x, y), str(number + 1), 0 if held else 255, _font(7 * unit), anchor="mm")


@functools.lru_cache(maxsize=16)
def _font(tall: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, for a card must be legible on a machine without any font."""
    from PIL import ImageFont

    return ImageFont.load_default(max(tall, 8.0))
