"""The stage's process: a clock that flips, and everything else in the time between two flips."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from installation.knobs import read
from installation.machine.board import Board
from installation.machine.child import Vitals, living
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.wires import Uplink, Wires
from installation.records import Order
from installation.stage.displays import EVERY, watching
from installation.stage.drawing import Drawing
from installation.stage.gaps import Gaps
from installation.stage.gate import Gate
from installation.stage.loader import Loader
from installation.stage.onlookers import Onlookers, across
from installation.stage.overlays.writer import ORDERS, Writer
from installation.stage.pace import Pace
from installation.stage.panel import BLACK, Staging
from installation.stage.presenter import Presenter, opened
from installation.stage.preview import WIDTH, Preview
from installation.stage.rig import Rig
from installation.stage.sharing import shared
from installation.stage.sight import Sight
from installation.stage.window import Window

if TYPE_CHECKING:
    from installation.stage.exposure import Exposure
    from installation.stage.light import Light
    from installation.stage.overlay import Overlay

log = logging.getLogger(__name__)

PREVIEW = "preview.png"
LEAVING = ("escape", "q", "quit")


def run(wires: Wires, pipe: Connection, settings: Settings, origin: Path | None) -> None:
    """The life of the stage, until it is told to quit or the conductor is gone.

    Orders: ``origin`` {path} shows a picture until newer frames come; ``quit``; ``leave``, the same if the wall is dark
    on purpose; ``align``, as ``Rig.obey`` says;
    ``watched``, by whoever looks on from a page; and ``Writer``'s, for what is written over it. Reports: ``ready``
    {headless, driver, size, preview} after the first flip; ``key`` {name} for ``escape``, ``q``, and ``quit`` when the
    window was closed.
    """
    import cv2

    cv2.setNumThreads(1)  # the other cores are the engine's
    with living("stage", pipe) as uplink, contextlib.closing(Stage(wires, settings)) as stage:
        if origin:
            stage.ask(origin, after=0)
        stage.flip()
        log.log(logging.WARNING if stage.window.headless else logging.INFO, stage.announcement())
        uplink.report("ready", **stage.described())
        while _obeyed(uplink, stage):
            stage.flip()
            for stroke in stage.window.strokes():
                if not stage.rig.stroke(stroke.key, shift=stroke.shift) and stroke.key in LEAVING:
                    uplink.report("key", name=stroke.key)


class Stage:
    """Everything between the ring and the eye. Owns the presenter and two threads that wait for the disk."""

    def __init__(self, wires: Wires, settings: Settings) -> None:
        """Open the window and join the wires."""
        now = time.monotonic()
        self._settings, self._stands_until = settings.stage, now
        self._watch = watching(os.environ)
        self.rig = Rig(settings.stage, settings.state, self._watch.seen)
        self.presenter = self._presenter()
        self.pace = Pace(self.window.rate, now)
        self._board = Board(wires.board)
        self._vitals = Vitals(wires, "stage")
        self._gaps = Gaps(wires.gaps, self._vitals.seen("flip_ns") / 1e9)
        self._gate = Gate(Ring(wires.ring))
        self._sight = Sight(settings.engine.size, now)
        self._loader = Loader(settings.engine.size)
        self.writer = Writer(wires)
        self._preview = Preview(settings.state / PREVIEW, now) if self.window.headless else None
        self._sharing = shared(settings.stage.sharing, now)
        self.onlookers = Onlookers(wires.glances)
        self._drawing = Drawing(wires.corners)
        self._flips = 0
        self._shown = 0

    def _presenter(self) -> Presenter:
        """A presenter over everything that the outputs hang on."""
        presenter = opened(self._settings, self.rig.covering)
        self.rig.hang(presenter.window.size)
        return presenter

    @property
    def window(self) -> Window:
        """The window that is open now."""
        return self.presenter.window

    @property
    def is_dark(self) -> bool:
        """Whether nobody sees that it goes."""
        return self._sight.wall.opening == 0.0

    def ask(self, path: Path, after: int | None = None) -> None:
        """Show this picture as soon as it is loaded, unless a frame newer than ``after`` (default: all) came first."""
        if after is None:
            after = self._gate.shut()
        self._loader.ask(path, after)

    def flip(self) -> None:
        """Show what is to be seen now, then beat."""
        now = time.monotonic()
        revision, values = self._board.revision, self._board.read()
        knobs = read(Staging, values)
        if not knobs.hold:
            self._take_in(now, knobs)
        self._mind_the_displays(now)
        self.presenter.show(self._exposure(values, knobs, now), self.rig.outputs)
        self._beat(revision)
        self._drawing.show(self.rig.aligned)
        if self._sharing and self._sharing.due(now):
            self._sharing.offer(self.presenter.glance(self._settings.sharing.width))
        if self.onlookers.due(now):
            self.onlookers.show(self.presenter.glance(across(self.window.size)))
        if self._preview and self._preview.due(now):
            self._preview.offer(self.presenter.glance(WIDTH))

    def _exposure(self, values: Mapping[str, float], knobs: Staging, now: float) -> Exposure:
        """Everything that this flip shows."""
        canvas = self.presenter.canvas

        def write(picture: Light) -> Sequence[Overlay]:
            return self.writer.overlays(now, values, picture, canvas, knobs.overlays)

        cards = self.rig.cards(knobs.pattern, now, canvas) if values.get(BLACK, 0.0) == 0.0 else ()
        return self._sight.exposure(now, values, knobs, write, cards)

    def _mind_the_displays(self, now: float) -> None:
        """Light what has come, let go of what has gone; a larger desktop wants a larger window."""
        seen = self._watch.news()
        if seen is None and now < self._stands_until:
            return
        if seen is not None and self.rig.notice(seen):
            self.presenter.close()
            self.presenter = self._presenter()
        self.window.stand()
        self._stands_until = now + EVERY

    def described(self) -> dict[str, object]:
        """What the conductor is told once the first picture is there."""
        return {
            "headless": self.window.headless,
            "driver": self.window.driver,
            "size": list(self.window.size),
            "preview": str(self._preview.path) if self._preview else None,
        }

    def announcement(self) -> str:
        """Where the picture is, in one sentence."""
        if self._preview:
            reason = self.window.trouble or "SDL_VIDEODRIVER asks for that"
            return f"The stage runs without a display ({reason}); what it would show is in {self._preview.path}."
        width, height = self.window.size
        return f"The stage is open, {width} x {height} pixels on {self.window.driver}, {self.presenter.describe()}."

    def close(self) -> None:
        """Leave the window and let the disk come to its end."""
        self._loader.close()
        self.writer.close()
        self._watch.close()
        self.onlookers.close()
        self._gaps.close()
        self._drawing.close()
        if self._sharing:
            self._sharing.close()
        if self._preview:
            self._preview.close()
        self.presenter.close()

    def _take_in(self, now: float, knobs: Staging) -> None:
        """The newest frame, or a picture that was asked for, whichever is newer."""
        if frame := self._gate.newest(knobs.show):
            self._shown = frame.serial
            self._sight.reel.arrive(frame.pixels, now, knobs)
        elif loaded := self._loader.loaded():
            pixels, after = loaded
            if self._shown <= after:
                self._sight.reel.arrive(pixels, now, knobs)

    def _beat(self, revision: int) -> None:
        flipped = time.monotonic()
        self.pace.flipped(flipped)
        self._gaps.flipped(flipped)
        self._flips += 1
        self._vitals.beat(
            frames=self._flips,
            fps=self.pace.fps,
            worst_gap_ms=self.pace.worst_gap * 1e3,
            shown=self._shown,
            revision=revision,
            flip_ns=time.monotonic_ns(),
            burning_on=self._sight.reel.burning,
            headless=self.window.headless,
            light=self._sight.wall.light,
            gl_objects=self.presenter.objects,
        )


def _obeyed(uplink: Uplink, stage: Stage) -> bool:
    """Follow orders until the next flip is due; False after ``quit``. At least one order is taken per flip."""
    while True:
        wait = stage.pace.wait(time.monotonic())
        order = uplink.order(wait)
        if order is not None and not _follow(order, stage):
            return False
        if order is None or wait == 0.0:
            return True


def _follow(order: Order, stage: Stage) -> bool:
    match order.name:
        case "quit":
            return False
        case "leave":
            return not stage.is_dark
        case "origin":
            stage.ask(Path(order.data["path"]))
        case "align":
            stage.rig.obey(order.data)
        case "watched":
            stage.onlookers.come(time.monotonic())
        case name if name in ORDERS:
            stage.writer.obey(order)
        case _:
            known = ", ".join(("origin", "align", "watched", "leave", *ORDERS))
            log.warning("The stage knows no order %r, only %s and quit.", order.name, known)
    return True
