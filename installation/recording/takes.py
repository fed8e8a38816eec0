"""Takes: what is on the disk, whether it was finished or cut off, and everything that can be read from it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from installation.errors import Refusal
from installation.recording import journal, segment
from installation.records import Frame, Generation, Message, Showing

SCHEMA = 1
FOLDER = "takes"
CARD, SCENE, LOG, FRAMES = "take.json", "scene.toml", "log.jsonl", "frames.jsonl"
LINEAGE = "lineage-{:03d}.safetensors"  # what each lineage that a take shows begins with, put there by the engine

Record = TypeVar("Record", Generation, Message)


class TakeError(Refusal):
    """A folder that is no take, or a take that cannot be used, with the reason."""


@dataclasses.dataclass(frozen=True, slots=True)
class Take:
    """A recording. ``manifest`` holds what the conductor knew when it began: model, digest, versions, settings.

    ``clock_ns`` is the machine's monotonic clock at ``started``: an ``at_ns`` less this is the time since then.
    """

    folder: Path
    title: str
    scene: str
    seed: int | None
    origin: str
    started: datetime
    clock_ns: int
    ended: datetime | None
    reason: str
    frames: int
    dropped: int
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name: date, time and scene."""
        return self.folder.name

    @property
    def status(self) -> Literal["complete", "cut off"]:
        """Whether the recorder came to write the end."""
        return "complete" if self.ended else "cut off"

    @property
    def total_bytes(self) -> int:
        """What the take occupies."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def card(self) -> str:
        """The text of ``take.json``."""
        said = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del said["folder"], said["title"], said["scene"], said["seed"]  # where it lies, and what the manifest says
        said["started"] = self.started.isoformat()
        said["ended"] = self.ended.isoformat() if self.ended else None
        return json.dumps({"schema": SCHEMA, **said}, indent=2, ensure_ascii=False, default=str) + "\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """A line about one picture: where it is (``segment``, its ``index`` and ``pts`` in milliseconds), what it shows.

    ``at_ns`` is on the engine's clock, as in the log.
    """

    frame: int
    segment: int
    index: int
    pts: int
    generation: int
    phase: Showing
    temperature: float
    at_ns: int


def new_folder(state: Path, scene: str, now: datetime, given: Collection[str] = ()) -> Path:
    """Where the next take goes: ``takes/2026-11-23T14-05-09-machine-dementia``; numbered when there is one already.

    ``given``: names that were given away before and may not be there yet, since the recorder makes the folders.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", scene.lower()).strip("-") or "untitled"
    wanted = state / FOLDER / f"{now:%Y-%m-%dT%H-%M-%S}-{slug}"
    folder, number = wanted, 1
    while folder.name in given or folder.exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def load(folder: Path) -> Take:
    """The take in a folder. Raises ``TakeError`` when there is none, or one of another time."""
    take = glance(folder)
    if take.ended:
        return take
    frames, dropped = map(max, (take.frames, take.dropped), _counted(folder))
    return dataclasses.replace(take, frames=frames, dropped=dropped)


def glance(folder: Path) -> Take:
    """The same as its card says it, without counting what lies in a take that is running or was cut off."""
    try:
        card = json.loads((folder / CARD).read_bytes())
    except OSError as error:
        raise TakeError(f"{folder} holds no take ({CARD}: {error.strerror}). See `burntout takes`.") from None
    except ValueError:
        raise TakeError(f"{folder / CARD} is damaged; its pictures may still be whole: frames-*.mkv.") from None
    if not isinstance(card, dict) or card.get("schema") != SCHEMA:
        raise TakeError(f"{folder / CARD} is not of schema {SCHEMA}; read it with the version that wrote it.")
    try:
        return _take(folder, card)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TakeError(f"{folder / CARD} is damaged ({error!r}); its pictures may still be whole.") from None


def begun(folder: Path, manifest: Mapping[str, Any], origin: str, now: datetime, clock_ns: int) -> Take:
    """A take that has just begun: nothing in it yet."""
    return Take(
        folder,
        **_told(manifest),
        origin=origin,
        started=now,
        clock_ns=clock_ns,
        ended=None,
        reason="",
        frames=0,
        dropped=0,
    )


def all_takes(state: Path) -> list[Take]:
    """Every take of a state folder, oldest first; whatever else lies there is passed over."""
    takes = []
    for folder in sorted((state / FOLDER).glob("*/")):
        try:
            takes.append(load(folder))
        except TakeError:
            continue
    return sorted(takes, key=lambda take: take.started)


def marks(folder: Path) -> list[Mark]:
    """The lines of all pictures that are safely in a segment of a folder, in the order they were shown."""
    return list(each_mark(folder))


def each_mark(folder: Path) -> Iterator[Mark]:
    """The same, one after the other: for takes too long to be held in memory."""
    lines = map(_mark, journal.read(folder / FRAMES))
    return (mark for mark in lines if mark is not None)


def frames(take: Take, wanted: set[int] | None = None) -> Iterator[Frame]:
    """Every picture of the take in order, or only those whose serials are ``wanted``.

    A segment that was cut off or damaged gives what it has; pictures without a line were never finished.
    """
    shelves: dict[int, dict[int, Mark]] = {}
    for mark in marks(take.folder):
        if wanted is None or mark.frame in wanted:
            shelves.setdefault(mark.segment, {})[mark.pts] = mark
    for number, shelf in sorted(shelves.items()):
        for pts, pixels in segment.pictures(take.folder / segment.NAME.format(number), shelf.keys()):
            mark = shelf[pts]
            yield Frame(mark.frame, mark.at_ns, mark.generation, mark.phase, mark.temperature, pixels)


def generations(take: Take) -> Iterator[Generation]:
    """Every generation in the log, oldest first."""
    return _logged(take, "generation", Generation)


def messages(take: Take) -> Iterator[Message]:
    """Every message in the log, oldest first: with seed and scene they make the performance."""
    for message in _logged(take, "message", Message):
        yield dataclasses.replace(message, arguments=tuple(message.arguments))


def _logged(take: Take, kind: str, record: type[Record]) -> Iterator[Record]:
    known = {field.name for field in dataclasses.fields(record)}
    for line in journal.read(take.folder / LOG):
        said = line.get(kind)
        if isinstance(said, dict):
            try:
                yield record(**{name: value for name, value in said.items() if name in known})
            except TypeError:
                continue  # a line of another version that lacks something


def _mark(line: Mapping[str, Any]) -> Mark | None:
    try:
        return Mark(**{field.name: line[field.name] for field in dataclasses.fields(Mark)})
    except KeyError:
        return None


def _take(folder: Path, card: Mapping[str, Any]) -> Take:
    ended = card["ended"]
    return Take(
        folder,
        **_told(dict(card["manifest"])),
        origin=str(card["origin"]),
        started=datetime.fromisoformat(card["started"]),
        clock_ns=int(card["clock_ns"]),
        ended=datetime.fromisoformat(ended) if ended else None,
        reason=str(card["reason"]),
        frames=int(card["frames"]),
        dropped=int(card["dropped"]),
    )


def _told(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest says, under the names of a take's fields."""
    title, scene = (str(manifest.get(name, "")) for name in ("title", "scene"))
    return {"manifest": manifest, "title": title, "scene": scene, "seed": manifest.get("seed")}


def _counted(folder: Path) -> tuple[int, int]:
    """Frames, and gaps in their serials, of a take whose end nobody wrote."""
    serials = [mark.frame for mark in marks(folder)]
    missing = serials[-1] - serials[0] + 1 - len(serials) if serials else 0
    return len(serials), max(missing, 0)
