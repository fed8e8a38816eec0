"""The sums of a model's files, as ``sha256sum`` writes and checks them: recorded when it came, compared ever after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from installation.machine.files import write_atomically
from installation.restorers.protocol import ModelError

NAME = "SHA256SUMS"
FIELDS = 2  # of a line: a sum and a name


def record(folder: Path, names: Iterable[str]) -> None:
    """Write down the sums of some files of a folder. Raises ``ModelError`` or ``StorageError``."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(names)]
    write_atomically(folder / NAME, "".join(lines))


def verify(folder: Path) -> int:
    """Compare every file that is listed; how many there are. Raises ``ModelError`` for the first that is another."""
    try:
        lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / NAME}: cannot be read ({error}). Add the model again.") from error
    listed = [line.split(maxsplit=1) for line in lines]
    if not listed or any(len(line) != FIELDS for line in listed):
        raise ModelError(f"{folder / NAME}: not a list of sums and names. Add the model again.")
    for told, name in listed:
        if sha256(folder / name) != told:
            raise ModelError(f"{folder / name}: not the file that was downloaded. Add the model again.")
    return len(listed)


def sha256(file: Path) -> str:
    """The SHA-256 of a file, hexadecimal. Raises ``ModelError`` when it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file}: missing or unreadable ({error.strerror}). Add the model again.") from error
