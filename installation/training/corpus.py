"""What ember learns from: pictures from a folder or from zip archives, and the scenes composed of them.

Everything is decoded once into memory as 8-bit pixels. Cut-outs pasted over backgrounds with a soft shadow never run
out: that is what makes a small corpus enough.
"""

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
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow

from installation.errors import Refusal
from installation.images import FORMATS

if TYPE_CHECKING:
    from installation.randomness import Generator

    Picture = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

log = logging.getLogger(__name__)

MANIFEST = "manifest.jsonl"
SUFFIXES = (".webp", ".png", ".jpg", ".jpeg", ".bmp")
LONGEST = 512  # pixels a side kept in memory: twice what ember paints
HELD_OUT = 50  # one original in so many is never trained on
MOST = {"ico": 1500, "svg": 800, "render": 4000}  # files of a kind: they are alike, and memory is finite
SHADOW = 0.45  # opacity of a cast shadow
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

    taught: Mapping[str, list[Picture]]
    held: Mapping[str, list[Picture]]
    sources: Mapping[str, int]  # files used, by package and licence: who is to be thanked

    def draw(self, size: int, rng: Generator) -> Picture:
        """A size x size x 3 training picture: a photograph, a composite, a painting, a render or an emoji."""
        return compose(self.taught, size, rng)


def read_corpus(source: Path, keep_out: Iterable[str] = ()) -> Corpus:
    """Read a folder of pictures, or a folder of zips with a ``manifest.jsonl`` that says kind and licence of each file.

    Originals whose path contains a word of ``keep_out`` are held out, besides one in 50 chosen by its name; damaged
    pictures are left out. Raises ``CorpusError`` when no picture is found.
    """
    entries = list(_from_zips(source) if (source / MANIFEST).is_file() else _from_folder(source))
    with ThreadPoolExecutor(max_workers=2) as pool:
        decoded = list(zip(entries, pool.map(_decode, entries), strict=True))
    words, sources = tuple(keep_out), Counter[str]()
    taught: dict[str, list[Picture]] = {}
    held: dict[str, list[Picture]] = {}
    for entry, picture in decoded:
        if picture is not None:
            shelf = held if _is_held(entry.original, words) else taught
            shelf.setdefault(entry.kind, []).append(picture)
            sources[entry.source] += 1
    if not sources:
        raise CorpusError(
            f"{source}: no pictures here. Give a folder of {', '.join(SUFFIXES)} files or of zips of them."
        )
    return Corpus(taught, held, sources)


def may_teach(licence: str | None, *, permissive: bool) -> bool:
    """Whether a file's licence lets its picture teach weights published under CC-BY-SA-4.0.

    Everything marked permissive, and Creative Commons or public domain; never where only the GPL, the GFDL, the Free
    Art Licence or nothing is sure.
    """
    if permissive:
        return True
    named = licence or ""
    return ("CC-BY" in named or "PD" in named) and not any(word in named for word in UNFREE)


def compose(shelf: Mapping[str, list[Picture]], size: int, rng: Generator) -> Picture:
    """One picture of the mix, size x size x 3, flipped half of the time. Recipes without ingredients are left out."""
    able = [(share, paint) for share, needs, paint in RECIPES if all(shelf.get(kind) for kind in needs)]
    if not able:
        raise CorpusError("The corpus has neither photographs nor cut-outs.")
    shares = np.array([share for share, _ in able])
    picture = able[int(rng.choice(len(able), p=shares / shares.sum()))][1](shelf, size, rng)
    return picture[:, ::-1] if rng.random() < 0.5 else picture  # noqa: PLR2004 - half of the time


def crop(picture: Picture, size: int, rng: Generator) -> Picture:
    """A random square of a picture at a random scale: from the whole picture down to its own pixels."""
    import cv2

    short = min(picture.shape[:2])
    scale = np.exp(rng.uniform(np.log(size), np.log(max(short, size)))) / short
    width, height = (max(size, round(side * scale)) for side in (picture.shape[1], picture.shape[0]))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (width, height), interpolation=method) if scale != 1.0 else picture
    top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    return np.asarray(scaled[top : top + size, left : left + size, :3], dtype=np.uint8)


def paste(ground: Picture, cutout: Picture, rng: Generator) -> Picture:
    """A cut-out over a background of size x size, standing on its lower part, with a soft shadow."""
    import cv2

    size = ground.shape[0]
    scale = size * rng.uniform(0.45, 0.98) / max(cutout.shape[:2])
    width, height = (max(1, round(side * scale)) for side in (cutout.shape[1], cutout.shape[0]))
    small = cv2.resize(cutout, (width, height), interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC)
    left, top = rng.integers(size - width + 1), size - height - rng.integers(min(size // 8, size - height) + 1)
    layer = np.zeros((size, size, 4), np.float32)
    layer[top : top + height, left : left + width] = small
    return _over(ground, layer[..., :3], layer[..., 3:] / 255.0)


def _over(ground: Picture, colours: np.ndarray[Any, Any], alpha: np.ndarray[Any, Any]) -> Picture:
    import cv2

    size = ground.shape[0]
    cast = np.roll(alpha[..., 0], (size // 32, size // 42), axis=(0, 1))
    shade = SHADOW * cv2.GaussianBlur(cast, (0, 0), size / 42)[..., None]
    lit = ground * (1.0 - shade)
    mixed: Picture = np.rint(lit * (1.0 - alpha) + colours * alpha).astype(np.uint8)
    return mixed


def _photo(shelf: Mapping[str, list[Picture]], size: int, rng: Generator) -> Picture:
    return crop(_any(shelf, ("photo",), rng), size, rng)


def _art(shelf: Mapping[str, list[Picture]], size: int, rng: Generator) -> Picture:
    return crop(_opaque(_any(shelf, ("art",), rng)), size, rng)


def _composite(shelf: Mapping[str, list[Picture]], size: int, rng: Generator) -> Picture:
    ground = crop(_any(shelf, ("photo", "photo", "photo", "tex"), rng), size, rng)
    for _ in range(rng.integers(1, 3)):
        ground = paste(ground, _with_alpha(_any(shelf, ("cut", "render"), rng)), rng)
    return ground


def _on_gradient(kind: str) -> Callable[[Mapping[str, list[Picture]], int, Generator], Picture]:
    def paint(shelf: Mapping[str, list[Picture]], size: int, rng: Generator) -> Picture:
        return paste(_gradient(size, rng), _with_alpha(_any(shelf, (kind,), rng)), rng)

    return paint


#: Share of the mix, kinds it cannot do without, painter.
RECIPES: tuple[tuple[float, tuple[str, ...], Callable[[Mapping[str, list[Picture]], int, Generator], Picture]], ...] = (
    (0.40, ("photo",), _photo),
    (0.25, ("photo", "cut"), _composite),
    (0.20, ("art",), _art),
    (0.10, ("render",), _on_gradient("render")),
    (0.03, ("ico",), _on_gradient("ico")),
    (0.02, ("svg",), _on_gradient("svg")),
    (0.05, ("cut",), _on_gradient("cut")),
)


def _any(shelf: Mapping[str, list[Picture]], kinds: tuple[str, ...], rng: Generator) -> Picture:
    present = [kind for kind in kinds if shelf.get(kind)]
    pictures = shelf[present[int(rng.integers(len(present)))]]
    return pictures[int(rng.integers(len(pictures)))]


def _gradient(size: int, rng: Generator) -> Picture:
    """Two colours melting into each other from top to bottom."""
    ends = rng.uniform(0.0, 255.0, (2, 1, 1, 3))
    ramp = np.linspace(0.0, 1.0, size)[:, None, None]
    return np.broadcast_to(ends[0] + (ends[1] - ends[0]) * ramp, (size, size, 3)).astype(np.uint8)


def _with_alpha(picture: Picture) -> Picture:
    if picture.shape[2] == 4:  # noqa: PLR2004 - RGBA
        return picture
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def _opaque(picture: Picture) -> Picture:
    if picture.shape[2] == 3:  # noqa: PLR2004 - RGB
        return picture
    alpha = picture[..., 3:] / 255.0
    return np.rint(picture[..., :3] * alpha).astype(np.uint8)


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


def _decode(entry: _Entry) -> Picture | None:
    """The pixels, or nothing when the file is damaged: one bad picture in twenty thousand is no reason to stop."""
    try:
        with Pillow.open(io.BytesIO(entry.read()), formats=FORMATS) as picture:
            decoded = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, EOFError, zipfile.BadZipFile, Pillow.DecompressionBombError) as error:
        log.warning("%s left out of the corpus: %s", entry.original, error)
        return None
    decoded.thumbnail((LONGEST, LONGEST), Pillow.Resampling.LANCZOS)
    return np.asarray(decoded)
