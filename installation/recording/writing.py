"""A take while it is being written. Everything raises ``StorageError`` as soon as the disk refuses."""

from __future__ import annotations

import contextlib
import dataclasses
import platform
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.files import StorageError, require_writable, write_atomically
from installation.recording import segment, takes
from installation.recording.journal import Journal, unwritable
from installation.recording.takes import Mark, Take, TakeError

if TYPE_CHECKING:
    from installation.machine.settings import RecordingSettings
    from installation.records import Frame

DEPENDED_ON = ("torch", "diffusers", "numpy", "opencv-python-headless", "av")
BALLAST = ".ballast"
BALLAST_BYTES = 64 * 2**10  # thrown overboard on a full disk, so that the card can still say how the take ended


@dataclasses.dataclass(frozen=True, slots=True)
class Beginning:
    """What a take begins with, as ordered by the conductor.

    ``manifest``: title, scene, scene_text, seed, model, model_digest, versions, settings, whatever else JSON can say.
    ``after``: the serial of the last frame that is not part of it.
    """

    folder: Path
    manifest: Mapping[str, Any]
    origin: str
    after: int


class Writing:
    """One take on its way to the disk; a take that a killed recorder left is taken up where it stopped.

    A picture counts as written once it is in its file for good, which is when the next one arrives.
    """

    def __init__(self, beginning: Beginning, settings: RecordingSettings) -> None:
        """Make or reopen the folder. Raises ``StorageError`` when the disk is too full or cannot be written."""
        self.folder, self._settings = require_writable(beginning.folder), settings
        require_room(self.folder, settings.reserve_bytes)
        known, files = takes.marks(self.folder), sorted(self.folder.glob(segment.PATTERN))
        self._take = _card(beginning)
        self.frames, self.dropped = len(known), self._take.dropped
        self.last = known[-1].frame if known else beginning.after
        self._number = int(files[-1].stem.removeprefix(segment.STEM)) + 1 if files else 0
        self._index, self._shelved_bytes = 0, sum(map(_size, files))
        self._segment: segment.Segment | None = None
        self._pending: Mark | None = None
        self._begin(str(beginning.manifest.get("scene_text", "")), reborn=(self.folder / takes.CARD).exists())

    @property
    def total_bytes(self) -> int:
        """What the pictures occupy so far."""
        return self._shelved_bytes + (_size(self._segment.path) if self._segment else 0)

    def add(self, frame: Frame) -> None:
        """Write one picture, in a new segment when the old one is long enough or the pictures changed size."""
        self.dropped += max(frame.serial - self.last - 1, 0)
        self.last = frame.serial
        if self._segment and self._is_over(self._segment, frame):
            self._shelve()
        current = self._segment or self._open(frame)
        pts = current.write(frame)
        self._commit()
        self._pending = Mark(
            frame.serial, self._number, self._index, pts,
            frame.generation, frame.phase, frame.temperature, frame.stamp_ns,
        )  # fmt: skip
        self._index += 1

    def note(self, line: Mapping[str, Any]) -> None:
        """Write one line into the log, with the time unless it has one."""
        self._log.write({"at_ns": time.monotonic_ns(), **line})

    def end(self, reason: str) -> None:
        """Finish segment, log and card, with a sentence why. What a full disk refuses is left as it is."""
        for last_act in (self._shelve, self._make_way, lambda: self._part(reason), self._marks.close, self._log.close):
            with contextlib.suppress(StorageError):  # where one file does not fit, the next may
                last_act()

    def _begin(self, scene: str, *, reborn: bool) -> None:
        self._marks, self._log = Journal(self.folder / takes.FRAMES), Journal(self.folder / takes.LOG)
        if reborn:
            self.note({"event": f"The recorder was reborn; segment {self._number} begins."})
        else:
            write_atomically(self.folder / takes.SCENE, scene)
            self.note({"event": f"The take begins with {self._take.origin or 'an unnamed origin'}."})
        self._write_card()
        write_atomically(self.folder / BALLAST, bytes(BALLAST_BYTES))

    def _is_over(self, current: segment.Segment, frame: Frame) -> bool:
        seconds = (frame.stamp_ns - current.began_ns) / 1e9
        return seconds >= self._settings.segment or frame.pixels.shape != current.shape

    def _open(self, frame: Frame) -> segment.Segment:
        path = self.folder / segment.NAME.format(self._number)
        self._segment = segment.Segment(path, segment.CODECS[self._settings.codec], frame)
        self._index = 0
        self._write_card()
        return self._segment

    def _commit(self) -> None:
        """Say of the picture before this one that it is there."""
        if self._pending:
            mark, self._pending = self._pending, None
            self._marks.write(dataclasses.asdict(mark))
            self.frames += 1

    def _shelve(self) -> None:
        """Close the segment; the next picture opens another."""
        if self._segment is None:
            return
        closing, self._segment = self._segment, None
        try:
            closing.close()
            self._commit()
        finally:
            self._shelved_bytes += _size(closing.path)
            self._number += 1

    def _make_way(self) -> None:
        with contextlib.suppress(OSError):
            (self.folder / BALLAST).unlink(missing_ok=True)

    def _part(self, reason: str) -> None:
        self.note({"event": f"The take ends: {reason}"})
        self._take = dataclasses.replace(self._take, ended=datetime.now(UTC), reason=reason)
        self._write_card()

    def _write_card(self) -> None:
        self._take = dataclasses.replace(self._take, frames=self.frames, dropped=self.dropped)
        write_atomically(self.folder / takes.CARD, self._take.card())


def require_room(folder: Path, reserve_bytes: int) -> None:
    """Raises ``StorageError`` when less than ``reserve_bytes`` are left for the checkpoints."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise unwritable(folder, error) from error
    if free < reserve_bytes:
        raise StorageError(
            f"Only {free / 2**30:.2f} GiB are free where {folder} lies, and {reserve_bytes / 2**30:.2f} GiB are kept "
            "for the show itself: nothing more is recorded. Remove old takes or lower recording.reserve_bytes."
        )


def versions() -> dict[str, str]:
    """What a generation depends on besides the model: Python and the libraries that compute it or record it."""
    known = {"python": platform.python_version()}
    for name in DEPENDED_ON:
        with contextlib.suppress(metadata.PackageNotFoundError):
            known[name] = metadata.version(name)
    return known


def _card(beginning: Beginning) -> Take:
    """The card of the take in this folder, opened again, or a new one."""
    try:
        return dataclasses.replace(takes.load(beginning.folder), ended=None, reason="")
    except TakeError:
        told = {name: value for name, value in beginning.manifest.items() if name != "scene_text"}
        manifest = {"versions": versions(), **told}
        return takes.begun(beginning.folder, manifest, beginning.origin, datetime.now(UTC), time.monotonic_ns())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the disk is gone; that is said elsewhere
