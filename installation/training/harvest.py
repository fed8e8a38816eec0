"""Gather the corpus: download the recipe's packages, convert their pictures, and write zips with their manifest.

A package that is done stays done: after an interruption the same call goes on with the next one.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PIL import Image as Pillow

from installation.errors import Refusal
from installation.machine.files import require_writable, write_atomically
from installation.training.archives import DAMAGE, members
from installation.training.downloads import fetch
from installation.training.parts import (
    CREDITS,
    NOTICES,
    Entry,
    Part,
    Pieces,
    part_file,
    read_part,
    write_credits,
    write_manifest,
    write_part,
)
from installation.training.pictures import PassedOverError, convert
from installation.training.recipe import Package, Recipe, Take, read_recipe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    Told = Callable[[str], None]

log = logging.getLogger(__name__)

SIDE = 256  # pixels: what ember paints
AT_ONCE = 64  # pictures in memory
WORKERS = 2
DOWNLOADS = "downloads"
ROOM = 4  # times the largest package: its pictures, and an archive within it that is copied out meanwhile
#: What Pillow, resvg and the readers raise for a damaged picture.
BROKEN = (*DAMAGE, SyntaxError, Pillow.DecompressionBombError)


class HarvestError(Refusal):
    """A corpus that cannot be gathered here, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """A gathered corpus: its folder, its pictures by source, and the files left out by reason."""

    folder: Path
    pictures: Mapping[str, int]
    left_out: Mapping[str, int]

    def sentence(self) -> str:
        """What was gathered, for a person."""
        without = ", ".join(f"{count} {reason}" for reason, count in sorted(self.left_out.items()))
        return (
            f"{sum(self.pictures.values())} pictures from {len(self.pictures)} sources in {self.folder}; "
            f"left out: {without or 'nothing'}. Who is to be thanked stands in {CREDITS}."
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is still to be done, so that it can be said before it begins."""

    gathering: tuple[Package, ...]
    downloading: tuple[Package, ...]
    hosts: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        """What comes over the network, if nothing is resumed."""
        return sum(package.size_bytes for package in self.downloading)

    @property
    def room_bytes(self) -> int:
        """What the disk has to hold, generously."""
        return self.size_bytes + ROOM * max((package.size_bytes for package in self.gathering), default=0)

    def sentence(self) -> str:
        """What is going to happen, for a person."""
        if not self.downloading:
            return f"{len(self.gathering)} packages to convert; nothing to download."
        return (
            f"{len(self.gathering)} packages to convert, {len(self.downloading)} of them to download first: "
            f"{self.size_bytes / 1e6:.0f} MB from {', '.join(self.hosts)}. This is the only use of the network, and it "
            "may be interrupted: the same call goes on where it stopped."
        )


def harvest(
    out: Path,
    only: Collection[str] = (),
    *,
    mirrors: Mapping[str, str] | None = None,
    side: int = SIDE,
    recipe: Recipe | None = None,
    console: Console | None = None,
) -> Harvest:
    """Gather all packages of the recipe, or those named in ``only``, as a corpus in ``out``.

    ``mirrors`` gives other addresses of registries (``{"debian": "https://..."}``), ``side`` the longest side of a
    picture in pixels. Packages gathered before are kept, also with another ``only``. Raises a ``Refusal`` when there
    is no network, no room, or a file is not the one the recipe names.
    """
    recipe = (recipe or read_recipe()).mirrored(mirrors or {})
    made = plan(require_writable(out), recipe, only, side)
    _require_room(out, made)
    with _progress(made, console) as progress:
        progress.console.print(made.sentence(), highlight=False, soft_wrap=True)
        task = progress.add_task("", total=sum(package.size_bytes for package in made.gathering))
        for package in made.gathering:
            _gather(out, recipe, package, side, lambda text: progress.update(task, description=text))
            progress.advance(task, package.size_bytes)
    return _bound(out, recipe, side)


def plan(out: Path, recipe: Recipe, only: Collection[str] = (), side: int = SIDE) -> Plan:
    """What ``harvest`` would do with the same arguments."""
    gathering = tuple(package for package in recipe.chosen(only) if read_part(part_file(out, package, side)) is None)
    downloading = tuple(package for package in gathering if not (out / DOWNLOADS / package.file).is_file())
    hosts = tuple(dict.fromkeys(urlsplit(recipe.address(package)).netloc for package in downloading))
    return Plan(gathering, downloading, hosts)


def _require_room(out: Path, made: Plan) -> None:
    free = shutil.disk_usage(out).free
    if free < made.room_bytes:
        raise HarvestError(
            f"{out} has {free / 1e9:.1f} GB free and {made.room_bytes / 1e9:.1f} GB are needed. "
            "Make room, choose another folder, or gather fewer packages with --only."
        )


def _progress(made: Plan, console: Console | None) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, console=console or Console(quiet=True), disable=not made.gathering)


def _gather(out: Path, recipe: Recipe, package: Package, side: int, tell: Told) -> None:
    """Download one package, convert its pictures, keep them with its notices."""

    def arrived(count: int) -> None:
        tell(f"{package.name}: {count / 1e6:.0f} of {package.size_bytes / 1e6:.0f} MB")

    url, archive = recipe.address(package), out / DOWNLOADS / package.file
    fetch(url, archive, package.size_bytes, package.sha256, arrived)
    left_out, notices = Counter[str](), dict[str, bytes]()
    wanted = _wanted(archive, package, notices, left_out)
    with Pieces(out, package.name) as pieces:
        entries = tuple(_packed(_converted(wanted, side, left_out), pieces, left_out, tell))
    text = b"".join(b"== %s\n\n%s\n\n" % (path.encode(), notice) for path, notice in notices.items())
    write_atomically(out / NOTICES / f"{package.name}.txt", text)
    write_part(part_file(out, package, side), Part(entries, dict(left_out)))


@dataclass(frozen=True, slots=True)
class _Found:
    """A file that is wanted: where it lay, what it is taken as, and its bytes."""

    path: str
    take: Take
    data: bytes


def _wanted(archive: Path, package: Package, notices: dict[str, bytes], left_out: Counter[str]) -> Iterator[_Found]:
    """The pictures of a package as they come; its notices are put aside."""
    inner = package.inner.search if package.inner else lambda _: None
    for member in members(archive, package.name, lambda path: bool(inner(path))):
        take = package.wanted(member.path)
        if take is None and not package.notices.search(member.path):
            continue
        try:
            data = member.read()
        except BROKEN as error:
            log.warning("%s left out of the corpus: %s", member.path, error)
            left_out["broken"] += 1
            continue
        if take is None:
            notices[member.path] = data
        else:
            yield _Found(member.path, take, data)


def _converted(
    wanted: Iterable[_Found], side: int, left_out: Counter[str]
) -> Iterator[tuple[_Found, list[tuple[str, bytes]]]]:
    """Pictures with their crops, two at a time, in the archive's order; the rest is counted."""
    waiting = iter(wanted)
    with ThreadPoolExecutor(WORKERS) as pool:
        while batch := list(itertools.islice(waiting, AT_ONCE)):
            for found, (crops, reason) in zip(batch, pool.map(lambda one: _crops(one, side), batch), strict=True):
                left_out.update([reason] if reason else [])
                yield found, crops


def _crops(found: _Found, side: int) -> tuple[list[tuple[str, bytes]], str]:
    """The crops of a picture, or none and the reason."""
    try:
        return list(convert(found.data, found.path, found.take, side)), ""
    except PassedOverError as reason:
        return [], str(reason)
    except BROKEN as error:
        log.warning("%s left out of the corpus: %s", found.path, error)
        return [], "broken"


def _packed(
    converted: Iterable[tuple[_Found, list[tuple[str, bytes]]]], pieces: Pieces, left_out: Counter[str], tell: Told
) -> Iterator[Entry]:
    """Put pictures into the zips, numbered by source; what was there already, byte by byte, is counted as a twin."""
    numbers, seen = Counter[str](), set[bytes]()
    for found, crops in converted:
        take = found.take
        for crop, data in crops:
            if (digest := hashlib.blake2b(data).digest()) in seen:
                left_out["twin"] += 1
                continue
            seen.add(digest)
            file = f"{take.src}/{numbers[take.src]}_{crop}.webp"
            pieces.add(file, data)
            yield Entry(file, take.src, take.kind, take.licence, take.permissive, found.path, crop)
        numbers[take.src] += bool(crops)
        tell(f"{pieces.name}: {numbers.total()} pictures")


def _bound(out: Path, recipe: Recipe, side: int) -> Harvest:
    """Bind all parts that are there to one corpus: its manifest and its credits."""
    read = {package.name: read_part(part_file(out, package, side)) for package in recipe.package}
    parts = {name: part for name, part in read.items() if part is not None}
    write_manifest(out, parts.values())
    write_credits(out, recipe, parts)
    pictures = Counter(entry.src for part in parts.values() for entry in part.entries)
    left_out = sum((Counter(part.left_out) for part in parts.values()), Counter[str]())
    return Harvest(out, pictures, left_out)
