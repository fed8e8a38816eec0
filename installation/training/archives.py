"""Files inside published archives: Debian packages, tarballs, wheels and zips, Qt resources, icon sets.

Every reader yields members one after the other, so that an archive is never unpacked onto the disk. A member's path
is its archive's name and the parts below it, joined by ``|``; icons of a set stand after ``#``.
"""

from __future__ import annotations

import functools
import io
import json
import lzma
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from installation.errors import Refusal

AR_MAGIC, AR_HEADER = b"!<arch>\n", struct.Struct("16s12s6s6s8s10s2s")
RCC_HEADER, RCC_NODE = struct.Struct(">4s4I"), {1: 14, 2: 22, 3: 22}
RCC_DEFLATED, RCC_FOLDER, RCC_ZSTD = 1, 2, 4
BOX = {"left": 0, "top": 0, "width": 16, "height": 16}  # an icon's, where its set does not say otherwise
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}">{body}</svg>'
IN_MEMORY = 2**26  # bytes of an archive within an archive before it goes to a temporary file
#: What a damaged archive makes its reader raise.
DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, struct.error, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, LookupError, ValueError, RuntimeError),
)


class ArchiveError(Refusal):
    """An archive that cannot be read, with the reason."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, to be opened before the next member is asked for."""

    path: str
    open: Callable[[], IO[bytes]]

    def read(self) -> bytes:
        """All of its bytes."""
        with self.open() as file:
            return file.read()


def members(archive: Path, name: str, inner: Callable[[str], bool] = lambda _: False) -> Iterator[Member]:
    """The files of an archive, its path beginning with ``name``, and of those archives in it that ``inner`` accepts.

    Raises ``ArchiveError`` for a kind of archive it cannot read and for a damaged one.
    """
    try:
        with archive.open("rb") as file:
            yield from _opened(file, archive.name, name, _Nesting(inner, archive.parent))
    except DAMAGE as error:
        raise ArchiveError(f"{archive} cannot be unpacked ({error}). Delete it and download it again.") from error


@dataclass(frozen=True, slots=True)
class _Nesting:
    """Which archives within an archive are opened, and the folder for the large ones meanwhile."""

    inner: Callable[[str], bool]
    folder: Path


def _opened(file: IO[bytes], suffixed: str, name: str, nesting: _Nesting) -> Iterator[Member]:
    reader = next((reader for suffix, reader in READERS.items() if suffixed.endswith(suffix)), None)
    if reader is None:
        raise ValueError(f"its name ends in none of {', '.join(READERS)}")
    joint = "#" if reader is _icons else "|"
    for path, opener in reader(file):
        member = Member(f"{name}{joint}{path.removeprefix('./').replace('/', '|')}", opener)
        if nesting.inner(member.path):
            yield from _within(member, nesting)
        else:
            yield member


def _within(member: Member, nesting: _Nesting) -> Iterator[Member]:
    """The files of an archive within an archive, which is copied out first: readers jump about in it."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(nesting.folder)) as copy, member.open() as packed:
        shutil.copyfileobj(packed, copy)
        copy.seek(0)
        yield from _opened(copy, member.path, member.path, nesting)


Found = Iterator[tuple[str, Callable[[], IO[bytes]]]]


def _deb(file: IO[bytes]) -> Found:
    """A Debian package: an ar archive (ar(5)) whose last member is a tarball of the files."""
    if file.read(len(AR_MAGIC)) != AR_MAGIC:
        raise ValueError("it does not begin like an ar archive")
    while header := file.read(AR_HEADER.size):
        name, *_, size, _ = AR_HEADER.unpack(header)
        if name.startswith(b"data.tar"):
            yield from _tar(io.BufferedReader(_Window(file, int(size))))
            return
        file.seek(int(size) + int(size) % 2, io.SEEK_CUR)
    raise ValueError("it holds no data.tar")


class _Window(io.RawIOBase):
    """The next ``size`` bytes of a file as a file of their own: decompressors choke on what follows them."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self.file.read(min(len(buffer), self.left))
        buffer[: len(chunk)] = chunk
        self.left -= len(chunk)
        return len(chunk)


def _tar(file: IO[bytes]) -> Found:
    """A tarball, however compressed, read from front to back; links are passed over."""
    with tarfile.open(fileobj=file, mode="r|*") as tar:
        for info in tar:
            if info.isfile():
                yield info.name, functools.partial(_extracted, tar, info)


def _extracted(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(info)
    if file is None:
        raise ValueError(f"{info.name} is no regular file")
    return file


def _zip(file: IO[bytes]) -> Found:
    """A zip archive: a wheel, a Sweet Home 3D library, a game's data."""
    with zipfile.ZipFile(file) as bundle:
        for info in bundle.infolist():
            if not info.is_dir():
                yield info.filename, functools.partial(bundle.open, info)


def _icons(file: IO[bytes]) -> Found:
    """An icon set of Iconify: bodies of SVG pictures with the box they stand in, by name."""
    told = json.load(file)
    for name, icon in told["icons"].items():
        box = [{**told, **icon}.get(key, default) for key, default in BOX.items()]
        svg = SVG.format(box=" ".join(map(str, box)), body=icon["body"])
        yield name, functools.partial(io.BytesIO, svg.encode())


def _rcc(file: IO[bytes]) -> Found:
    """Qt's compiled resources: a tree of nodes over a pool of names and one of data (rcc.cpp, versions 1 to 3)."""
    data = file.read()
    magic, version, tree, payload, names = RCC_HEADER.unpack_from(data)
    if magic != b"qres" or version not in RCC_NODE:
        raise ValueError("it does not begin like Qt resources")
    yield from _Resources(data, tree, payload, names, RCC_NODE[version]).below(0, "")


@dataclass(frozen=True, slots=True)
class _Resources:
    """Offsets into a file of Qt resources, and the bytes a node takes."""

    data: bytes
    tree: int
    payload: int
    names: int
    node: int

    def below(self, index: int, folder: str) -> Found:
        """The files below a node, which come after it."""
        flags, first, second = struct.unpack_from(">HII", self.data, self.tree + index * self.node + 4)
        path = f"{folder}/{self.name(index)}".strip("/") if index else ""
        if flags & RCC_FOLDER:
            for child in range(second, second + first):
                if child <= index:
                    raise ValueError("its tree of resources is a ring")
                yield from self.below(child, path)
        elif not flags & RCC_ZSTD:  # pictures are stored as they are, and text, which we do not want, is deflated
            yield path, functools.partial(self.open, second, flags)

    def name(self, index: int) -> str:
        (offset,) = struct.unpack_from(">I", self.data, self.tree + index * self.node)
        (length,) = struct.unpack_from(">H", self.data, self.names + offset)
        begin = self.names + offset + 6  # a length and a hash stand before the letters
        return self.data[begin : begin + 2 * length].decode("utf-16-be")

    def open(self, offset: int, flags: int) -> IO[bytes]:
        (length,) = struct.unpack_from(">I", self.data, self.payload + offset)
        begin = self.payload + offset + 4
        stored = self.data[begin : begin + length]
        return io.BytesIO(zlib.decompress(stored[4:]) if flags & RCC_DEFLATED else stored)


#: By the end of an archive's name.
READERS: Mapping[str, Callable[[IO[bytes]], Found]] = {
    ".deb": _deb,
    ".tgz": _tar,
    ".tar.gz": _tar,
    ".whl": _zip,
    ".zip": _zip,
    ".sh3f": _zip,
    ".rcc": _rcc,
    "icons.json": _icons,
}
