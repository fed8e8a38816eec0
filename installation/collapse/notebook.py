"""Where a collapse of words is kept: one file per generation, replaced whole, so that a killed run goes on.

Generation 0 is written once and never again; ``rebirth`` goes back to it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from installation.collapse.ngram import CollapseError
from installation.collapse.text import MEANING, Settings, TextGeneration, first, generations
from installation.machine.files import write_atomically

log = logging.getLogger(__name__)

PATTERN, ALL = "generation-{:04}.json", "generation-*.json"
FORMAT = 1  # of the files


def collapse(folder: Path, real: tuple[str, ...], settings: Settings, seed: int, last: int) -> Iterator[TextGeneration]:
    """Generations 0 to ``last``, those that are there read, the others made and kept as they come.

    Raises ``CollapseError`` where the folder holds another collapse, ``StorageError`` where it cannot be written.
    """
    run = {"seed": seed, "settings": asdict(settings), "text": digest(real), "format": FORMAT}
    present = _beginning(folder, real, settings, run)
    yield present
    for kept in _kept(folder, run, last):
        present = kept
        yield present
    if present.serial < last:
        for made in generations(real, settings, seed, present):
            keep(folder, made, run)
            yield made
            if made.serial == last:
                return


def keep(folder: Path, generation: TextGeneration, run: dict[str, object]) -> None:
    """Write a generation. It is there whole or not at all."""
    said = run | {
        "serial": generation.serial,
        "fresh": generation.fresh,
        "readings": dict(generation.readings),
        "words": " ".join(generation.words),
    }
    write_atomically(folder / PATTERN.format(generation.serial), json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def rebirth(folder: Path) -> None:
    """Back to generation 0: all that came after it is forgotten, the last first, so that no gap is ever left."""
    for path in sorted(folder.glob(ALL), reverse=True):
        if path.name != PATTERN.format(0):
            path.unlink(missing_ok=True)


def digest(words: Sequence[str]) -> str:
    """BLAKE2b-128 of the words, in hexadecimal."""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=16).hexdigest()


def _beginning(folder: Path, real: tuple[str, ...], settings: Settings, run: dict[str, object]) -> TextGeneration:
    """Generation 0, checked or, in an empty folder, written."""
    path = folder / PATTERN.format(0)
    if path.exists():
        found = _read(path, run, 0)
        if found is None or found.words != real:
            raise CollapseError(f"{path} is damaged. Choose another --out, or remove this one.")
        return found
    if next(folder.glob(ALL), None):
        raise CollapseError(f"{folder} holds generations but not the first. Choose another --out, or remove them.")
    zero = first(real, settings.order)
    keep(folder, zero, run)
    return zero


def _kept(folder: Path, run: dict[str, object], last: int) -> Iterator[TextGeneration]:
    """The generations after the first, as far as they follow one another and are whole."""
    for serial in range(1, last + 1):
        path = folder / PATTERN.format(serial)
        found = _read(path, run, serial) if path.exists() else None
        if found is None:
            return
        yield found


def _read(path: Path, run: dict[str, object], serial: int) -> TextGeneration | None:
    """A generation from its file; None where the file is damaged. Raises ``CollapseError`` for another run's."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        found = TextGeneration(said["serial"], tuple(said["words"].split(" ")), said["fresh"], said["readings"])
        theirs = {name: said[name] for name in run}
        whole = found.serial == serial and found.readings.keys() == MEANING.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        log.warning("%s is damaged.", path)
        return None
    differing = [name for name in run if theirs[name] != run[name]]
    if differing:
        raise CollapseError(
            f"{path.parent} holds a collapse with another {differing[0]} ({theirs[differing[0]]}). "
            "Choose another --out, or the same settings to go on with it."
        )
    return found
