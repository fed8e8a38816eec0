"""Lines of text: measured, broken where they may be, and drawn as masks of how much ink lies on each pixel."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from installation.stage.overlays.faces import Cut, font, runs, runs_left

#: H x W uint8: how much ink lies on each pixel.
Mask = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

LEADING = 1.36  # between baselines, in sizes: open, as white on dark needs
ASCENT, DESCENT = 1.03, 0.3  # of Plex, in sizes; Devanagari's marks reach highest
#: Where a line may end: after spaces and hyphens, and after a Chinese or Japanese letter that no closing sign follows.
BREAK = re.compile(
    r"[^\s\-\u2010\u2013\u2014\u3040-\u30ff\u3400-\u9fff]*"
    r"(?:[\-\u2010\u2013\u2014]+|[\u3040-\u30ff\u3400-\u9fff][\u3001\u3002\uff09\u300d\u300f\uff01\uff1f\u30fc]*|)\s*"
)


class Block(NamedTuple):
    """Lines that belong together, in one cut and size (pixels)."""

    lines: tuple[str, ...]
    cut: Cut
    size: float
    width: int
    height: int


def length(words: str, cut: Cut, size: float) -> float:
    """How wide a line is, in pixels."""
    return sum(font(run.face, size).getlength(run.words) for run in runs(words, cut))


def single(words: str, cut: Cut, size: float) -> Block:
    """One line; whatever ends lines in it becomes a space."""
    words = " ".join(words.split())
    return _block((words,), cut, size)


def fitted(words: str, cut: Cut, size: float, room: float) -> Block:
    """One line of this size, or of a smaller one if it would be wider than ``room`` pixels."""
    block = single(words, cut, size)
    return block if block.width <= room else single(words, cut, size * max(room, 1.0) / block.width)


def wrapped(text: str, cut: Cut, size: float, room: float) -> Block:
    """A text in lines no wider than ``room`` pixels; its own line ends stay.

    The lines of a paragraph come out as even as they can without there being more of them.
    """
    broken = [line for paragraph in text.strip().splitlines() for line in _even(paragraph.strip(), cut, size, room)]
    return _block(tuple(broken or [""]), cut, size)


def mask(block: Block, align: str = "left") -> Mask:
    """The ink of a block. ``align`` is left, centre or right; what runs to the left is aligned the other way."""
    sheet = Image.new("L", (block.width, block.height))
    pen = ImageDraw.Draw(sheet)
    for row, words in enumerate(block.lines):
        spare = block.width - length(words, block.cut, block.size)
        x = spare * _share(align, left=runs_left(words))
        for run in runs(words, block.cut):
            face = font(run.face, block.size)
            pen.text((x, baseline(row, block.size)), run.words, 255, face, anchor="ls")
            x += face.getlength(run.words)
    return np.asarray(sheet)


def baseline(row: int, size: float) -> float:
    """Where the letters of a row stand, in pixels from the block's top."""
    return round(ASCENT * size + row * LEADING * size)


def _share(align: str, *, left: bool) -> float:
    """How much of the room to spare stands before a line."""
    share = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    return 1.0 - share if left else share


def _block(lines: tuple[str, ...], cut: Cut, size: float) -> Block:
    width = max(length(line, cut, size) for line in lines)
    height = baseline(len(lines) - 1, size) + DESCENT * size
    return Block(lines, cut, size, math.ceil(width) + 1, math.ceil(height))


def _even(words: str, cut: Cut, size: float, room: float) -> list[str]:
    """Broken at the narrowest width that gives no more lines than ``room`` does."""
    pieces = [part for piece in BREAK.findall(words) if piece for part in _cut_to(piece, cut, size, room)]
    widths = [length(piece.rstrip(), cut, size) for piece in pieces]
    spaces = [length(piece, cut, size) for piece in pieces]
    narrow, wide = max(widths, default=0.0), room
    count = len(_broken(pieces, widths, spaces, wide))
    for _ in range(8):  # halves the doubt each time: to a 256th of the room
        middle = (narrow + wide) / 2
        fits = len(_broken(pieces, widths, spaces, middle)) <= count
        narrow, wide = (narrow, middle) if fits else (middle, wide)
    return _broken(pieces, widths, spaces, wide)


def _broken(pieces: Sequence[str], widths: Sequence[float], spaces: Sequence[float], room: float) -> list[str]:
    """Each line takes as many pieces as go in."""
    lines, used = [""], 0.0
    for piece, width, with_space in zip(pieces, widths, spaces, strict=True):
        if used and used + width > room:
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += with_space
    return [line.rstrip() for line in lines]


def _cut_to(piece: str, cut: Cut, size: float, room: float) -> list[str]:
    """A word wider than the room is cut wherever it must be."""
    parts = [piece]
    while length(parts[-1].rstrip(), cut, size) > room and len(parts[-1]) > 1:
        rest = parts.pop()
        fits = next((n for n in range(2, len(rest)) if length(rest[:n], cut, size) > room), len(rest)) - 1
        parts += [rest[:fits], rest[fits:]]
    return parts
