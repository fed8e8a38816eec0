"""The shelf: the takes of this machine and what was published of each, as the page shows them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from installation.knobs import nearest
from installation.machine.files import StorageError
from installation.recording import budget, segment, takes
from installation.recording.takes import Take, TakeError

PREVIEWS = "previews"  # a folder beside the takes; what is in it can be made again
SIDECAR, GONE = ".json", ".gone"  # what follows an edition's name: what it says of itself, what is being deleted
TAR = ".tar"  # what follows an edition's name where it is a folder that is sent in one piece
PLAYED, SHOWN = {".mp4"}, {".png", ".apng", ".gif", ".webp"}  # by browsers

Shown = Literal["film", "picture", ""]


@dataclass(frozen=True, slots=True)
class Edition:
    """Something that was published: as which form, its file or folder, how a browser shows it, as what it is sent."""

    form: str
    file: str
    total_bytes: int
    shown: Shown
    sent: str


def listed(state: Path, running: Path | None, now: float) -> list[dict[str, Any]]:
    """Every take, the newest first; ``running`` is the folder of the one being recorded, ``now`` seconds since 1970."""
    found = [take for folder in (state / takes.FOLDER).glob("*/") if (take := _readable(folder))]
    _sweep(state, {take.name for take in found})
    told = []
    for take in sorted(found, key=lambda take: take.started, reverse=True):
        with contextlib.suppress(FileNotFoundError):  # somebody is deleting it
            told.append(_listed(take, now, is_running=take.folder == running))
    return told


def find(name: str, state: Path) -> Take:
    """A take by its name: what comes over a wire is a name, never a path. Raises ``TakeError`` with the nearest."""
    known = {folder.name: folder for folder in (state / takes.FOLDER).glob("*/")}
    if name not in known:
        raise TakeError(f"There is no take {name[:80]!r}.{nearest(name[:80], known)}")
    return takes.glance(known[name])


def editions(take: Take) -> Iterator[Edition]:
    """What was published of a take, beside it."""
    from installation.publishing import FORMS  # looks into numpy and its like, which the tick need not wait for

    name = take.folder.resolve().name  # what every edition's name begins with, and no file of the take itself
    there = {path.name for path in take.folder.iterdir() if path.name.startswith(name)}
    for form in FORMS.values() if there else ():
        path = form.place(take, take.folder)
        if path.name in there:
            shown: Shown = "film" if path.suffix in PLAYED else "picture" if path.suffix in SHOWN else ""
            yield Edition(form.name, path.name, _size(path), shown, path.name + (TAR if path.is_dir() else ""))


def edition(take: Take, sent: str) -> Path:
    """The file, or the folder, that is sent as this. Raises ``TakeError`` where nothing of that name was published."""
    for each in editions(take):
        if sent == each.sent:
            return take.folder / each.file
    raise TakeError(f"Nothing of {take.name} is called {sent[:80]!r}.")


def withdraw(take: Take, sent: str) -> None:
    """Delete one edition with its sidecar: what is sent as this. The take stays, and can be published again.

    Raises ``TakeError`` where nothing of that name was published and for a protected take, ``StorageError``.
    """
    path = edition(take, sent)
    _require_unprotected(take)
    try:
        for each in (path, path.with_name(path.name + SIDECAR)):
            if each.exists():
                each.rename(each.with_name(f".{each.name}{GONE}"))  # at once: whatever comes between, no half is left
        for gone in take.folder.glob(f".*{GONE}"):
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    except OSError as error:
        raise StorageError(f"{path} cannot be deleted ({error.strerror}). Look at its folder.") from error


def protect(take: Take, *, wanted: bool) -> None:
    """Let a take be kept from being deleted, or no more. Raises ``StorageError``."""
    mark = take.folder / budget.KEEP
    try:
        mark.touch() if wanted else mark.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{mark} cannot be written ({error.strerror}).") from error


def delete(take: Take, state: Path) -> None:
    """Delete a take with all its editions. Raises ``TakeError`` for one that is protected, ``StorageError``."""
    _require_unprotected(take)
    try:
        budget.discard(state, [take.folder])
    except OSError as error:
        raise StorageError(f"{take.name} cannot be deleted ({error.strerror}). Look at its folder.") from error


def _require_unprotected(take: Take) -> None:
    if (take.folder / budget.KEEP).exists():
        raise TakeError(f"{take.name} is protected. Lift that first.")


def preview(take: Take, state: Path) -> Path:
    """Where the small pictures of a take are, once somebody has made them."""
    return state / PREVIEWS / f"{take.name}.jpg"


def _listed(take: Take, now: float, *, is_running: bool) -> dict[str, Any]:
    published = list(editions(take))
    total = sum(file.stat().st_size for file in take.folder.glob(segment.PATTERN))
    return {
        "name": take.name,
        "title": take.title or take.scene or take.name,
        "scene": take.scene,
        "started": take.started.timestamp(),
        "seconds": max((now if is_running else _end(take)) - take.started.timestamp(), 0.0),
        "bytes": total + sum(each.total_bytes for each in published),
        "status": "running" if is_running else take.status,
        "reason": take.reason,
        "dropped": take.dropped,
        "protected": (take.folder / budget.KEEP).exists(),
        "editions": [asdict(each) for each in published],
    }


def _end(take: Take) -> float:
    """When it ended, in seconds since 1970; one that was cut off when its last picture was written."""
    if take.ended:
        return take.ended.timestamp()
    written = [file.stat().st_mtime for file in take.folder.glob(segment.PATTERN)]
    return max(written, default=take.started.timestamp())


def forms() -> list[dict[str, Any]]:
    """Everything that a take can be published as, the usual first.

    Whether this machine can make it is found out when it is asked.
    """
    from installation.publishing import DEFAULT, FORMS

    known = [{"name": form.name, "doc": form.doc, "usual": form.name in DEFAULT} for form in FORMS.values()]
    return sorted(known, key=lambda form: (not form["usual"], form["doc"]))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _readable(folder: Path) -> Take | None:
    try:
        return takes.glance(folder)
    except TakeError:
        return None


def _sweep(state: Path, known: set[str]) -> None:
    """Forget the pictures of takes that are gone."""
    for path in (state / PREVIEWS).glob("*.jpg"):
        if path.stem not in known:
            path.unlink(missing_ok=True)


def utc_now() -> float:
    """Now, in seconds since 1970."""
    return datetime.now(UTC).timestamp()
