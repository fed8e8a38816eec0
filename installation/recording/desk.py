"""The recording desk: which take is running, and what recorder and engine must be told of it. Used by the conductor."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import __version__
from installation.conditioning import KINDS
from installation.errors import Refusal
from installation.machine.files import share
from installation.recording import takes
from installation.records import Order
from installation.scenes import CAMERA

if TYPE_CHECKING:
    from installation.scenes import Scene

log = logging.getLogger(__name__)

Post = Callable[[Order], None]
RING = "ring"  # the folder beside the takes in which the last minutes always are
STAGE = "/stage/"  # the knobs of what the wall shows; those of the loop stand with every generation
WRITTEN = ("caption", "columns", "sources")  # orders to the stage that put something over the picture
SAME_SECOND = 64  # names remembered: more than a take can begin in one second, which is all that tells names apart
STAGE_EVERY = 0.04  # seconds between two lines of a log: 25 a second, as a film has pictures
PLAYED = (
    "seed",
    "restorer",
    "model",
    "digest",
    "dtype",
    "size",
    "grid",
    *KINDS,
    "serial",
    "threads",
    "engines",
)  # of what the engine says when it begins to play


class Desk:
    """At most one take runs at a time. ``take`` is its folder; ``last`` the newest one begun in this performance.

    Where nobody asked for one the ring may turn: takes of ``ring`` seconds each, of which the newest two are left. They
    are takes like all others, so whatever happened to them or to the machine, each can be shown and rendered again.
    """

    def __init__(self, state: Path, recorder: Post, engine: Post, ring: float | None = None) -> None:
        """Takes go below ``state``; orders go to these two. Without ``ring`` nothing is recorded unasked."""
        self.take: Path | None = None
        self.last: Path | None = None
        self._state, self._recorder, self._engine = state, recorder, engine
        self._given: deque[str] = deque(maxlen=SAME_SECOND)
        self._lineages = 0
        self._beginning: Order | None = None
        self._ring, self._ring_due = ring, 0.0
        self._turning: Path | None = None  # the ring's own take
        self._is_open, self._goes_on = True, False  # goes on: a take begins with the next opening
        self._stage: dict[str, float] = {}  # where its knobs stand
        self._moved: dict[str, float] = {}  # and those of which the take was not told yet
        self._stage_due = 0.0
        self._written: dict[str, Mapping[str, Any]] = {}  # over the picture, by the orders that said so

    @property
    def _open(self) -> Path | None:
        """The take that is being written, asked for or not."""
        return self.take or self._turning

    def look(self, now: float, scene: Scene, playing: Mapping[str, Any], *, is_open: bool = True) -> None:
        """Once a tick: end the take with the day and begin the next one; let the ring turn.

        Behind closed doors the ring holds still: in the morning it still has the last minutes of the evening. Where a
        disk refused, it is tried again a turn later.
        """
        if self._is_open and not is_open:
            self._close()
        self._is_open = is_open
        if not is_open or not playing:
            return
        if self._goes_on:
            self.start(scene, playing)
        if self._ring is None or self.take or now < self._ring_due:
            return
        self._ring_due = now + self._ring
        self._pause()
        old = sorted((self._state / RING).glob("*/"))[:-1]
        self._turning = self._state / RING / self._new_folder(scene).name
        self._begin(self._turning, scene, playing, discard=[str(each) for each in old])

    def _close(self) -> None:
        """A day is a take: what nobody ended goes on in another one with the next opening."""
        if self.take:
            self._recorder(Order("stop", {"reason": "The doors closed."}))
            self.take, self._goes_on = None, True

    def keep(self) -> None:
        """Make takes of what the ring holds. Raises ``Refusal`` where it does not turn, or holds nothing."""
        if self._ring is None:
            raise Refusal('Nothing is kept in mind; say in machine.toml: [recording] ring = "10m".')
        self._pause()
        self._recorder(Order("keep", {"ring": str(self._state / RING), "takes": str(self._state / takes.FOLDER)}))
        self._ring_due = 0.0

    def _pause(self) -> None:
        if self._turning:
            self._recorder(Order("stop", {"reason": "The ring turned."}))
            self._turning = None

    def start(self, scene: Scene, playing: Mapping[str, Any]) -> None:
        """Begin a take of what is playing. Raises ``Refusal`` when one is running already."""
        if self.take:
            raise Refusal(f"Already recording {self.take.name}; send /record/stop first.")
        self._pause()
        self._goes_on = False
        self.take = self.last = self._new_folder(scene)
        self._begin(self.take, scene, playing)
        log.info("Recording to %s.", self.take)

    def _new_folder(self, scene: Scene) -> Path:
        """Where the next take goes. No two of a second have one name: the ring's may become takes beside the others."""
        folder = takes.new_folder(self._state, scene.name, datetime.now(UTC), self._given)
        self._given.append(folder.name)
        return folder

    def _begin(self, folder: Path, scene: Scene, playing: Mapping[str, Any], discard: Sequence[str] = ()) -> None:
        told = {"title": scene.title, "scene": scene.name, "scene_text": scene.text}
        told["origin"] = CAMERA if scene.camera else scene.origin.name
        manifest = {**told, "version": __version__, **{key: playing.get(key) for key in PLAYED}}
        self._beginning = Order("start", {"folder": str(folder), "manifest": manifest, "discard": list(discard)})
        self._lineages = 0
        self._recorder(self._beginning)
        self._moved = dict(self._stage)
        if self._written:
            self.log(written=self._written)
        self._keep_lineage()

    def moved(self, changes: Mapping[str, float], now: float) -> None:
        """Once a tick: the take is told where the stage's knobs stand, whoever moves them: what the wall showed."""
        seen = {address: value for address, value in changes.items() if address.startswith(STAGE)}
        self._stage |= seen
        self._moved |= seen
        if self._moved and now >= self._stage_due and self._open:
            self._stage_due = now + STAGE_EVERY
            self.log(stage=self._moved)
            self._moved = {}

    def ordered(self, order: Order) -> None:
        """The stage was told what to write over the picture: the take is told too, and so is one that begins later.

        Signs come with their scene, whose name is logged, and wipe away what stood there. A caption is logged as the
        message that it was.
        """
        if order.name == "overlays" and self._written:
            self._written = {}
            self.log(written={})
        elif order.name in WRITTEN:
            told = dict(order.data)
            if order.name == "sources":
                told["pictures"] = [(_below_assets(path), name) for path, name in told["pictures"]]
            self._written[order.name] = told
            if order.name != "caption":
                self.log(written={order.name: told})

    def stop(self) -> None:
        """End the take, or have none begin with the next opening. Raises ``Refusal`` when none is running."""
        if not self.take and not self._goes_on:
            raise Refusal("Nothing is being recorded; send /record/start first.")
        if self.take:
            self._recorder(Order("stop"))
        self._goes_on = False
        self.take, self._ring_due = None, 0.0

    def orders(self) -> list[Order]:
        """What a reborn recorder needs to go on with the take."""
        return [self._beginning] if self._open and self._beginning else []

    def log(self, **line: object) -> None:
        """Write a line into the running take's log."""
        if self._open:
            self._recorder(Order("log", {"line": {"at_ns": time.monotonic_ns(), **line}}))

    def playing(self, told: Mapping[str, Any]) -> None:
        """The engine has begun another lineage, or goes on with one after a death."""
        if self._open:
            self.log(event="playing", playing=dict(told))
            self._keep_lineage()

    def closed(self, told: Mapping[str, Any]) -> None:
        """The recorder has ended a take, by order or because of the disk."""
        if str(self._turning) == told["folder"]:
            self._turning = None
        if str(self.take) == told["folder"]:
            self.take = None
        if Path(told["folder"]).parent.name == RING:
            return  # nobody asked for it: nobody is told
        log.info("The take is closed: %d frames, %d dropped (%s)", told["frames"], told["dropped"], told["reason"])

    def refused(self, told: Mapping[str, Any]) -> None:
        """The recorder cannot record this take, and has said why."""
        if str(self._turning) == told["folder"]:
            self._turning = None
        if str(self.take) == told["folder"]:
            self.take = self.last = None

    def _keep_lineage(self) -> None:
        """Put what the take needs to be rendered again into it, once for every lineage that it shows."""
        self._engine(Order("save", {"path": f"{self._open}/{takes.LINEAGE.format(self._lineages)}"}))
        self._lineages += 1


def _below_assets(path: str) -> str:
    """Where a picture is below assets/, wherever that is on another machine; as it is where it is no part of them."""
    assets = str(share("assets"))
    return os.path.relpath(path, assets) if path.startswith(assets + os.sep) else path
