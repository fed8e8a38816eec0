"""Published files appear when they are whole: written beside, flushed, renamed; or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from installation.errors import Refusal


class PublishError(Refusal):
    """A take that cannot be published, or a place where nothing can be, with the reason."""


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to; when all went well its file replaces ``path``, else it is removed.

    Disk errors become a ``PublishError``.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        _settle(beside, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill; when all went well it replaces ``path``, else it is removed with all that is in it.

    A folder cannot be renamed over a full one: the old one steps aside first, and comes back when the new one cannot
    take its place. Disk errors become a ``PublishError``.
    """
    beside, aside = path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.old")
    try:
        _clear(beside, aside)
        beside.mkdir(parents=True)
        yield beside
        _settle_folder(beside, aside, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        _clear(beside, aside)


def _unwritable(path: Path, error: OSError) -> PublishError:
    return PublishError(
        f"{path} cannot be written ({error.strerror or error}). Make room, or choose another folder with --out."
    )


def _settle(beside: Path, path: Path) -> None:
    _flush(beside)
    beside.replace(path)


def _settle_folder(beside: Path, aside: Path, path: Path) -> None:
    for file in sorted(beside.rglob("*")):
        if file.is_file():
            _flush(file)
    if path.exists():
        path.rename(aside)
    try:
        beside.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.rename(path)
        raise


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _clear(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
