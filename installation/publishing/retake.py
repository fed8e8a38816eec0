"""A take made from a take: restaged picture by picture into a folder of its own; a killed restaging is gone on with.

It is written in chapters, so it comes out the same, byte for byte, however often it was interrupted. It is among the
takes when it is whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import __version__
from installation.loop.lineage import to_bytes
from installation.machine.files import StorageError, alone
from installation.machine.glimpses import is_glimpse
from installation.publishing.chapters import Chapters
from installation.publishing.kinship import RESTAGED, Otherwise, differences, name, needed, record
from installation.publishing.restage import Performer, Verdict
from installation.publishing.score import Passage, overview, score
from installation.readings import declared
from installation.recording import takes
from installation.recording.journal import unwritable
from installation.recording.takes import FRAMES, LINEAGE, LOG, SCENE, Take, TakeError
from installation.recording.writing import versions

if TYPE_CHECKING:
    from installation.machine.settings import Settings

UNFINISHED = "restaging"  # the folder beside the takes in which they are made


def retake(
    take: Take, wanted: Otherwise, settings: Settings, progress: Callable[[float], None]
) -> tuple[Take | None, Verdict]:
    """Make a take of a take, the same or a kindred one; given again after it was killed, it goes on where it was.

    The take that was made is None where it should have been the same and was not. A kindred one is held to nothing.
    ``progress`` hears the share done, at once when it goes on. Raises ``TakeError`` when there is nothing to begin
    from, when it is there already, or is being made; ``ModelError`` for a restorer that cannot be loaded or does not
    know the size; ``StorageError`` for a disk that refuses.
    """
    seen = overview(take)
    differs = differences(take, wanted, seen)
    place = settings.state / takes.FOLDER / name(take, differs)
    if place.exists():
        raise TakeError(f"{place.name} is there already. To make it again remove {place}.")
    if not seen.generations:
        raise TakeError(f"{take.name} has no generations in its log; there is nothing to render again.")
    with _only_here(settings.state / UNFINISHED) as folder:
        making = _Making(take, needed(wanted, differs), settings, folder / place.name, record(take, differs))
        verdict = making.make(seen.generations, progress)
        if not verdict.identical:
            shutil.rmtree(folder / place.name)
            return None, verdict
        place.parent.mkdir(parents=True, exist_ok=True)
        (folder / place.name).rename(place)
    return takes.load(place), verdict


@contextlib.contextmanager
def _only_here(folder: Path) -> Iterator[Path]:
    """Nobody else makes a take here meanwhile."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(alone(folder))
        except StorageError:
            raise TakeError(
                f"Another take is being restaged in {folder}. Wait for it, or choose another --state."
            ) from None
        yield folder


class _Making:
    """One take being made of another. ``said`` is what its manifest says of the two."""

    def __init__(
        self, take: Take, wanted: Otherwise, settings: Settings, folder: Path, said: Mapping[str, Any]
    ) -> None:
        self._take, self._wanted, self._settings, self._folder, self._said = take, wanted, settings, folder, said
        self._performer = Performer(take, settings.engine, wanted)
        self._manifest: Mapping[str, Any] = {}
        self._identical = 0
        self._measured: Mapping[str, float] = {}  # of the newest generation

    def make(self, total: int, progress: Callable[[float], None]) -> Verdict:
        """Render what is not there yet. The verdict of a kindred take finds no fault."""
        with contextlib.closing(Chapters(self._folder, self._under(), self._settings.recording)) as chapters:
            return self._make(chapters, total, progress)

    def _make(self, chapters: Chapters, total: int, progress: Callable[[float], None]) -> Verdict:
        done = self._go_back(chapters, total, progress)
        for passage in islice(score(self._take), done, None):
            self._enter(chapters, passage)
            if passage.generation is None:
                break
            if not self._play(chapters, passage) and not self._said["differs"]:
                return Verdict(done, passage.generation["serial"])
            done += 1
            if chapters.due:
                chapters.turn(self._performer.lineage, passages=done, **self._kept())
            progress(done / total)
        self._end(chapters, passage, total)
        return Verdict(total, None)

    def _go_back(self, chapters: Chapters, total: int, progress: Callable[[float], None]) -> int:
        """To where a killed restaging closed its last chapter; how many passages are done."""
        if chapters.lineage is None:
            chapters.copy(self._take.folder / SCENE)
            return 0
        done = int(chapters.kept["passages"])
        self._identical, self._manifest, self._measured = (
            chapters.kept[each] for each in ("identical", "manifest", "measured")
        )
        self._performer.enter(next(islice(score(self._take), done - 1, None)), chapters.lineage)
        if self._performer.restorer.digest != chapters.kept["digest"]:
            raise TakeError(
                f"{self._folder} was begun with another {self._performer.restorer.name} than the one that is here. "
                "Bring that back, or remove the folder to begin again."
            )
        progress(done / total)
        return done

    def _kept(self) -> dict[str, Any]:
        """What a bookmark says beside the lineage."""
        known = {"identical": self._identical, "manifest": self._manifest, "measured": self._measured}
        return {**known, "digest": self._performer.restorer.digest}

    def _under(self) -> dict[str, Any]:
        """Under which conditions it is made: under others it is begun afresh."""
        sizes = [_size(self._take.folder / each) for each in (LOG, FRAMES)]
        codec = self._settings.recording.codec
        return {RESTAGED: self._said, "bytes": sizes, "version": __version__, "versions": versions(), "codec": codec}

    def _enter(self, chapters: Chapters, passage: Passage) -> None:
        """Take up what plays: its lineage as it begins belongs to the take, and the manifest names its restorer."""
        begins = self._performer.enter(passage)
        played = self._played(passage)
        if begins:
            chapters.keep(LINEAGE.format(passage.number), to_bytes(self._performer.lineage))
        self._manifest = self._manifest or {
            **played, "version": __version__, "versions": versions(), RESTAGED: self._said
        }  # fmt: skip
        for line in passage.lines:
            if "playing" in line:
                chapters.note({**line, "playing": played})
            elif "generation" not in line:
                chapters.note(measured(line, self._measured) if self._performer.is_kindred else line)
        if passage.generation is not None:
            self._performer.go_on(passage)
            if begins or passage.times.still is not None:
                self._show_still(chapters, passage.times.began)

    def _played(self, passage: Passage) -> dict[str, Any]:
        """What the engine would say of what plays now."""
        performer = self._performer
        own = {"digest": performer.restorer.digest, "size": performer.lineage.present.shape[-1]}
        return {**self._wanted.played(passage.told), **own}

    def _play(self, chapters: Chapters, passage: Passage) -> bool:
        """Render a passage; whether its generation is the one that was logged."""
        burning, lineage = self._performer.burning(passage), self._performer.lineage
        for moment in self._performer.moments(passage):
            at = passage.times.at(moment.share, burning)
            chapters.show(moment.image, at, lineage.serial, moment.phase, moment.temperature)
        found, logged = moment.generation, passage.generation or {}
        is_same = found is not None and found.digest == logged["digest"]
        self._identical += is_same
        if found is None:
            told: Mapping[str, Any] = {"event": f"Generation {lineage.serial} was refused: {moment.refused}."}
        else:
            self._measured = found.readings or self._measured
            told = {"generation": dict(logged) if is_same else dataclasses.asdict(found)}
        chapters.note({**{each: at for each, at in passage.lines[-1].items() if each == "at_ns"}, **told})
        for outside in filter(is_glimpse, (logged.get(each, "") for each in ("source", "glimpse", "guide"))):
            chapters.copy(self._take.folder / outside)
        return is_same

    def _show_still(self, chapters: Chapters, at_ns: int) -> None:
        lineage = self._performer.lineage
        chapters.show(lineage.present, at_ns, lineage.serial, "generation", 0.0)

    def _end(self, chapters: Chapters, passage: Passage, total: int) -> None:
        """The last picture stands as long as the take showed any, and the card says what this is."""
        if passage.times.ended > chapters.shown_ns:
            self._show_still(chapters, passage.times.ended)
        manifest = {**self._manifest, RESTAGED: {**self._said, "generations": total, "identical": self._identical}}
        chapters.end(self._take, manifest)


def measured(line: Mapping[str, Any], own: Mapping[str, float]) -> Mapping[str, Any]:
    """A line of the log as a kindred performance has it: readings of its ``own`` pictures, none of the machine.

    What other pictures were made of is not said of these.
    """
    if "sources" in line.get("written", {}):
        kept = {name: told for name, told in line["written"].items() if name != "sources"}
        return {**{key: told for key, told in line.items() if key != "written"}, **({"written": kept} if kept else {})}
    if "readings" not in line:
        return line
    gone = declared("picture", "window", "machine")
    numbers, states = (
        {address: said for address, said in line.get(kind, {}).items() if address not in gone}
        for kind in ("readings", "states")
    )
    pictures = {address: own[each.key] for address, each in declared("picture").items() if each.key in own}
    return {**line, "readings": {**numbers, **pictures}, "states": states}


def _size(path: Path) -> int:
    """How many bytes a file has; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise unwritable(path, error) from error
