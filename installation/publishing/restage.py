"""Restaging: a take's generations rendered again from its log, and held against it hash for hash.

A take has the state each of its lineages began with, and for every generation its serial and the knobs as used; from
these the loop is pure. On the machine and with the model that made the take, every digest must come out the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import images
from installation.images import ImageError
from installation.knobs import understood
from installation.loop.album import shipped
from installation.loop.generation import turn
from installation.loop.glimpse import Glimpse, Outside, blind
from installation.loop.lineage import LOCKED, Lineage, LineageError, from_bytes
from installation.machine.files import share
from installation.machine.glimpses import is_glimpse
from installation.recording import journal
from installation.recording.takes import LOG, TakeError
from installation.restorers.shelf import Shelf

if TYPE_CHECKING:
    from installation.machine.settings import EngineSettings
    from installation.recording.takes import Take
    from installation.records import Image
    from installation.restorers import Restorer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of restaging: how many generations, and the serial of the first that differs (None: none does)."""

    generations: int
    first_difference: int | None

    @property
    def identical(self) -> bool:
        """Whether every generation came out the same."""
        return self.first_difference is None

    def sentence(self) -> str:
        """The verdict for a person."""
        if self.identical:
            return f"{self.generations} generations rendered again, every one identical."
        return (
            f"Generation {self.first_difference} differs; {self.generations} before it are identical. "
            "Was the take made on another machine, or with another model?"
        )


def restage(take: Take, settings: EngineSettings, progress: Callable[[float], None]) -> Verdict:
    """Render every logged generation again. Raises ``TakeError`` when the take has nothing to begin from."""
    lines = list(journal.read(take.folder / LOG))
    total = sum("generation" in line for line in lines)
    if not total:
        raise TakeError(f"{take.name} has no generations in its log; there is nothing to render again.")
    done = 0
    for done, (logged, digest) in enumerate(_again(take, lines, Shelf(settings, "cpu"))):
        if digest != logged["digest"]:
            return Verdict(done, logged["serial"])
        progress((done + 1) / total)
    return Verdict(done + 1, None)


def _again(take: Take, lines: Sequence[Mapping[str, Any]], shelf: Shelf) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each logged generation with the digest it has this time."""
    number = 0
    lineage, restorer = _beginning(take, number, take.manifest, shelf)
    for line in lines:
        if "playing" in line:
            number += 1
            lineage, restorer = _beginning(take, number, line["playing"], shelf)
        elif "generation" in line:
            yield line["generation"], _render(take, lineage, restorer, line["generation"])


def _beginning(take: Take, number: int, told: Mapping[str, Any], shelf: Shelf) -> tuple[Lineage, Restorer]:
    import torch

    path: Path = take.folder / f"lineage-{number:03d}.safetensors"
    try:
        lineage = from_bytes(path.read_bytes())
    except OSError as error:
        raise TakeError(f"{path} cannot be read ({error.strerror}); nothing can be rendered again.") from None
    except LineageError:
        raise TakeError(f"{path} is damaged; nothing can be rendered again.") from None
    if missing := [name for name in ("threads", "restorer", "digest") if told.get(name) is None]:
        raise TakeError(f"{take.name} does not say its {missing[0]}; nothing can be rendered again.")
    torch.set_num_threads(told["threads"])  # another number of threads adds up in another order
    restorer = shelf.take(told["restorer"], told.get("model"), told.get("grid") or 1)
    if restorer.digest != told["digest"]:
        raise TakeError(f"{take.name} was made with another {told['restorer']} than the one that is here.")
    return lineage, restorer


def _render(take: Take, lineage: Lineage, restorer: Restorer, logged: Mapping[str, Any]) -> str:
    """One generation again. A parent of 0 says that the piece had begun again: from its origin, or another picture."""
    source = logged.get("source", "")
    if is_glimpse(source) and source != lineage.origin_name:
        lineage.adopt(source, _picture(take, source, lineage.present))
    elif source.startswith(LOCKED):
        tick = int(source.removeprefix(LOCKED))
        _ = lineage.turn_key(tick, locked=True) or lineage.turn_key(tick, locked=False)
    elif source and source != lineage.origin_name:
        album = shipped(share("assets"))
        lineage.inject(source, album.open(source, *lineage.present.shape[-2:]))
    elif logged["parent"] == 0 and lineage.parent != 0:
        lineage.reignite()
    lineage.serial = logged["serial"]
    outside = _outside(take, logged.get("glimpse", ""), lineage.present)
    for moment in turn(lineage, restorer, understood(logged["knobs"]), time.perf_counter, outside=outside):
        last = moment
    return last.generation.digest if last.generation else ""


def _outside(take: Take, name: str, like: Image) -> Outside:
    """What was seen outside at a generation that logged this name."""
    if not name:
        return blind
    picture = _picture(take, name, like)
    return lambda seeing: Glimpse(name, picture, seeing.mix)


def _picture(take: Take, name: str, like: Image) -> Image:
    """A picture from outside that the take has kept. Raises ``TakeError``."""
    try:
        return images.to_tensor(images.load(take.folder / name, *like.shape[-2:])).to(like)
    except ImageError as error:
        raise TakeError(f"{error} The camera's pictures cannot be made again; nothing can be from there on.") from None
