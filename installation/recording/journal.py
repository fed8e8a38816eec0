"""A file of JSON lines that only grows: each line is out of our hands as soon as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from installation.machine.files import StorageError


class Journal:
    """One such file, open for appending. What a killed writer left unfinished stays on a line of its own."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises ``StorageError`` where nothing can be written."""
        self._path = path
        try:
            self._file = path.open("a+b")
            self._mend()
        except OSError as error:
            raise unwritable(path, error) from error

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line. Raises ``StorageError`` when the disk refuses, ``ValueError`` for what JSON cannot say."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)
        try:
            self._file.write(text.encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise unwritable(self._path, error) from error

    def close(self) -> None:
        """Close the file. Raises ``StorageError`` when something was still on its way to a full disk."""
        try:
            self._file.close()
        except OSError as error:
            raise unwritable(self._path, error) from error

    def _mend(self) -> None:
        if self._file.tell() == 0:
            return
        self._file.seek(-1, 2)
        if self._file.read(1) != b"\n":
            self._file.write(b"\n")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line, oldest first. Broken lines are left out: a killed writer breaks at most its last one."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for raw in file:
            line = _parse(raw)
            if isinstance(line, dict):
                yield line


def unwritable(path: Path, error: OSError) -> StorageError:
    """The sentence for a disk that refuses."""
    return StorageError(f"{path} cannot be written ({error.strerror or error}). Make room or choose another --state.")


def _parse(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:  # a torn line is no JSON, or no UTF-8
        return None
