"""A leaf of the catalogue: everything its page says of one take, and the pictures and the film that go with it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation.errors import Refusal
from installation.publishing.catalogue import curves, tree
from installation.publishing.film import H264, shoot_film, shooting
from installation.publishing.forms.registry import FORMS
from installation.publishing.provenance import xmp
from installation.publishing.reel import reel
from installation.publishing.selection import matched, thinned
from installation.publishing.stills import srgb
from installation.publishing.whole import whole_folder
from installation.recording import takes

if TYPE_CHECKING:
    from installation.publishing.catalogue.curves import Curve, Spending
    from installation.publishing.catalogue.tree import Tree
    from installation.publishing.film import Progress
    from installation.recording.takes import Mark, Take
    from installation.records import Generation, Pixels

log = logging.getLogger(__name__)

SCHEMA = 1
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
class Leaf:
    """One take, ready to be set. ``name`` is safe as a file's name; ``lacks`` are sentences about what is not there."""

    name: str
    take: Take
    scene: str
    pictures: Sequence[Picture]
    film: str
    generations: int
    tree: Tree | None
    curves: Sequence[Curve]
    spending: Sequence[Spending]
    lacks: Sequence[str]

    @property
    def title(self) -> str:
        """What it is called."""
        return self.take.title or self.take.scene or self.name

    @property
    def cover(self) -> Picture | None:
        """The picture that stands for it: from the middle of the forgetting."""
        return self.pictures[len(self.pictures) // 2] if self.pictures else None

    def facts(self) -> list[tuple[str, str]]:
        """What is known of how it was made, name and words."""
        made, seconds = self.take.manifest, (self.take.ended or self.take.started) - self.take.started
        known = {
            "recorded": f"{self.take.started:%d %B %Y, %H:%M} UTC",
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
    """The leaf of a take, its film and its stills in ``folder / name``; those made before are used again.

    A take that is damaged gives what it has, and ``lacks`` says what is missing. Raises ``PublishError`` for a disk
    that refuses, and for nothing else.
    """
    name = safe(take.folder.resolve().name)
    generations = list(takes.generations(take))
    marks = takes.marks(take.folder)
    finished = [mark for mark in marks if mark.phase == "generation"]
    said = _made(take, folder / name) or _make(take, folder / name, finished, progress)
    progress(1.0)
    pictures = [Picture(**each) for each in said["pictures"]]
    placed = _placed(finished, generations, pictures)
    return Leaf(
        name=name,
        take=take,
        scene=_scene(take),
        pictures=pictures,
        film=said["film"],
        generations=len(generations),
        tree=tree.planted(tree.branches(generations, take.origin), placed),
        curves=curves.curves(take),
        spending=curves.spending(take),
        lacks=said["lacks"],
    )


def _made(take: Take, folder: Path) -> dict | None:  # type: ignore[type-arg] # JSON
    """What was made of this very take before, where all of it is still there."""
    try:
        said = json.loads((folder / NOTE).read_bytes())
        files = [each["file"] for each in said["pictures"]] + [said["film"]] * bool(said["film"])
        whole = all((folder / Path(file).name).is_file() for file in files)
        return dict(said) if whole and said["of"] == _state_of(take) and not said["lacks"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make(take: Take, folder: Path, finished: Sequence[Mark], progress: Progress) -> dict:  # type: ignore[type-arg] # JSON
    with whole_folder(folder) as beside:
        stills = list(_stills(take, beside, finished))
        film, lack = _film(take, beside, progress)
        lacks = [lack] if lack else []
        if len(stills) < min(len(finished), STILLS):
            lacks.append("Some of its pictures can no longer be read.")
        if not take.ended:
            lacks.append("It was cut off: the recorder did not come to write the end.")
        said = {"of": _state_of(take), "pictures": stills, "film": film, "lacks": lacks}
        (beside / NOTE).write_text(json.dumps(said, indent=1), encoding="utf-8")
    return said


def _state_of(take: Take) -> list[object]:
    """By which a take is known again."""
    return [SCHEMA, take.started.isoformat(), take.frames, str(take.ended)]


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


def _stills(take: Take, folder: Path, finished: Sequence[Mark]) -> Iterator[dict[str, object]]:
    """At most twelve finished generations, the first and the last among them, as WebP."""
    for number, frame in enumerate(takes.frames(take, {mark.frame for mark in thinned(finished, STILLS)})):
        file = f"still-{number:02d}.webp"
        width, height = _write(
            folder / file,
            frame.pixels,
            xmp(take, f"{take.title or take.name}, generation {frame.generation}", frame.generation),
        )
        words = f"generation {frame.generation}" if frame.generation else "origin"
        yield dataclasses.asdict(Picture(file, words, frame.serial, width, height))


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
