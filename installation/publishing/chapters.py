"""The chapters of a take that is being made: a killed process goes on between two of them; nothing is lost or doubled.

At the end of a chapter everything is on the disk, with a bookmark: what is done, and the lineage as it stands. What was
written after the last bookmark is cut off when the folder is opened again. Where a chapter ends depends on the
performance alone, so that the files are the same, byte for byte, however often the work was interrupted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.images import to_pixels
from installation.loop.lineage import Lineage, LineageError, from_bytes, to_bytes
from installation.machine.files import StorageError, require_writable, write_atomically
from installation.publishing.beside import Beside
from installation.recording import segment
from installation.recording.journal import Journal, unwritable
from installation.recording.takes import CARD, FRAMES, LOG, Mark, Take
from installation.recording.writing import require_room
from installation.records import Frame

if TYPE_CHECKING:
    from installation.machine.settings import RecordingSettings
    from installation.records import Image, Showing

BOOKMARK = "bookmark"
SECONDS = 60.0  # of the performance: what a kill may cost


class Chapters:
    """A folder that becomes a take. ``lineage`` and ``kept`` are the last bookmark's; None and {} where it begins.

    ``shown_ns`` is the time of the last picture. Everything raises ``StorageError`` as soon as the disk refuses.
    """

    def __init__(self, folder: Path, under: Mapping[str, Any], settings: RecordingSettings) -> None:
        """Open a folder; what was made ``under`` other conditions is thrown away, and begun afresh."""
        self.folder, self._under, self._settings = folder, json.loads(json.dumps(under)), settings
        self.kept, self.lineage = self._recalled()
        self._require_folder()
        placed = self.kept.get("placed", {})
        self.shown_ns, self._frames, self._number = (placed.get(each, 0) for each in ("shown_ns", "frames", "segment"))
        self._cut_off(placed)
        self._log, self._marks = Journal(folder / LOG), Journal(folder / FRAMES)
        self._beside = Beside()
        self._segment: segment.Segment | None = None  # this one and its pictures' index belong to the thread beside
        self._index = 0
        self._shape: tuple[int, ...] = ()
        self._began_ns: int | None = None  # of the segment to which the last picture belongs

    @property
    def due(self) -> bool:
        """Whether the chapter is long enough."""
        return self._began_ns is not None and self.shown_ns - self._began_ns >= SECONDS * 1e9

    def show(self, image: Image, at_ns: int, generation: int, phase: Showing, temperature: float) -> None:
        """Write one picture, in a new segment when the pictures change size. ``at_ns``: since the machine began.

        It is encoded beside the caller, who goes on meanwhile; a disk that refuses is heard of a few pictures later.
        """
        self._frames += 1
        frame = Frame(self._frames, at_ns, generation, phase, temperature, to_pixels(image))
        if self._began_ns is None or frame.pixels.shape != self._shape:
            self._shape, self._began_ns = frame.pixels.shape, at_ns
        self.shown_ns = at_ns
        self._beside.do(self._write, frame)

    def note(self, line: Mapping[str, Any]) -> None:
        """Write a line of the log."""
        self._log.write(line)

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file with the take."""
        write_atomically(self.folder / name, content)

    def copy(self, path: Path) -> None:
        """Keep a copy of a file, where there is one."""
        try:
            self.keep(path.name, path.read_bytes())
        except FileNotFoundError:
            return
        except OSError as error:
            raise unwritable(path, error) from error

    def turn(self, lineage: Lineage, **kept: object) -> None:
        """End the chapter: whoever opens the folder again finds this lineage, and what is ``kept``, in JSON's words."""
        self._shelve()
        require_room(self.folder, self._settings.reserve_bytes)
        placed = {
            "shown_ns": self.shown_ns, "frames": self._frames, "segment": self._number,
            "bytes": {name: _flushed(self.folder / name) for name in (LOG, FRAMES)},
        }  # fmt: skip
        said = json.dumps({"under": self._under, "placed": placed, **kept}, default=str)
        write_atomically(self.folder / BOOKMARK, said.encode() + b"\n" + to_bytes(lineage))

    def close(self) -> None:
        """Let go of the files. What is not on the disk yet is behind the bookmark, and not missed."""
        for last_act in (self._beside.close, self._close_segment, self._log.close, self._marks.close):
            with contextlib.suppress(StorageError):
                last_act()

    def end(self, take: Take, manifest: Mapping[str, Any], reason: str = "Restaged to its end.") -> None:
        """Finish all files, and write the card last. Of the clock on the wall it knows only when the take began."""
        self._shelve()
        for name in (LOG, FRAMES):
            _flushed(self.folder / name)
        card = dataclasses.replace(
            take,
            manifest=manifest,
            ended=take.started + timedelta(microseconds=(self.shown_ns - take.clock_ns) // 1000),
            reason=reason,
            frames=self._frames,
            dropped=0,
        )
        write_atomically(self.folder / CARD, card.card())
        (self.folder / BOOKMARK).unlink(missing_ok=True)

    def _write(self, frame: Frame) -> None:
        if self._segment is not None and frame.pixels.shape != self._segment.shape:
            self._close_segment()
        current = self._segment or self._open(frame)
        pts = current.write(frame)
        mark = Mark(
            frame.serial, self._number, self._index, pts, frame.generation, frame.phase, frame.temperature,
            frame.stamp_ns,
        )  # fmt: skip
        self._marks.write(dataclasses.asdict(mark))
        self._index += 1

    def _open(self, frame: Frame) -> segment.Segment:
        path = self.folder / segment.NAME.format(self._number)
        self._segment = segment.Segment(path, segment.CODECS[self._settings.codec], frame, segment.ALIKE)
        self._index = 0
        return self._segment

    def _shelve(self) -> None:
        """Close the segment with all its pictures; the next one opens another."""
        self._beside.settle()
        self._close_segment()
        self._began_ns = None

    def _close_segment(self) -> None:
        if self._segment is not None:
            done, self._segment, self._number = self._segment, None, self._number + 1
            done.close()
            _flushed(done.path)

    def _recalled(self) -> tuple[dict[str, Any], Lineage | None]:
        """The bookmark, if there is one that was laid under the same conditions and is whole."""
        try:
            said, _, rest = (self.folder / BOOKMARK).read_bytes().partition(b"\n")
            kept = json.loads(said)
            return (kept, from_bytes(rest)) if kept["under"] == self._under else ({}, None)
        except (OSError, ValueError, KeyError, LineageError):
            return {}, None

    def _require_folder(self) -> None:
        if self.lineage is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        require_writable(self.folder)
        require_room(self.folder, self._settings.reserve_bytes)

    def _cut_off(self, placed: Mapping[str, Any]) -> None:
        """Whatever was written after the bookmark."""
        try:
            for name, length in placed.get("bytes", {}).items():
                os.truncate(self.folder / name, length)
            for path in self.folder.glob(segment.PATTERN):
                if int(path.stem.removeprefix(segment.STEM)) >= self._number:
                    path.unlink()
        except OSError as error:
            raise unwritable(self.folder, error) from error


def _flushed(path: Path) -> int:
    """Have the disk remember a file; how many bytes it has."""
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            return file.seek(0, os.SEEK_END)
    except OSError as error:
        raise unwritable(path, error) from error
