"""The title card of a film: what it is, set on the dark of our sheets, fading in and out in light."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from installation.publishing.kinship import kinship
from installation.publishing.lettering import FAINT, INK, write
from installation.stage.light import Light, decode

if TYPE_CHECKING:
    from installation.recording.takes import Take

GROUND = (0, 0, 0)  # a projector's black: the card fades to it, and the film out of it
FADE = 0.5  # seconds, in and out; not more than a third of the card's time each
RISE = 1.0  # seconds in which the film comes up out of the dark
ROWS, LEADING, SMALLER = 3, 1.2, 0.9  # of a title: rows at most, their distance in sizes, and how sizes are tried
MARGIN, TITLE, TEXT, LEAD = 0.09, 0.075, 0.028, 1.7  # shares of the height; LEAD of a line's own height


def card(take: Take, height: int, width: int) -> Light:
    """The card, height x width x 3, linear light: the title, and below it what the picture was made of."""
    sheet = Image.new("RGB", (width, height), GROUND)
    pen = ImageDraw.Draw(sheet)
    edge, text = round(MARGIN * height), max(round(TEXT * height), 9)
    title = take.title or take.scene or take.name
    room = width - 2 * edge
    size, rows = set_in_rows(title, max(round(TITLE * height), 12), room)
    top = round(height / 2)
    for row, words in enumerate(reversed(rows)):
        write(pen, (edge, top - row * size * LEADING), words, size, INK, anchor="ls")
    for row, line in enumerate(lines(take), start=1):
        at = (edge, top + LEAD * text * (row + 0.3))
        write(pen, at, line, _fitting(line, text, room), FAINT, anchor="ls")
    return decode(np.asarray(sheet))


def lines(take: Take) -> list[str]:
    """What stands under the title: when, from what, by what, the seed that makes it again, and its kinship."""
    made = (
        f"from {take.origin}" if take.origin else "",
        f"restored by {take.manifest['restorer']}" if take.manifest.get("restorer") else "",
    )
    known = (
        f"{take.started:%d %B %Y, %H:%M} UTC",
        ", ".join(filter(None, made)),
        "" if take.seed is None else f"lineage seed {take.seed}",
        *kinship(take).split(": "),  # of what, and how it differs
    )
    return [line for line in known if line]


def opening(shown: Light, seconds: float, rate: int) -> Iterator[Light]:
    """The card for ``seconds`` at ``rate`` pictures a second: out of the dark, and back into it."""
    count = round(seconds * rate)
    ramp = max(min(FADE * rate, count / 3), 1.0)
    for tick in range(count):
        yield shown * np.float32(min(1.0, tick / ramp, (count - 1 - tick) / ramp))


def risen(lights: Iterable[Light], rate: int) -> Iterator[Light]:
    """The film, its first second coming up out of the dark."""
    for tick, light in enumerate(lights, start=1):
        share = tick / (RISE * rate)
        yield light if share >= 1.0 else light * np.float32(share)


def set_in_rows(words: str, size: int, room: int) -> tuple[int, list[str]]:
    """A title in at most three rows of ``room`` pixels, in the largest size up to ``size`` at which it fits."""
    while True:
        font, rows = ImageFont.load_default(size), [""]
        for word in words.split():
            longer = f"{rows[-1]} {word}".strip()
            rows = [*rows[:-1], longer] if font.getlength(longer) <= room else [*rows, word]
        rows = list(filter(None, rows))
        if size == 1 or (len(rows) <= ROWS and all(font.getlength(row) <= room for row in rows)):
            return size, rows
        size = max(int(size * SMALLER), 1)


def _fitting(words: str, size: int, room: int) -> int:
    """The largest size up to ``size`` pixels at which words fit into ``room`` pixels."""
    long = ImageFont.load_default(size).getlength(words)
    return size if long <= room else max(int(size * room / long), 1)
