"""Published files appear when they are whole: written beside, flushed, renamed; or not at all."""

from __future__ import annotations

import contextlib
import os
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
        raise PublishError(
            f"{path} cannot be written ({error.strerror or error}). Make room, or choose another folder with --out."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _settle(beside: Path, path: Path) -> None:
    with beside.open("r+b") as file:
        os.fsync(file.fileno())
    beside.replace(path)
