"""The writer: everything the stage needs to write on the wall, and the orders that it understands."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from installation import images
from installation.signs import KINDS, Sign
from installation.stage.overlays.figures import EVERY, Boards, Figures, Histories, Source
from installation.stage.overlays.hand import hand, made
from installation.stage.overlays.hanging import Hanging

if TYPE_CHECKING:
    from installation.machine.wires import Wires
    from installation.records import Order
    from installation.stage.light import Light
    from installation.stage.overlay import Overlay

log = logging.getLogger(__name__)

ORDERS = ("overlays", "caption", "columns", "sources")
THUMB = 256  # pixels a side of a source: larger than it is ever shown on one projector
MOST_SOURCES = 12


class Writer:
    """Owns the thread that draws. Nothing here waits for a board, a disk or a drawing."""

    def __init__(self, wires: Wires) -> None:
        """An empty wall."""
        self._boards = Boards(wires)
        self._past = Histories()
        self._hand = hand()
        self._hanging = Hanging(self._hand)
        self._figures = Figures(past=self._past)
        self._signs: tuple[Sign, ...] = ()
        self._due = float("-inf")
        self._sources: Future[tuple[Source, ...]] | None = None

    def obey(self, order: Order) -> None:
        """Change what is written.

        Orders: ``overlays`` {signs} are a scene's and wipe away whatever was said before; ``caption`` {text},
        ``columns`` {columns: [[head, text], ...]} and ``sources`` {pictures: [[path, name], ...]} stand until then.
        """
        match order.name:
            case "overlays":
                self._hang(tuple(order.data["signs"]))
            case "caption":
                self._say(caption=str(order.data["text"]))
            case "columns":
                self._say(columns=tuple((str(head), str(text)) for head, text in order.data["columns"]))
            case "sources":
                pictures = [(Path(path), str(name)) for path, name in order.data["pictures"][:MOST_SOURCES]]
                self._sources = self._hand.submit(thumbs, pictures)

    def overlays(
        self, now: float, values: Mapping[str, float], picture: Light, canvas: tuple[int, int], level: float
    ) -> Sequence[Overlay]:
        """What lies over the picture now. ``values`` are the knobs', ``canvas`` is width and height in pixels.

        ``level`` is the opacity wanted, 0 to 1. ``picture`` is what the audience sees, in linear light.
        """
        if now >= self._due:
            self._due = now + EVERY
            self._look(now, values, picture)
        return self._hanging.overlays(now, self._figures, canvas, level)

    def close(self) -> None:
        """Leave what is not begun; a drawing that is begun takes a fraction of a second."""
        self._hand.shutdown(wait=False, cancel_futures=True)

    def _hang(self, signs: tuple[Sign, ...]) -> None:
        known = tuple(sign for sign in signs if sign.kind in KINDS)
        self._signs, self._sources = known, None
        self._say(caption="", columns=(), sources=())
        self._hanging.hang(known)

    def _say(self, **said: object) -> None:
        self._figures = dataclasses.replace(self._figures, **said)  # type: ignore[arg-type] # fields by name

    def _look(self, now: float, values: Mapping[str, float], picture: Light) -> None:
        """Read the boards, and remember what they say."""
        readings = self._boards.readings()
        self._past.note(now, readings)
        looked_at = picture.copy() if any(sign.kind == "ladder" for sign in self._signs) else None
        self._say(knobs=values, readings=readings, picture=looked_at, **self._boards.playing())
        if self._sources and self._sources.done():
            found, self._sources = made(self._sources, "sources"), None
            self._say(sources=found or ())


def thumbs(pictures: Sequence[tuple[Path, str]]) -> tuple[Source, ...]:
    """Pictures with their names, small and square; what cannot be read is left out with a sentence."""
    found = []
    for path, name in pictures:
        try:
            found.append(Source(name, images.load(path, THUMB, THUMB)))
        except images.ImageError as refusal:
            log.warning("A source is not shown: %s", refusal)
    return tuple(found)
