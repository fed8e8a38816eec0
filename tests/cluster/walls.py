"""A wall as its conductor knows it: the real envoy in a process of its own, orders down, reports and pictures up."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from installation import scenes
from installation.cluster import envoy
from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.supervisor import Duty, Ward
from installation.panels import all_knobs
from installation.records import Order
from tests.support import until
from tests.system.performance import scene_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from installation.records import Frame, Report
    from installation.scenes import Scene

PATIENCE = 120.0  # seconds: two cores, shared, with Ray and torch to be imported on every node
ONE = ({"name": "left", "at": "cluster"},)


class Wall:
    """The conductor's end of the process that is called engine."""

    def __init__(self, folder: Path, settings: Settings, scene: Scene) -> None:
        knobs = all_knobs()
        self.wires = wiring.lay(folder)
        self.board = Board.create(self.wires.board, {address: knob.default for address, knob in knobs.items()})
        self.board.write(dict(scene.values))
        Ring.create(self.wires.ring, envoy.room(settings)).close()
        self.ring = Ring(self.wires.ring)
        self.scene, self.settings = scene, settings
        self.reports: list[Report] = []
        self.frames: list[Frame] = []
        self._begun = False
        duty = Duty("engine", envoy.run, (settings,), envoy.ENVOY_VITALS, PATIENCE, PATIENCE)
        self.ward = Ward(duty, self.wires, self._first_orders)

    def _first_orders(self) -> list[Order]:
        return [Order("play", {"scene": self.scene, "seed": 7, "resume": self._begun})]

    def order(self, name: str, **data: object) -> None:
        self.ward.post(Order(name, data))

    def tick(self) -> list[Report]:
        """As the conductor does a hundred times a second; what is new."""
        new = list(self.ward.look(time.monotonic()))
        self._begun |= any(each.name == "playing" for each in new)
        self.reports += new
        self.frames += self.ring.since(self.frames[-1].serial if self.frames else 0)
        return new

    def hears(self, wanted: Callable[[Report], object]) -> Mapping[str, Any]:
        """What the next report says that is as wanted."""

        def heard() -> Mapping[str, Any] | None:
            return next((each.data for each in self.tick() if wanted(each)), None)

        told: Mapping[str, Any] = until(heard, PATIENCE)
        return told

    def reaches(self, serial: int) -> Mapping[str, Any]:
        return self.hears(lambda each: each.name == "generation" and each.data["serial"] >= serial)

    def plays_on(self) -> Mapping[str, Any]:
        """Two generations more than there are."""
        return self.reaches(self.serials[-1] + 2)

    @property
    def serials(self) -> list[int]:
        return [each.data["serial"] for each in self.reports if each.name == "generation"]

    @property
    def digests(self) -> list[str]:
        return [each.data["digest"] for each in self.reports if each.name == "generation"]

    @property
    def finished(self) -> list[int]:
        """The generations that the ring showed finished."""
        return [each.generation for each in self.frames if each.phase == "generation"]

    def said(self) -> str:
        return "\n".join(str(each.data["text"]) for each in self.reports if each.name == "log")

    def leave(self) -> None:
        self.ward.stop(time.monotonic())
        until(lambda: (list(self.ward.hear()) and False) or self.ward.gone(0.01), 20.0)
        self.ward.kill()
        wiring.take_up(self.wires)


def little(folder: Path) -> Scene:
    """A scene that begins at once and never waits."""
    return scenes.load(scene_file(folder, loop="pace = 0.05\nstages = 1"), all_knobs(), share("assets"))


@contextlib.contextmanager
def wall(
    folder: Path, address: str, *engines: Mapping[str, object], model: str | None = None, **cluster: object
) -> Iterator[Wall]:
    """A wall that plays, with another model's folder where one is named, until the test is done with it."""
    told = {"address": address, "patience": PATIENCE, "silence": 30.0} | cluster
    settings = Settings.model_validate(
        {"state": folder / "state", "engine": {"device": "cpu", "size": 64}, "cluster": told, "engines": engines or ONE}
    )
    scene = little(folder)
    begun = Wall(folder, settings, dataclasses.replace(scene, model=model or scene.model))
    try:
        yield begun
    finally:
        begun.leave()


def players(node: Any) -> list[psutil.Process]:
    """The engines at a node."""
    (raylet,) = [each.process.pid for each in node.all_processes["raylet"]]
    workers = psutil.Process(raylet).children(recursive=True)
    return [each for each in workers if "Abroad" in " ".join(each.cmdline())]
