"""An engine at another place: the engine as it is, in a thread, against wires of its own, and what it has to tell.

Where it stands is all the same to it: in a Ray actor on another node, or in the envoy itself. Two threads may ask it,
one to ``tell`` and one to ``hear``.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from installation.cluster import passport
from installation.cluster.audience import Audience
from installation.cluster.ledger import Ledger
from installation.cluster.letters import Dispatch, Letter, opened, packed
from installation.engine import ENGINE_VITALS, NICENESS, Engine
from installation.loop.checkpoints import NAME, Checkpoints, Stand, stand
from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.glimpses import PREFIX
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.wires import PipeHandler
from installation.records import Order

if TYPE_CHECKING:
    from installation.cluster.clock import Times
    from installation.cluster.letters import Commission, Picture
    from installation.cluster.passport import Passport
    from installation.records import Frame

LARGEST = 1024  # pixels a side the ring has room for
SLOTS = 4  # of the ring: nobody reads from it but we, and we want the newest
GLANCE = 0.002  # seconds between two looks at the ring
LEAVE_WITHIN = 1.0  # seconds for an engine to end at its next moment


class Outpost:
    """Owns an engine and its wires, from the beginning to ``leave``."""

    def __init__(self, commission: Commission) -> None:
        """Lay the wires and set the engine to work; it waits for orders."""
        self._commission = commission
        self._wires = wiring.lay()
        folder = self._wires.folder
        self._board = Board.create(self._wires.board, commission.knobs)
        self._vitals = Board.create(self._wires.vitals("engine"), ENGINE_VITALS)
        self._ring = Ring.create(self._wires.ring, LARGEST * LARGEST, SLOTS)
        self._ledger = Ledger(self._ring, commission.engine.running_patience)
        self._audience = Audience()
        self._settings = Settings(state=folder / "state", engine=commission.engine)
        Checkpoints(folder, self._settings.state, commission.engine.checkpoint_every).lay(commission.copies)
        self._sent = 0  # of the ring
        self._known: tuple[object, bytes, Stand | None] = None, b"", None  # the checkpoint as it was read last
        self._told: set[str] = set()  # the glimpses that were sent
        self._life = ThreadPoolExecutor(1, "engine").submit(self._live)

    def passport(self, restorers: Sequence[tuple[str, str | None]]) -> Passport:
        """This machine's, for restorers by name and model. Raises ``ModelError`` where one is missing."""
        engine = self._commission.engine
        return passport.here(restorers, engine.models, engine.threads)

    def tell(self, letters: Sequence[Letter], knobs: Mapping[str, float]) -> None:
        """Orders, and the knobs that have moved."""
        if knobs:
            self._board.write(knobs)
        for letter in letters:
            self._ledger.post(opened(letter, self._wires.folder))

    def hear(self, patience: float) -> Dispatch:
        """What is new, waiting up to ``patience`` seconds for something. Raises what the engine has died of."""
        deadline = time.monotonic() + patience
        while not (dispatch := self._dispatch()).is_news and time.monotonic() < deadline:
            time.sleep(GLANCE)
        self._audience.tell(dispatch)
        return dispatch

    def watch(self, number: int, patience: float) -> tuple[int, Dispatch] | None:
        """What it has sent since that number, for a stage machine that follows: see ``Audience.after``."""
        return self._audience.after(number, patience)

    def clock(self) -> Times:
        """When this was heard and when it is answered, in Unix nanoseconds."""
        return time.time_ns(), time.time_ns()

    def leave(self) -> None:
        """End the engine at its next moment, and take up its wires. What has left may be told so again."""
        self._ledger.post(Order("quit"))
        self._ledger.close()
        wait([self._life], LEAVE_WITHIN)
        wiring.take_up(self._wires)

    def _live(self) -> None:
        Engine(self._wires, self._ledger, self._settings).serve()

    def _dispatch(self) -> Dispatch:
        if self._life.done():
            self._life.result()
            raise EOFError("The engine has left.")
        before = self._known[1]
        data, kept = self._checkpoint()
        entries = self._ledger.take(kept)
        pictures = [self._picture(entry.frame) for entry in entries if entry.frame]
        if not len(self._ledger) and (frame := self._moment(kept)):  # a moment must not overtake a generation
            pictures.append(self._picture(frame))
        reports = tuple(entry.report for entry in entries)
        return Dispatch(
            tuple(pictures), reports, self._vitals.read(), data if data is not before else None, self._glimpses()
        )

    def _checkpoint(self) -> tuple[bytes, Stand | None]:
        """The newest checkpoint and what it is about; it is read again only where it was replaced."""
        path, (known, data, kept) = self._wires.folder / NAME, self._known
        if path.exists() and (found := path.stat().st_ino) != known:
            data = path.read_bytes()
            kept = stand(data)
            self._known = found, data, kept
        return data, kept

    def _moment(self, kept: Stand | None) -> Frame | None:
        """The newest frame, if it is new; a finished generation only together with all that belongs to it."""
        if self._ring.newest == self._sent or (frame := self._ring.latest()) is None or frame.serial <= self._sent:
            return None
        if frame.phase == "generation" and (kept is None or frame.generation > kept.serial):
            return None
        return frame

    def _picture(self, frame: Frame) -> Picture:
        self._sent = frame.serial
        stamp_ns = time.time_ns() - (time.monotonic_ns() - frame.stamp_ns)
        return packed(frame, self._commission.coding, self._commission.quality, stamp_ns)

    def _glimpses(self) -> dict[str, bytes]:
        """Pictures from outside that were not sent yet."""
        folder = self._wires.glimpses
        new = [path for path in folder.glob(f"{PREFIX}*.png") if path.name not in self._told]
        self._told.update(path.name for path in new)
        return {path.name: path.read_bytes() for path in new}


class Abroad(Outpost):
    """The same as a process of its own on another node: its log lines travel too, and the stage comes before it."""

    def __init__(self, commission: Commission) -> None:
        """As an outpost."""
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        os.nice(NICENESS)
        super().__init__(commission)
        handler = PipeHandler(self._ledger)
        handler.setFormatter(logging.Formatter("%(message)s"))
        ours = logging.getLogger("installation")
        ours.setLevel(logging.INFO)
        ours.addHandler(handler)
