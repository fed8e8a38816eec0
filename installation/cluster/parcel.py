"""A folder of files on its way between two machines that share no disk: in bounded pieces, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from installation.cluster.reach import ClusterError
from installation.machine.files import StorageError

PIECE_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Sheaf:
    """A file: its name below the folder, its SHA-256, and its pieces, which lie in the cluster's object store."""

    name: str
    digest: str
    pieces: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """A folder as it travels; ``digest`` names all that is in it. Its pieces are dropped when it is."""

    digest: str
    sheaves: tuple[Sheaf, ...]


def pack(folder: Path) -> Parcel:
    """All files of a folder and the folders in it, put into the object store piece by piece. Empty folders are not."""
    sheaves = tuple(_sheaf(folder, path) for path in sorted(folder.rglob("*")) if path.is_file())
    total = hashlib.sha256("".join(f"{each.digest}  {each.name}\n" for each in sheaves).encode())
    return Parcel(total.hexdigest(), sheaves)


def unpack(parcel: Parcel, into: Path) -> Path:
    """The folder as it was sent, under a name that is its own only when it is whole; a folder there is replaced.

    Raises ``ClusterError`` where a file came otherwise than it was sent or would lie elsewhere, ``StorageError``
    where there is no room, and Ray's own errors where the machine that holds the pieces is gone.
    """
    arriving = into.with_name(f".{into.name}.{secrets.token_hex(4)}")
    try:
        with _written(into):
            arriving.mkdir(parents=True)
            for sheaf in parcel.sheaves:
                _receive(sheaf, arriving)
            _replace(arriving, into)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
    return into


def _sheaf(folder: Path, path: Path) -> Sheaf:
    import ray

    digest, pieces = hashlib.sha256(), []
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            pieces.append(ray.put(piece))
    return Sheaf(path.relative_to(folder).as_posix(), digest.hexdigest(), tuple(pieces))


def _receive(sheaf: Sheaf, folder: Path) -> None:
    import ray

    name = PurePosixPath(sheaf.name)
    if name.is_absolute() or ".." in name.parts:
        raise ClusterError(f"A parcel holds {sheaf.name}, which would lie outside its folder. It is not unpacked.")
    path, digest = folder / name, hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for piece in sheaf.pieces:
            content = ray.get(piece)
            digest.update(content)
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != sheaf.digest:
        raise ClusterError(f"{sheaf.name} came otherwise than it was sent. Send it again.")


def _replace(arriving: Path, into: Path) -> None:
    gone = into.with_name(f".{into.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    if into.exists():
        into.rename(gone)
    arriving.rename(into)
    shutil.rmtree(gone, ignore_errors=True)


@contextlib.contextmanager
def _written(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{into} cannot be written ({error.strerror}). Make room or choose another place."
        ) from error
