"""What each package gave to the corpus: its zips of pictures, its manifest lines, and the thanks for them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from installation.machine.files import write_atomically
from installation.training.corpus import MANIFEST

if TYPE_CHECKING:
    from installation.training.recipe import Package, Recipe

PIECE = 63 * 2**20  # bytes of pictures in one zip, which so stays under 64 MiB with its directory
FORMAT = 1  # of the parts: a new number makes old ones be gathered again
PARTS, NOTICES, CREDITS = "parts", "licences", "CREDITS.md"


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of the corpus: a line of its manifest."""

    file: str
    src: str
    kind: str
    lic: str
    perm: bool
    path: str
    crop: str


@dataclass(frozen=True, slots=True)
class Part:
    """The pictures of one package, and how many of its files were left out and why."""

    entries: tuple[Entry, ...]
    left_out: Mapping[str, int]


class Pieces:
    """The zips of one package while they are written: they appear together when all went well, or not at all."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.begun: list[Path] = []
        self.zip: zipfile.ZipFile | None = None
        self.filled = 0

    def add(self, file: str, data: bytes) -> None:
        """One more picture, in a new zip where the last one is full."""
        if self.zip is None or self.filled + len(data) > PIECE:
            self._begin()
        assert self.zip is not None  # noqa: S101 - just begun
        self.zip.writestr(file, data)
        self.filled += len(data) + 2 * len(file) + 128  # what zip keeps of a file: two headers and its name in each

    def _begin(self) -> None:
        self._close()
        self.begun.append(self.folder / f"{self.name}-{len(self.begun):02}.zip.part")
        self.zip, self.filled = zipfile.ZipFile(self.begun[-1], "w"), 0

    def _close(self) -> None:
        if self.zip is not None:
            self.zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._close()
        if kind is None:
            for old in self.folder.glob(f"{self.name}-[0-9][0-9].zip"):
                old.unlink()
        for piece in self.begun:
            piece.replace(piece.with_suffix("")) if kind is None else piece.unlink()


def part_file(folder: Path, package: Package, side: int) -> Path:
    """Where a package's part is kept: by all that the recipe says of it, so that another recipe gathers it again."""
    said = f"{FORMAT} {side} {package.model_dump_json()}"
    return folder / PARTS / f"{package.name}-{hashlib.blake2b(said.encode(), digest_size=6).hexdigest()}.json"


def read_part(file: Path) -> Part | None:
    """A part that was gathered before, or nothing."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(file.read_text(encoding="utf-8"))
        return Part(tuple(Entry(**entry) for entry in told["entries"]), told["left_out"])
    return None


def write_part(file: Path, part: Part) -> None:
    """Keep a part; what an earlier recipe made of the same package goes."""
    write_atomically(file, json.dumps(asdict(part)))
    for old in file.parent.glob(f"{file.stem.rpartition('-')[0]}-{'[0-9a-f]' * 12}.json"):
        if old != file:
            old.unlink()


def write_manifest(folder: Path, parts: Iterable[Part]) -> None:
    """The manifest that ``read_corpus`` reads: one line of JSON for each picture."""
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for part in parts for entry in part.entries]
    write_atomically(folder / MANIFEST, "".join(f"{line}\n" for line in lines))


def write_credits(folder: Path, recipe: Recipe, parts: Mapping[str, Part]) -> None:
    """Who is to be thanked: every source with its package, licence and number of pictures, in a Markdown table."""
    rows = [row for package in recipe.package if package.name in parts for row in _thanks(package, parts[package.name])]
    addresses = [
        f"- {package.name} {package.version}: <{recipe.address(package)}>, sha256 `{package.sha256}`"
        for package in recipe.package
        if package.name in parts
    ]
    write_atomically(
        folder / CREDITS,
        "# What this corpus was gathered from\n\n"
        f"The packages' own notices, which name their authors file by file, are in `{NOTICES}/`.\n\n"
        "| source | kind | pictures | licence | package |\n| --- | --- | --- | --- | --- |\n"
        + "".join(f"{row}\n" for row in rows)
        + "\n## Packages\n\n"
        + "".join(f"{line}\n" for line in addresses),
    )


def _thanks(package: Package, part: Part) -> Iterator[str]:
    counts = Counter((entry.src, entry.kind, entry.lic) for entry in part.entries)
    for (src, kind, licence), count in counts.items():
        yield f"| {src} | {kind} | {count} | {licence} | {package.name} {package.version} |"
