"""The envoy: the local process in the place of the engine, where engines play elsewhere.

It has the engine's name, wires, orders and reports, so nobody else knows the difference: orders and knobs go out,
pictures come onto the ring, reports to the conductor, checkpoints to this machine. When the cluster is lost it becomes
the engine itself, and goes on from the same checkpoint; it looks for the cluster again at its next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from installation.cluster.following import Following
from installation.cluster.letters import Picture, unpacked
from installation.cluster.meeting import Meeting
from installation.cluster.mosaic import columns_of, mosaic
from installation.cluster.outpost import LEAVE_WITHIN, Abroad
from installation.cluster.posting import Office, Posting
from installation.cluster.reach import ClusterError, reached
from installation.cluster.standing import Standing
from installation.cluster.together import CLUSTER_VITALS, Together
from installation.engine import ENGINE_VITALS, NICENESS, Engine
from installation.health import STRANDED
from installation.loop.checkpoints import NAME, Checkpoints
from installation.machine.board import Board
from installation.machine.child import PULSE, Phase, Vitals, living
from installation.machine.files import StorageError, write_whole
from installation.machine.ring import Ring
from installation.machine.scribe import Scribe

if TYPE_CHECKING:
    from installation.cluster.letters import Dispatch
    from installation.cluster.reach import Reach
    from installation.machine.settings import Settings
    from installation.machine.wires import Wires
    from installation.records import Order, Pixels, Report

log = logging.getLogger(__name__)

ENVOY_VITALS = {**ENGINE_VITALS, **CLUSTER_VITALS, STRANDED: 0.0}
LARGEST = 1024  # pixels a side: room for one engine's picture
MOST = 2048  # and for a wall of them
TICK = 0.01  # seconds: what an order may wait while nothing comes
KNOCK_EVERY = 2.0  # seconds between two looks whether the head is still there
MOST_KNOCKS = 3  # unanswered, then it is lost; Ray itself would end this process a minute after it fell
WALL_EVERY = 1 / 30  # seconds between two pictures of a wall that only burns
NOTHING = Picture(0, "burn", 0.0, 0, 0, 0, "raw", b"")
HURRY = 5.0  # seconds for the head to answer where an audience waits
RETRY = 30.0  # seconds until a place on the wall that no machine could take is tried again


def room(settings: Settings) -> int:
    """How many pixels (H x W) the ring needs for the pictures of all engines."""
    return min(max(LARGEST**2, len(settings.engines) * settings.engine.size**2), MOST**2)


def run(wires: Wires, pipe: Connection, settings: Settings) -> None:
    """The life of the engine where ``settings.is_abroad``: as ``engine.run``, to everybody else."""
    # Threads that spin while they wait would take the stage's core; read by OpenMP when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with living("engine", pipe) as uplink:
        standing = Standing(uplink)
        envoy = Envoy(wires, standing, settings)
        try:
            envoy.serve()
        except ClusterError as refusal:
            log.warning("%s The engine plays on this machine until its next start.", refusal)
            envoy.close()
            os.nice(NICENESS)
            standing.repeat(begun=envoy.begun)
            Engine(wires, standing, settings).serve()


class Envoy:
    """Carries between the wires of this machine and the engines elsewhere."""

    def __init__(
        self, wires: Wires, standing: Standing, settings: Settings, outpost: Callable[..., object] = Abroad
    ) -> None:
        """Join the wires; nobody is reached yet. ``outpost`` is what plays at a node."""
        self.begun = False
        self._wires, self._standing, self._settings, self._outpost = wires, standing, settings, outpost
        self._ring, self._board = Ring(wires.ring), Board(wires.board)
        self._vitals = Vitals(wires, "engine")
        self._vitals.beat(Phase.LOADING, **{STRANDED: 0.0})
        self._postings: list[Posting | Following] = []
        self._newest: list[Pixels | None] = [None] * len(settings.engines)
        self._due = dict.fromkeys(range(len(settings.engines)), 0.0)  # when a place is looked at again
        self._together, self._meeting = Together(settings), Meeting()
        self._first = NOTHING  # what the piece's own engine shows
        self._beat = self._painted = self._knocked = 0.0
        self._unanswered = 0

    def serve(self) -> None:
        """Carry, until told to quit. Raises ``ClusterError`` where the piece's own engine can play nowhere else."""
        with self._reached() as reach, self._posted(reach):
            while self._obey():
                for posting in self._postings:
                    self._look(posting)
                self._show_what_is_due()
                self._knock(reach)
                self._await_news()

    def _await_news(self) -> None:
        """Until something has come or is due; a tick at most, for there may be orders."""
        awaited = [posting.awaited for posting in self._postings if posting.awaited]
        patience = min(TICK, self._together.wait(time.time_ns()))
        if awaited:
            wait(awaited, patience, FIRST_COMPLETED)
        else:
            time.sleep(patience)

    def close(self) -> None:
        """Say that the cluster is lost, and leave the wires to the engine."""
        self._vitals.beat(Phase.LOADING, **{STRANDED: 1.0})

    # ------------------------------------------------------------------ from start to stop

    @contextlib.contextmanager
    def _reached(self) -> Iterator[Reach | None]:
        """The cluster, where an engine is at it."""
        cluster = self._settings.cluster
        if cluster.address is None:
            yield None
            return
        plays = (self._wires.folder / NAME).exists()  # it was an envoy's, or engine's, death that began this life
        with reached(cluster.address, patience=min(cluster.patience, HURRY) if plays else cluster.patience) as reach:
            yield reach

    @contextlib.contextmanager
    def _posted(self, reach: Reach | None) -> Iterator[None]:
        """The postings, which leave in the end, whatever that is."""
        office = Office(self._settings, self._board, self._standing, reach, outpost=self._outpost)
        self._postings = [
            (Following if entry.follow else Posting)(entry, number, office, self._checkpoints(number, entry.name))
            for number, entry in enumerate(self._settings.engines)
        ]
        try:
            yield
        finally:
            wait([leaving for posting in self._postings if (leaving := posting.leave())], LEAVE_WITHIN)
            for posting in self._postings:
                posting.close()
                posting.checkpoints.flush()

    def _checkpoints(self, number: int, name: str) -> Checkpoints:
        """The piece's own where the engine of this machine looks for them; the others' beside them."""
        memory, disk = self._wires.folder, self._settings.state
        if number:
            memory, disk = memory / "engines" / name, disk / "engines" / name
        return Checkpoints(memory, disk, self._settings.engine.checkpoint_every, Scribe())

    def _knock(self, reach: Reach | None) -> None:
        """See whether the head is still there. Raises ``ClusterError`` where it is lost."""
        now = time.monotonic()
        if reach is None or now < self._knocked + KNOCK_EVERY:
            return
        self._knocked = now
        self._unanswered = 0 if reach.answers() else self._unanswered + 1
        if self._unanswered >= MOST_KNOCKS:
            raise ClusterError(f"The head of the cluster at {reach.address} is lost.")

    # ------------------------------------------------------------------ down

    def _obey(self) -> bool:
        """Pass orders on; False when it is time to leave."""
        while (order := self._standing.order()) is not None:
            if order.name in {"quit", "leave"}:
                return False
            if order.name == "save":
                self._save(order)
                continue
            for posting in self._postings:
                posting.post(order)
        return True

    def _save(self, order: Order) -> None:
        """The piece's own lineage lies here: nobody need be asked."""
        try:
            self._postings[0].checkpoints.copy_to(Path(order.data["path"]))
        except StorageError as refusal:
            self._standing.report("refused", reason=str(refusal), order=order.name)

    # ------------------------------------------------------------------ up

    def _look(self, posting: Posting | Following) -> None:
        """What is new of one engine; the piece plays without a neighbour, but not without its own."""
        number, now = posting.number, time.monotonic()
        if now < self._due[number]:
            return
        try:
            dispatch = posting.look()
        except ClusterError as refusal:
            if not number:
                raise
            log.warning("%s Its place on the wall stands still.", refusal)
            self._due[number] = now + RETRY
            self._postings[number] = posting.anew()
            return
        if dispatch:
            self._deliver(posting, dispatch)
        elif not number and not posting.is_settled:
            self._vitals.beat(Phase.LOADING)

    def _deliver(self, posting: Posting | Following, dispatch: Dispatch) -> None:
        for name, data in dispatch.glimpses.items():
            self._lay(name, data)
        for picture in dispatch.pictures:
            if not self._together.keep(posting.number, picture, time.time_ns()):
                self._show(posting.number, picture)
        if not posting.number:
            self._feel(dispatch)
        for report in dispatch.reports:
            self._report(posting, report)
        if dispatch.checkpoint is not None:
            posting.checkpoints.put(dispatch.checkpoint, time.monotonic())

    def _feel(self, dispatch: Dispatch) -> None:
        """The engine's pulse is ours: where it does not beat, neither do we."""
        beat, phase = dispatch.vitals["beat"], Phase(int(dispatch.vitals["phase"]))
        if beat != self._beat:
            self._beat = beat
            theirs = {name: value for name, value in dispatch.vitals.items() if name not in PULSE}
            self._vitals.beat(phase, **theirs, **self._together.vitals())

    def _report(self, posting: Posting | Following, report: Report) -> None:
        """Reports of the first are the piece's own; a neighbour's are told as what they are."""
        if posting.number:
            self._report_beside(posting.name, report)
        elif report.name == "playing":
            self.begun = True
            self._standing.report("playing", **report.data, engines=len(self._postings))
        else:
            self._standing.report(report.name, **report.data)

    def _report_beside(self, name: str, report: Report) -> None:
        match report.name:
            case "generation":
                self._standing.report("beside", engine=name, generation=dict(report.data))
            case "log":
                self._standing.report("log", **{**report.data, "text": f"{name}: {report.data['text']}"})
            case "refused":
                log.warning("The engine %s refused: %s", name, report.data["reason"])
            case "kept":
                log.warning("The keeper of %s, at generation %d: %s.", name, *report.data.values())

    def _lay(self, name: str, data: bytes) -> None:
        """A picture from outside that a generation names, where the recorder looks for it."""
        try:
            write_whole(self._wires.glimpses / name, data)
        except StorageError as refusal:
            log.warning("A take will lack a picture. %s", refusal)

    def _show_what_is_due(self) -> None:
        """Pictures whose moment has come; and letters, for that moment goes by the clock of whoever made them."""
        for number, met in self._meeting.look(self._postings, time.monotonic()):
            self._together.met(number, met)
        for number, picture in self._together.take(time.time_ns()):
            self._show(number, picture)

    def _show(self, number: int, picture: Picture) -> None:
        """Onto the ring: the picture itself, or the wall with the picture in its place."""
        self._newest[number] = unpacked(picture)
        self._first = self._first if number else picture
        now = time.monotonic()
        if len(self._newest) > 1 and picture.phase != "generation" and now < self._painted + WALL_EVERY:
            return
        self._painted = now
        self._ring.write(
            self._whole(),
            stamp_ns=time.monotonic_ns(),
            generation=self._first.generation,
            phase=self._first.phase,
            temperature=self._first.temperature,
        )

    def _whole(self) -> Pixels:
        places, columns = len(self._newest), self._settings.cluster.columns
        if places == 1 and (only := self._newest[0]) is not None:
            return only
        return mosaic(self._newest, columns_of(places, columns), room(self._settings))
