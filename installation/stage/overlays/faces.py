"""The typefaces that ship, and which of them has which letter. One family, IBM Plex, in seven scripts.

A line is set whole in the first face that has all its letters, so that HarfBuzz and FriBiDi see it whole; only a line
that mixes scripts no face has together is cut into runs. What no face has is drawn as that face's empty box.
"""

from __future__ import annotations

import functools
import logging
import unicodedata
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import accumulate, groupby
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import ImageFont, features

from installation.machine.files import share

log = logging.getLogger(__name__)

Cut = Literal["prose", "figures"]
FALLBACKS = (
    "IBMPlexSansJP-Text.woff2", "IBMPlexSansArabic-Text.woff", "IBMPlexSansHebrew-Text.woff",
    "IBMPlexSansDevanagari-Text.woff",
)  # fmt: skip
#: By cut, the first for choice. Every digit of a face is as wide as any other, so numbers change without moving.
FACES: dict[Cut, tuple[str, ...]] = {
    "prose": ("IBMPlexSans-Text.woff", *FALLBACKS),
    "figures": ("IBMPlexSansCondensed-Medium.woff", *FALLBACKS),
}
NOBODYS = "\U0010fffe"  # no character: every face draws its empty box for it
PROBE = 16  # pixels: large enough to tell a letter from a box
RTL = ("R", "AL", "RLE", "RLO", "RLI")  # bidirectional classes of Unicode's annex 9 that run to the left
STRONG = ("L", "R", "AL")
NUMBERS = ("EN", "AN")


class Run(NamedTuple):
    """Letters that are set in one face; ``left`` where they run to the left."""

    face: str
    words: str
    left: bool = False


@functools.lru_cache(maxsize=64)
def font(face: str, size: float) -> ImageFont.FreeTypeFont:
    """A face at a size in pixels per em; where its file is gone, the one that Pillow carries."""
    return _opened(face, max(size, 1.0), shaper())


@functools.cache
def shaper() -> ImageFont.Layout:
    """HarfBuzz through libraqm; without it letters stand side by side, which Latin, Greek and Japanese survive."""
    if features.check("raqm"):
        return ImageFont.Layout.RAQM
    log.warning(
        "Pillow came without libraqm: Arabic, Hebrew and Devanagari are not shaped. Install Pillow's wheel from PyPI, "
        "and Debian's libfribidi0."
    )
    return ImageFont.Layout.BASIC


def runs(words: str, cut: Cut) -> tuple[Run, ...]:
    """A line as runs of one face each, in the order in which they stand from left to right."""
    base = runs_left(words)
    for face in FACES[cut]:
        if all(_has(face, letter) for letter in words):
            return (Run(face, words, base),)
    return tuple(_ordered(list(_by_face(words, cut, base=base)), base=base))


def runs_left(words: str) -> bool:
    """Whether a paragraph begins at the right: its first strong letter decides (annex 9, rules P2 and P3)."""
    first = next((kind for kind in map(unicodedata.bidirectional, words) if kind in STRONG), "L")
    return first in RTL


def _by_face(words: str, cut: Cut, *, base: bool) -> Iterator[Run]:
    """Cut where the face or the direction changes. Marks, spaces and joiners stay with the letter before them."""
    chosen = FACES[cut][0]
    faces: list[str] = []
    for letter in words:
        if unicodedata.category(letter)[0] not in "MCZ":
            chosen = chosen if _has(chosen, letter) and faces else _face_for(letter, cut)
        faces.append(chosen)
    letters = zip(faces, _directions(words, base=base), words, strict=True)
    for (face, left), group in groupby(letters, key=lambda letter: letter[:2]):
        yield Run(face, "".join(letter for *_, letter in group), left)


def _directions(words: str, *, base: bool) -> list[bool]:
    """Whether each letter runs left.

    What has no direction follows its neighbours where they agree, else the line (annex 9, rules N1 and N2); a number
    follows what stands before it.
    """
    strong = [_direction(letter) for letter in words]
    before, after = _nearest(strong, base), _nearest(strong[::-1], base)[::-1]
    numbers = [unicodedata.bidirectional(letter) in NUMBERS for letter in words]
    return [
        left if left == right or counts else base for left, right, counts in zip(before, after, numbers, strict=True)
    ]


def _nearest(strong: Sequence[bool | None], base: bool) -> list[bool]:  # noqa: FBT001 - a direction, as they all are
    """For each letter the direction of the last strong one so far, its own included; of the line where none came."""
    found = accumulate(strong, lambda last, own: last if own is None else own, initial=base)
    return [bool(left) for left in found][1:]


def _direction(letter: str) -> bool | None:
    kind = unicodedata.bidirectional(letter)
    return kind in RTL if kind in STRONG else None


def _ordered(line: Sequence[Run], *, base: bool) -> Iterator[Run]:
    """Runs as they stand: those against the line's direction are turned round among themselves (annex 9, rule L2)."""
    for left, group in groupby(line[::-1] if base else line, key=lambda run: run.left):
        standing = list(group)
        yield from standing if left == base else standing[::-1]


def _face_for(letter: str, cut: Cut) -> str:
    """The first face that has it, or the first of all, which draws a box."""
    for face in FACES[cut]:
        if _has(face, letter):
            return face
    _say_missing(letter)
    return FACES[cut][0]


@functools.lru_cache(maxsize=256)
def _say_missing(letter: str) -> None:
    """Once for each letter: a caption is drawn often."""
    name = unicodedata.name(letter, "no character")
    log.warning("No typeface that ships has U+%04X (%s); a box stands in its place.", ord(letter), name)


@functools.lru_cache(maxsize=8192)
def _has(face: str, letter: str) -> bool:
    """Whether a face has a letter of its own. What is invisible (joiners, line ends) is in every face."""
    return unicodedata.category(letter) in {"Cf", "Cc"} or _picture(face, letter) != _box(face)


@functools.cache
def _box(face: str) -> bytes:
    return _picture(face, NOBODYS)


def _picture(face: str, letter: str) -> bytes:
    """A letter as it is drawn when nobody shapes it. Pillow does not tell which letters a face has."""
    return bytes(_probe(face).getmask(letter))


@functools.cache
def _probe(face: str) -> ImageFont.FreeTypeFont:
    return _opened(face, PROBE, ImageFont.Layout.BASIC)


def _opened(face: str, size: float, layout: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    path = share("assets") / "fonts" / face
    try:
        return ImageFont.truetype(path, size, layout_engine=layout)
    except OSError as error:
        _say_unread(path, str(error))
        return ImageFont.truetype(_carried(), size, layout_engine=layout)


@functools.cache
def _say_unread(path: Path, reason: str) -> None:
    """Once for each file."""
    log.warning("The typeface %s cannot be read (%s); another stands in. Install Burntout again.", path, reason)


def _carried() -> BytesIO:
    """Pillow's own face, Latin only."""
    carried = ImageFont.load_default(PROBE)
    return BytesIO(carried.font_bytes) if isinstance(carried, ImageFont.FreeTypeFont) else BytesIO()
