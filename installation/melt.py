"""Measuring melting points: the embedded restorers', or anybody's, and keeping them in a table for scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from installation import __version__, melting
from installation.loop.album import shipped
from installation.loop.forgetting import Trial, all_media, labels_kept, melting_point, require_medium
from installation.machine.files import share, write_atomically
from installation.melting import MeltingPoint
from installation.restorers.shelf import load

if TYPE_CHECKING:
    from installation.machine.settings import Settings
    from installation.records import Image

LOOKS = 6  # halvings: known to 1 / 64


@dataclass(frozen=True, slots=True)
class Crucible:
    """What is melted, and how: ``pictures`` of ``size`` x ``size`` pixels through a restorer, in some media."""

    restorer: str
    model: str | None
    media: Sequence[str]
    size: int = 64
    pictures: int = 16
    trial: Trial = field(default_factory=Trial)

    @property
    def generations(self) -> int:
        """How many generations all of it takes."""
        return len(self.media) * (LOOKS + 1) * self.trial.generations


def filled(restorer: str, model: str | None, media: Sequence[str] | None, size: int) -> Crucible:
    """What was asked for; every medium where none was. Raises ``KnobError`` for a medium that there is not."""
    return Crucible(restorer, model, [require_medium(name) for name in media] if media else all_media(), size)


def measure(crucible: Crucible, settings: Settings, turned: Callable[[], None]) -> Iterator[MeltingPoint]:
    """The melting point in each medium, as they are found and kept in the state folder's table.

    ``turned`` hears of every generation. Raises ``ModelError``, ``StorageError`` and ``MeltingError``.
    """
    for point in melted(crucible, settings.engine.models, turned):
        keep(settings.state / melting.NAME, [point])
        yield point


def melted(crucible: Crucible, models: Path | None, turned: Callable[[], None]) -> Iterator[MeltingPoint]:
    """The same, kept nowhere."""
    restorer = load(crucible.restorer, crucible.model, models, "cpu")
    pictures = subjects(crucible.pictures, crucible.size)
    versions = f"burntout {__version__}, torch {version('torch')}"
    for medium in crucible.media:

        def kept(temperature: float, medium: str = medium) -> float:
            return labels_kept(restorer, medium, temperature, pictures, crucible.trial, turned=turned)

        temperature, share = melting_point(kept, LOOKS)
        yield MeltingPoint(
            crucible.restorer,
            crucible.model,
            restorer.digest,
            medium,
            temperature,
            share,
            2.0**-LOOKS,
            crucible.size,
            crucible.trial.steps,
            crucible.trial.generations,
            crucible.pictures,
            crucible.trial.seed,
            versions,
        )


def keep(path: Path, points: Sequence[MeltingPoint]) -> None:
    """Put points into a table, in place of older ones of the same. ``StorageError``, ``MeltingError``."""
    known = melting.read(path) | {point.subject: point for point in points}
    write_atomically(path, melting.written(known.values()))


def row(point: MeltingPoint) -> tuple[str, str, str, str]:
    """A point in words: medium, temperature, share kept there, conditions."""
    melts = "never" if point.temperature is None else f"{point.temperature:.3f}"
    waited = f"{point.pictures} pictures of {point.size} px, {point.steps} steps, {point.generations} generations"
    return point.medium, melts, f"{point.kept:.0%}", waited


def subjects(count: int, size: int) -> Image:
    """So many shipped pictures, evenly chosen, origins and archive alike: N x 3 x size x size in -1 to 1."""
    import torch

    album = shipped(share("assets"))
    chosen = [album.names[round(place * (len(album.names) - 1) / max(count - 1, 1))] for place in range(count)]
    return torch.cat([album.open(name, size, size) for name in chosen])
