"""The recording desk: which take is running, and what recorder and engine must be told of it. Used by the conductor."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import __version__
from installation.errors import Refusal
from installation.recording import takes
from installation.records import Order
from installation.scenes import CAMERA

if TYPE_CHECKING:
    from installation.scenes import Scene

log = logging.getLogger(__name__)

Post = Callable[[Order], None]
PLAYED = (
    "seed",
    "restorer",
    "model",
    "digest",
    "size",
    "grid",
    "serial",
    "threads",
)  # of what the engine says when it begins to play


class Desk:
    """At most one take runs at a time. ``take`` is its folder; ``last`` the newest one begun in this performance."""

    def __init__(self, state: Path, recorder: Post, engine: Post) -> None:
        """Takes go below ``state``; orders go to these two."""
        self.take: Path | None = None
        self.last: Path | None = None
        self._state, self._recorder, self._engine = state, recorder, engine
        self._lineages = 0
        self._beginning: Order | None = None

    def start(self, scene: Scene, playing: Mapping[str, Any]) -> None:
        """Begin a take of what is playing. Raises ``Refusal`` when one is running already."""
        if self.take:
            raise Refusal(f"Already recording {self.take.name}; send /record/stop first.")
        self.take = self.last = takes.new_folder(self._state, scene.name, datetime.now(UTC), self.last)
        told = {"title": scene.title, "scene": scene.name, "scene_text": scene.text}
        told["origin"] = CAMERA if scene.camera else scene.origin.name
        manifest = {**told, "version": __version__, **{key: playing.get(key) for key in PLAYED}}
        self._beginning = Order("start", {"folder": str(self.take), "manifest": manifest})
        self._lineages = 0
        self._recorder(self._beginning)
        self._keep_lineage()
        log.info("Recording to %s.", self.take)

    def stop(self) -> None:
        """End the take. Raises ``Refusal`` when none is running."""
        if not self.take:
            raise Refusal("Nothing is being recorded; send /record/start first.")
        self._recorder(Order("stop"))
        self.take = None

    def orders(self) -> list[Order]:
        """What a reborn recorder needs to go on with the take."""
        return [self._beginning] if self.take and self._beginning else []

    def log(self, **line: object) -> None:
        """Write a line into the running take's log."""
        if self.take:
            self._recorder(Order("log", {"line": {"at_ns": time.monotonic_ns(), **line}}))

    def playing(self, told: Mapping[str, Any]) -> None:
        """The engine has begun another lineage, or goes on with one after a death."""
        if self.take:
            self.log(event="playing", playing=dict(told))
            self._keep_lineage()

    def closed(self, told: Mapping[str, Any]) -> None:
        """The recorder has ended a take, by order or because of the disk."""
        if str(self.take) == told["folder"]:
            self.take = None
        log.info("The take is closed: %d frames, %d dropped (%s)", told["frames"], told["dropped"], told["reason"])

    def refused(self) -> None:
        """The recorder cannot record, and has said why."""
        self.take = self.last = None

    def _keep_lineage(self) -> None:
        """Put what the take needs to be rendered again into it, once for every lineage that it shows."""
        path = f"{self.take}/lineage-{self._lineages:03d}.safetensors"
        self._engine(Order("save", {"path": path}))
        self._lineages += 1
