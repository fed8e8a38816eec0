"""What ember learns from: pictures from a folder or from zip archives, decoded once into memory as 8-bit pixels."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import logging
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Pillow

from installation.errors import Refusal
from installation.images import FORMATS
from installation.training.captions import caption, vocabulary
from installation.training.composition import Exhibit, compose

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.training.composition import Picture, Shelf

log = logging.getLogger(__name__)

MANIFEST = "manifest.jsonl"
SUFFIXES = (".webp", ".png", ".jpg", ".jpeg", ".bmp")
LONGEST = 512  # pixels a side kept in memory: twice what ember paints
HELD_OUT = 50  # one original in so many is never trained on
MOST = {"ico": 1500, "svg": 800, "render": 4000}  # files of a kind: they are alike, and memory is finite
UNFREE = ("GPL", "GFDL", "FAL", "see copyright")


class CorpusError(Refusal):
    """Pictures that cannot be learnt from, with the reason."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file not yet read: its kind, the path of its original, its source for the thanks, and how to read it."""

    kind: str
    original: str
    source: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pictures by kind (photo, tex, art, cut, render, ico, svg), each H x W x 3 or 4 uint8, alpha last."""

    taught: Shelf
    held: Shelf
    sources: Mapping[str, int]  # files used, by package and licence: who is to be thanked
    damaged: int = 0  # files that could not be read
    digest: str = ""  # BLAKE2b-128 over the names and contents of all files that were read

    def draw(self, size: int, rng: Generator) -> Exhibit:
        """A size x size x 3 training picture: a photograph, a composite, a painting, a render or an emoji."""
        return compose(self.taught, size, rng)

    def by_word(self, words: Iterable[str], least: int = 1) -> dict[str, list[tuple[str, Exhibit]]]:
        """For each of some words the pictures that it is said of, with their kinds; words of fewer are left out."""
        found: dict[str, list[tuple[str, Exhibit]]] = {word: [] for word in words}
        for kind, exhibits in self.taught.items():
            for exhibit in exhibits:
                for word in found.keys() & set(exhibit.words):
                    found[word].append((kind, exhibit))
        return {word: shown for word, shown in found.items() if len(shown) >= least}

    def vocabulary(self) -> tuple[str, ...]:
        """The words that are said often enough to be learnt, the commonest first."""
        return vocabulary(exhibit.words for exhibits in self.taught.values() for exhibit in exhibits)


def read_corpus(source: Path, keep_out: Iterable[str] = ()) -> Corpus:
    """Read a folder of pictures, or a folder of zips with a ``manifest.jsonl`` that says kind and licence of each file.

    Originals whose path contains a word of ``keep_out`` are held out, besides one in 50 chosen by its name; damaged
    pictures are left out. Raises ``CorpusError`` when no picture is found.
    """
    entries = list(_from_zips(source) if (source / MANIFEST).is_file() else _from_folder(source))
    with ThreadPoolExecutor(max_workers=2) as pool:
        decoded = list(zip(entries, pool.map(_decode, entries), strict=True))
    words, sources = tuple(keep_out), Counter[str]()
    taught: dict[str, list[Exhibit]] = {}
    everything = hashlib.blake2b(digest_size=16)
    held: dict[str, list[Exhibit]] = {}
    for entry, (picture, content) in decoded:
        everything.update(entry.original.encode() + content)
        if picture is not None:
            shelf = held if _is_held(entry.original, words) else taught
            shelf.setdefault(entry.kind, []).append(Exhibit(picture, caption(entry.original)))
            sources[entry.source] += 1
    if not taught:
        raise CorpusError(
            f"{source}: no pictures here. Give a folder of {', '.join(SUFFIXES)} files or of zips of them."
        )
    damaged = sum(picture is None for _, (picture, _) in decoded)
    return Corpus(taught, held, sources, damaged, everything.hexdigest())


def may_teach(licence: str | None, *, permissive: bool) -> bool:
    """Whether a file's licence lets its picture teach weights published under CC-BY-SA-4.0.

    Everything marked permissive, and Creative Commons or public domain; never where only the GPL, the GFDL, the Free
    Art Licence or nothing is sure.
    """
    if permissive:
        return True
    named = licence or ""
    return ("CC-BY" in named or "PD" in named) and not any(word in named for word in UNFREE)


def _is_held(path: str, keep_out: tuple[str, ...]) -> bool:
    chosen = int(hashlib.blake2b(path.encode(), digest_size=4).hexdigest(), 16) % HELD_OUT == 0
    return chosen or any(word in path for word in keep_out)


def _from_folder(source: Path) -> Iterator[_Entry]:
    for file in sorted(file for file in source.rglob("*") if file.suffix.lower() in SUFFIXES):
        yield _Entry("photo", file.name, source.name, file.read_bytes)


def _from_zips(source: Path) -> Iterator[_Entry]:
    """What may be learnt from in zips, as their manifest describes it, at most so many of each kind."""
    members = _members(source)
    counted = Counter[str]()
    for number, line in enumerate((source / MANIFEST).read_text(encoding="utf-8").splitlines(), 1):
        try:
            told = json.loads(line)
            kind, licence, original = told["kind"], told["lic"], told["path"]
            usable = told["file"] in members and may_teach(licence, permissive=told["perm"])
            entry = _Entry(kind, original, f"{told['src']} ({licence})", members[told["file"]]) if usable else None
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"{source / MANIFEST}, line {number}: {error!r}. Give kind, lic, path, file, perm and src."
            ) from error
        counted[kind] += usable
        if entry and counted[kind] <= MOST.get(kind, len(members)):
            yield entry


def _members(source: Path) -> dict[str, Callable[[], bytes]]:
    """Readers of all files in the zips of a folder, by name."""
    members: dict[str, Callable[[], bytes]] = {}
    for file in sorted(source.glob("*.zip")):
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise CorpusError(f"{file}: no zip archive, or a damaged one ({error}). Copy it again.") from error
        members |= {name: functools.partial(archive.read, name) for name in archive.namelist()}
    return members


def _decode(entry: _Entry) -> tuple[Picture | None, bytes]:
    """The pixels and the digest of the file.

    Nothing for pixels when it is damaged: one bad picture in twenty thousand is no reason to stop.
    """
    content = b""
    try:
        content = entry.read()
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as picture:
            decoded = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, EOFError, zipfile.BadZipFile, Pillow.DecompressionBombError) as error:
        log.warning("%s left out of the corpus: %s", entry.original, error)
        return None, _fingerprint(content)
    decoded.thumbnail((LONGEST, LONGEST), Pillow.Resampling.LANCZOS)
    return np.asarray(decoded), _fingerprint(content)


def _fingerprint(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
