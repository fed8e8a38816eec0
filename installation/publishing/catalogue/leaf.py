"""A leaf of the catalogue: everything its page says of one take, and the pictures and the film that go with it."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation.errors import Refusal
from installation.publishing.catalogue import curves, lineages, tree
from installation.publishing.catalogue.curves import Curve, Spending
from installation.publishing.catalogue.lineages import Strand
from installation.publishing.catalogue.tree import Tree
from installation.publishing.film import H264, shoot_film, shooting
from installation.publishing.forms.registry import FORMS
from installation.publishing.kinship import RESTAGED, kinship
from installation.publishing.numbering import certified
from installation.publishing.provenance import xmp
from installation.publishing.reel import reel
from installation.publishing.selection import matched, thinned
from installation.publishing.stills import srgb
from installation.publishing.variants import fraction, numbered
from installation.publishing.whole import whole_folder
from installation.recording import segment, takes

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from installation.publishing.film import Progress
    from installation.recording.takes import Mark, Take
    from installation.records import Generation, Pixels

log = logging.getLogger(__name__)

SCHEMA = 2
NOTE = "leaf.json"
FILM, RATE, TALLEST = "film.mp4", 30, 720  # the film for a page: its name, pictures a second, pixels
LONGEST = 600.0  # seconds of it; what is longer begins here and is whole in the archive
STILLS, SIDE, QUALITY = 12, 1024, 90
#: A third of a film for projectors: pages are read over telephones.
LIGHT = dataclasses.replace(H264, options={**H264.options, "crf": "21", "maxrate": "4M", "bufsize": "8M"})


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A still of the page: its file below the take's folder, which generation it is, and its size in pixels."""

    file: str
    words: str
    frame: int
    width: int
    height: int


@dataclasses.dataclass(frozen=True, slots=True)
class Matter:
    """What was made and measured of a take once, and stands in ``leaf.json``: a page is set from it alone.

    ``of`` says of which state of the take; ``lacks`` are sentences about what is not there.
    """

    of: Sequence[str]
    pictures: Sequence[Picture]
    film: str
    generations: int
    tree: Tree | None
    curves: Sequence[Curve]
    spending: Sequence[Spending]
    strands: Sequence[Strand]
    lacks: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf(Matter):
    """One take, ready to be set. ``name`` is safe as a file's name, ``scene`` is the text of its scene."""

    name: str
    take: Take
    scene: str

    @property
    def title(self) -> str:
        """What it is called; one of an edition by its number too."""
        return ", ".join(filter(None, (self.take.title or self.take.scene or self.name, self.number)))

    @property
    def kin(self) -> str:
        """What it is to the take it was made from, in a word or two; empty for one that was recorded."""
        return str(self.take.manifest.get(RESTAGED, {}).get("kinship", ""))

    @property
    def number(self) -> str:
        """Which it is of its edition, like ``3/100``; empty where it is of none."""
        return fraction(self.take)

    @property
    def checksums(self) -> Mapping[str, str]:
        """The SHA-256 of its files by name, where it has a certificate of number."""
        return certified(self.take)

    @property
    def cover(self) -> Picture | None:
        """The picture that stands for it: from the middle of the forgetting."""
        return self.pictures[len(self.pictures) // 2] if self.pictures else None

    def facts(self) -> list[tuple[str, str]]:
        """What is known of how it was made, name and words."""
        made, seconds = self.take.manifest, (self.take.ended or self.take.started) - self.take.started
        edition = numbered(self.take)
        known = {
            "number": self.number,
            "edition seed": edition.get("seed", ""),
            "varied": ", ".join(f"{address} {value}" for address, value in edition.get("knobs", {}).items()),
            "restaged": kinship(self.take),
            ("performed" if edition else "recorded"): f"{self.take.started:%d %B %Y, %H:%M} UTC",
            "length": f"{seconds}".partition(".")[0] if self.take.ended else "cut off",
            "generations": str(self.generations),
            "frames": f"{self.take.frames}" + (f", {self.take.dropped} dropped" if self.take.dropped else ""),
            "origin": self.take.origin,
            "restored by": str(made.get("restorer") or ""),
            "model": str(made.get("digest") or "")[:16],
            "lineage seed": "" if self.take.seed is None else str(self.take.seed),
            "made with": f"Burntout {made.get('version', '')}".strip(),
        }
        return [(name, words) for name, words in known.items() if words]


def safe(name: str) -> str:
    """A name that stays in its folder and means the same in every file system and address.

    A name that had to be changed carries four letters of what it was, so that two names stay two.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "take"
    return plain if plain == name else f"{plain[:80]}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:4]}"


def gathered(take: Take, folder: Path, progress: Progress) -> Leaf:
    """The leaf of a take, its film and its stills in ``folder / name``; what was made of it before is used again.

    A take that is damaged gives what it has, and ``lacks`` says what is missing. Raises ``PublishError`` for a disk
    that refuses, and for nothing else.
    """
    name = safe(take.folder.resolve().name)
    matter = _made(take, folder / name) or _make(take, folder / name, progress)
    progress(1.0)
    known = {each.name: getattr(matter, each.name) for each in dataclasses.fields(Matter)}
    return Leaf(**known, name=name, take=take, scene=_scene(take))


def _made(take: Take, folder: Path) -> Matter | None:
    """What was made of this very take before, where all of it is still there."""
    try:
        matter = _notes().validate_json((folder / NOTE).read_bytes())
    except (OSError, ValueError):
        return None
    files = [each.file for each in matter.pictures] + [matter.film] * bool(matter.film)
    whole = all((folder / Path(file).name).is_file() for file in files)
    return matter if whole and list(matter.of) == _state_of(take) else None


def _make(take: Take, folder: Path, progress: Progress) -> Matter:
    generations = list(takes.generations(take))
    finished = [mark for mark in takes.marks(take.folder) if mark.phase == "generation"]
    with whole_folder(folder) as beside:
        pictures = list(_stills(take, beside, finished))
        film, lack = _film(take, beside, progress)
        matter = Matter(
            of=_state_of(take),
            pictures=pictures,
            film=film,
            generations=len(generations),
            tree=tree.planted(tree.branches(generations, take.origin), _placed(finished, generations, pictures)),
            curves=curves.curves(take),
            spending=curves.spending(take),
            # A take made of a take goes on from nothing: its generations were on the line already.
            strands=[] if kinship(take) else lineages.strands(generations, take.scene, take.origin),
            lacks=[each for each in (lack, *_lacks(take, len(finished), len(pictures))) if each],
        )
        (beside / NOTE).write_bytes(_notes().dump_json(matter))
    return matter


def _notes() -> TypeAdapter[Matter]:
    """Reads and writes ``leaf.json``; what is not of its form is a ``ValueError``."""
    from pydantic import TypeAdapter

    return TypeAdapter(Matter)


def _state_of(take: Take) -> list[str]:
    """By which a take is known again: also when it was repaired, or can only now be filmed."""
    recorded = sum(file.stat().st_size for file in take.folder.glob(segment.PATTERN))
    said = (SCHEMA, take.started.isoformat(), take.frames, take.ended, recorded, FORMS["h264"].lack())
    return list(map(str, said))


def _lacks(take: Take, finished: int, pictures: int) -> Iterator[str]:
    if pictures < min(finished, STILLS):
        yield "Some of its pictures can no longer be read."
    if not take.ended:
        yield "It was cut off: the recorder did not come to write the end."


def _film(take: Take, folder: Path, progress: Progress) -> tuple[str, str]:
    """The film's name, or why there is none."""
    if lack := FORMS["h264"].lack():
        return "", lack
    try:
        seen = reel(take, RATE)
        ticks = min(seen.ticks, round(LONGEST * RATE))
        shoot = shooting(take, LIGHT, min(2 * _height(take), TALLEST), RATE)
        shoot_film(folder / FILM, seen.lights(0, ticks), shoot, ticks, progress=progress)
    except Refusal as refusal:
        log.warning("The catalogue has no film of %s: %s", take.name, refusal)
        return "", str(refusal)
    return FILM, ""


def _height(take: Take) -> int:
    first = next(takes.frames(take), None)
    return first.pixels.shape[0] if first else TALLEST


def _stills(take: Take, folder: Path, finished: Sequence[Mark]) -> Iterator[Picture]:
    """At most twelve finished generations, the first and the last among them, as WebP."""
    for number, frame in enumerate(takes.frames(take, {mark.frame for mark in thinned(finished, STILLS)})):
        file = f"still-{number:02d}.webp"
        width, height = _write(
            folder / file,
            frame.pixels,
            xmp(take, f"{take.title or take.name}, generation {frame.generation}", frame.generation),
        )
        words = f"generation {frame.generation}" if frame.generation else "origin"
        yield Picture(file, words, frame.serial, width, height)


def _write(path: Path, pixels: Pixels, packet: bytes) -> tuple[int, int]:
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    picture.save(path, "WEBP", quality=QUALITY, method=6, icc_profile=srgb(), xmp=packet)
    return picture.size


def _placed(
    finished: Sequence[Mark], generations: Sequence[Generation], pictures: Sequence[Picture]
) -> Mapping[int, tuple[str, str]]:
    """File and words of every still, by the place of its generation in the take."""
    of_frame = matched(finished, generations)
    place = {id(generation): at for at, generation in enumerate(generations)}
    return {place[id(of_frame[each.frame])]: (each.file, each.words) for each in pictures if each.frame in of_frame}


def _scene(take: Take) -> str:
    try:
        return (take.folder / takes.SCENE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
