"""Where a collapse of pictures is kept: a folder per generation that is there whole or not at all.

    STATE/collapse/NAME/run.json                        how it is done; written once, and never changed
    STATE/collapse/NAME/generation-000/                 a model's folder, as ``restorers.ember.load`` takes it, or an
                                                        adapter's, as ``restorers.diffusion.load`` takes it, and
                                       readings.json    what was measured, and how it was made
                                       seeds.png        a row: the left half painted out of the same noise by every
                                                        generation, the right half lines of descent
                                       samples.png      all that the next generation learns from

Generation 0 is written once and never again; ``rebirth`` goes back to it. Whoever shows a collapse needs ``read``,
``runs`` and ``Kept``; nothing here imports torch.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installation.collapse.ngram import CollapseError
from installation.machine.files import StorageError, write_atomically

log = logging.getLogger(__name__)

BASE = "base"  # of a run: the pipeline's folder, by its place in the models' folder where it lies there
ROOM, MANIFEST = "collapse", "run.json"
PATTERN, ALL = "generation-{:03}", "generation-*"
READINGS, SEEDS, SAMPLES = "readings.json", "seeds.png", "samples.png"
FORMAT = 1
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BEING_MADE = ".making"  # a generation that is not whole yet


@dataclass(frozen=True, slots=True)
class KeptGeneration:
    """A whole generation on the disk. ``path`` is its model's folder, ``seeds`` a picture, ``made`` says how."""

    serial: int
    path: Path
    readings: Mapping[str, float]
    made: Mapping[str, Any]

    @property
    def seeds(self) -> Path:
        """The row of pictures that the audience follows: half out of the same noise, half lines of descent."""
        return self.path / SEEDS

    @property
    def samples(self) -> Path:
        """All pictures that it painted, side by side."""
        return self.path / SAMPLES


@dataclass(frozen=True, slots=True)
class Kept:
    """A collapse of pictures as far as it has come: ``generations`` from 0 on, without a gap; none if it just began."""

    path: Path
    run: Mapping[str, Any]
    generations: tuple[KeptGeneration, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.name

    def base(self, models: Path | None) -> Path | None:
        """The pipeline's folder, in ``models`` here, that its generations are adapters of; None for embers."""
        return (models or Path()) / self.run[BASE] if BASE in self.run else None

    @property
    def last(self) -> int:
        """The serial of the last whole generation; -1 before there is one."""
        return len(self.generations) - 1

    def generation(self, serial: int) -> KeptGeneration:
        """One of them. Raises ``CollapseError`` where it was not made yet."""
        if not 0 <= serial <= self.last:
            raise CollapseError(
                f"{self.name} has no generation {serial}; it has come to {self.last}. Let it go on with "
                f"burntout collapse pictures --name {self.name} --resume, or choose an earlier one."
            )
        return self.generations[serial]

    def weights(self, serial: int) -> Path:
        """The folder of a generation's model, as its loader and a scene's ``model`` take it. ``CollapseError``."""
        return self.generation(serial).path

    def curve(self, reading: str) -> list[float]:
        """A reading of every generation."""
        return [each.readings[reading] for each in self.generations]


def home(state: Path, name: str) -> Path:
    """The folder of a run below the state folder. Raises ``CollapseError`` for a name that is none of a folder."""
    if not NAME.fullmatch(name):
        raise CollapseError(f"{name!r} is no name for a run. Use small letters, digits, - and _, 64 at most.")
    return state / ROOM / name


def runs(state: Path) -> list[Kept]:
    """All runs below the state folder by name; what is damaged is said in the log and left out."""
    found = []
    for manifest in sorted((state / ROOM).glob(f"*/{MANIFEST}")):
        try:
            found.append(read(manifest.parent))
        except CollapseError as error:
            log.warning("%s", error)
    return found


def read(path: Path) -> Kept:
    """A run from its folder, as far as its generations are whole and follow one another. Raises ``CollapseError``.

    Weights are not read: their loader checks them.
    """
    run = _told(path / MANIFEST)
    if run is None:
        raise CollapseError(f"{path} holds no collapse of pictures. Name one that was begun, or begin it.")
    if run.get("format") != FORMAT:
        raise CollapseError(f"{path} was made by another version (format {run.get('format')}). Choose another name.")
    return Kept(path, run, tuple(_whole(path)))


def placed(base: Path, models: Path | None) -> str:
    """How a run names its base: a models' folder may be moved, or be elsewhere on another machine."""
    if models and base.resolve().is_relative_to(models.resolve()):
        return str(base.resolve().relative_to(models.resolve()))
    return str(base)


def begin(path: Path, run: Mapping[str, Any]) -> Kept:
    """The run of this folder, begun with ``run`` where there is none. Raises ``CollapseError``, ``StorageError``.

    What was begun otherwise is refused: two runs must not be mixed.
    """
    asked = json.loads(json.dumps({**run, "format": FORMAT}))
    if not (path / MANIFEST).exists():
        write_atomically(path / MANIFEST, json.dumps(asked, indent=1) + "\n")
    kept = read(path)
    fixed = asked.keys() - {BASE}  # where that lies may change: the beginning has its digest
    differing = [key for key in asked if key in fixed and kept.run.get(key) != asked[key]]
    if differing:
        raise CollapseError(
            f"{path} holds a collapse with another {differing[0]} ({kept.run.get(differing[0])}). "
            "Choose another --name, or the same settings to go on with it."
        )
    return kept


def adopt(path: Path) -> Kept:
    """The run with generation 0 copied from a neighbour that began alike, where there is one. ``StorageError``."""
    run = read(path)
    for neighbour in runs(path.parent.parent):
        alike = neighbour.run.get("beginning") == run.run.get("beginning")
        if alike and neighbour.generations and neighbour.path.resolve() != path.resolve():
            zero = neighbour.generations[0]
            making = place(path, 0)
            try:
                shutil.copytree(zero.path, making, dirs_exist_ok=True)
            except (OSError, shutil.Error) as error:
                raise StorageError(
                    f"{making} cannot be written ({error}). Make room or choose another --state."
                ) from error
            keep(path, 0, zero.readings, {**zero.made, "taken from": neighbour.name})
            break
    return read(path)


def place(path: Path, serial: int) -> Path:
    """Where a generation is put together: an empty folder that nobody takes for a generation. ``StorageError``."""
    making = path / BEING_MADE / PATTERN.format(serial)
    try:
        shutil.rmtree(path / BEING_MADE, ignore_errors=True)
        making.mkdir(parents=True)
    except OSError as error:
        raise _unwritable(making, error) from error
    return making


def keep(path: Path, serial: int, readings: Mapping[str, float], made: Mapping[str, Any]) -> KeptGeneration:
    """Make what was put together in its ``place`` a generation, with what was measured. ``StorageError``.

    A damaged folder in its way is moved aside; generation 0 is never replaced. Raises ``CollapseError`` for that.
    """
    making, whole = path / BEING_MADE / PATTERN.format(serial), path / PATTERN.format(serial)
    if serial == 0 and whole.exists():
        raise CollapseError(f"{whole} is there and never replaced. Choose another --name.")
    said = {"serial": serial, "readings": dict(readings), "made": dict(made)}
    write_atomically(making / READINGS, json.dumps(said, indent=1) + "\n")
    try:
        _forget(whole)
        making.rename(whole)
    except OSError as error:
        raise _unwritable(whole, error) from error
    return KeptGeneration(serial, whole, dict(readings), dict(made))


def rebirth(path: Path) -> None:
    """Back to generation 0: all that came after it is forgotten, the last first, so that no gap is ever left."""
    for generation in sorted(path.glob(ALL), reverse=True):
        if generation.name != PATTERN.format(0):
            _forget(generation)
    shutil.rmtree(path / BEING_MADE, ignore_errors=True)


def _forget(generation: Path) -> None:
    """Remove a generation so that, killed in the middle, no half of it is taken for a whole one."""
    if generation.exists():
        gone = generation.with_name(f".gone-{generation.name}")
        shutil.rmtree(gone, ignore_errors=True)
        generation.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _whole(path: Path) -> Iterator[KeptGeneration]:
    serial = 0
    while (found := path / PATTERN.format(serial)).is_dir():
        told = _told(found / READINGS)
        if told is None or told.get("serial") != serial or not _are_numbers(told.get("readings")):
            log.warning("%s is damaged; the run counts as far as the generation before it.", found)
            return
        yield KeptGeneration(serial, found, told["readings"], told.get("made", {}))
        serial += 1


def _told(file: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None where there is none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _are_numbers(readings: object) -> bool:
    return isinstance(readings, dict) and all(isinstance(value, int | float) for value in readings.values())


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written ({error.strerror}). Make room or choose another --state.")
