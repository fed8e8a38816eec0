"""The recorder: a process that carries frames from the ring to the disk, and may wait for the disk as nobody else may.

It never slows the show: what it is too late for is overwritten in the ring, counted, and said in the take.
"""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.child import PULSE, Phase, Vitals, living
from installation.machine.files import StorageError
from installation.machine.glimpses import Glimpses, is_glimpse
from installation.machine.ring import Ring
from installation.recording.keeping import Keeping
from installation.recording.live import Live
from installation.recording.writing import Beginning, Writing, require_room

if TYPE_CHECKING:
    from installation.machine.settings import RecordingSettings, Settings
    from installation.machine.wires import Line, Uplink, Wires
    from installation.records import Order

log = logging.getLogger(__name__)

RECORDER_VITALS: Mapping[str, float] = {**PULSE, "recording": 0.0, "frames": 0.0, "dropped": 0.0, "bytes": 0.0}
WATCHFUL = 0.02  # seconds between two looks at the ring: a fraction of what its slots hold
IDLE = 0.25  # seconds, when there is nothing to record


def run(wires: Wires, pipe: Connection, settings: Settings) -> None:
    """The life of the recorder process. Leaves by the order ``quit``, by SIGTERM, or when the conductor is gone."""
    with living("recorder", pipe) as uplink:
        vitals = Vitals(wires, "recorder")
        vitals.beat(Phase.LOADING)
        import av  # noqa: F401 - half a second on a slow disk, now rather than between two frames

        recorder = Recorder(Ring(wires.ring), uplink, settings.recording, Glimpses(wires.glimpses))
        try:
            while all(map(recorder.obey, waiting(uplink, recorder.patience))):
                recorder.catch_up()
                vitals.beat(recorder.phase, **recorder.readings())
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the last words
            recorder.leave()


def waiting(line: Line, patience: float) -> Iterator[Order]:
    """Every order that waits, or the next one within so many seconds: a log has many lines for one picture."""
    order = line.order(patience)
    while order:
        yield order
        order = line.order()


class Recorder:
    """What records: at most one take at a time. Which one is the desk's to say, and a take ends when another begins."""

    def __init__(self, ring: Ring, uplink: Uplink, settings: RecordingSettings, glimpses: Glimpses) -> None:
        """Read frames from this ring and pictures from outside from ``glimpses``, report through this uplink."""
        self._ring, self._uplink, self._settings, self._glimpses = ring, uplink, settings, glimpses
        self._writing: Writing | None = None
        self._keeping = Keeping()
        self._live = self._go_live(settings.hls) if settings.hls else None

    @property
    def patience(self) -> float:
        """How long to wait for an order, in seconds."""
        return WATCHFUL if self._writing or self._live else IDLE

    @property
    def phase(self) -> Phase:
        """Running while it records."""
        return Phase.RUNNING if self._writing else Phase.RESTING

    def readings(self) -> dict[str, float]:
        """What the board shows: of this take, or zeros."""
        writing = self._writing
        if writing is None:
            return {"recording": 0.0, "frames": 0.0, "dropped": 0.0, "bytes": 0.0}
        return {
            "recording": 1.0,
            "frames": float(writing.frames),
            "dropped": float(writing.dropped),
            "bytes": float(writing.total_bytes),
        }

    def obey(self, order: Order) -> bool:
        """Do what is asked. False when it is to leave; ``leave`` is for when nothing is being recorded."""
        if order.name == "start":
            self._start(order.data)
        elif order.name == "log" and self._writing:
            self._note(self._writing, order.data["line"])
        elif order.name == "keep":
            self._keeping.ask(Path(order.data["ring"]), Path(order.data["takes"]), time.monotonic())
        elif order.name in {"stop", "quit"}:
            self.catch_up()
            self.end(str(order.data.get("reason", "Stopped on request.")))
        return order.name != "quit" and (order.name != "leave" or self._writing is not None)

    def catch_up(self) -> None:
        """Write every frame that has come since. A disk that refuses ends the take and nothing else."""
        self._keeping.look(time.monotonic())
        if self._live:
            self._stream(self._live)
        if self._writing is None:
            return
        try:
            require_room(self._writing.folder, self._settings.reserve_bytes)
            for frame in self._ring.since(self._writing.last):
                self._writing.add(frame)
        except StorageError as refusal:
            self._give_up(refusal)

    def end(self, reason: str) -> None:
        """Close the take, if there is one, and report it."""
        if self._writing is None:
            return
        writing, self._writing = self._writing, None
        writing.end(reason)
        log.info("Take %s: %d frames, %d dropped. %s", writing.folder.name, writing.frames, writing.dropped, reason)
        self._uplink.report(
            "closed", folder=str(writing.folder), frames=writing.frames, dropped=writing.dropped, reason=reason
        )

    def leave(self) -> None:
        """Close the take and the stream, if there are any. What was to be kept goes as it is."""
        self.end("The recorder was told to leave.")
        self._keeping.look(math.inf)
        if self._live:
            with contextlib.suppress(StorageError):  # a stream without its end is one that stopped
                self._live.close()

    def _go_live(self, folder: Path) -> Live | None:
        try:
            return Live(folder, self._ring.newest)
        except StorageError as refusal:
            log.error("There is no live stream. %s", refusal)  # noqa: TRY400 - a sentence for the gallery
            return None

    def _stream(self, live: Live) -> None:
        """Stream what has come since. A disk that refuses ends the stream and nothing else."""
        try:
            for frame in self._ring.since(live.last):
                live.add(frame)
        except StorageError as refusal:
            log.error("The live stream ends, the show goes on. %s", refusal)  # noqa: TRY400 - a sentence for the gallery
            self._live = None

    def _start(self, data: Mapping[str, Any]) -> None:
        for old in self._keeping.without(data.get("discard", ())):
            shutil.rmtree(old, ignore_errors=True)  # of the ring: what will not go now goes at its next turn
        self.end("Another take begins.")
        manifest, after = data["manifest"], data.get("after")
        origin = str(data.get("origin") or manifest.get("origin", ""))
        beginning = Beginning(
            Path(data["folder"]), manifest, origin, _before_this_turn(self._ring) if after is None else int(after)
        )
        try:
            self._writing = Writing(beginning, self._settings)
        except StorageError as refusal:
            log.warning("Nothing is recorded. %s", refusal)
            self._uplink.report("refused", folder=str(beginning.folder), reason=str(refusal))
        else:
            self._uplink.report("recording", folder=str(beginning.folder))

    def _note(self, writing: Writing, line: Mapping[str, Any]) -> None:
        try:
            writing.note(line)
            for name in _from_outside(line.get("generation", {})):
                if not self._glimpses.copy(name, writing.folder):
                    log.warning("%s came too late into the take; it cannot be rendered again from there.", name)
        except StorageError as refusal:
            self._give_up(refusal)

    def _give_up(self, refusal: StorageError) -> None:
        log.error("The take ends, the show goes on. %s", refusal)
        self.end(str(refusal))


def _from_outside(generation: Mapping[str, Any]) -> list[str]:
    """The pictures without which a generation cannot be rendered again."""
    return [name for key in ("source", "glimpse", "guide") if is_glimpse(name := generation.get(key, ""))]


def _before_this_turn(ring: Ring) -> int:
    """The serial before the newest finished generation: a take begins with a whole picture, then its burning."""
    frames = list(ring.since(0))
    finished = [frame.serial for frame in frames if frame.phase == "generation"]
    return (finished or [frame.serial for frame in frames] or [ring.newest + 1])[-1] - 1
