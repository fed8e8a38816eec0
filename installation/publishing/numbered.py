"""Numbered editions: what somebody asks for, and how one variant of it is made in a folder, on whatever machine.

Which machine that is cannot be seen in the pictures: everything they depend on is in the edition, and the rest is here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.burns.calibration import standing
from installation.publishing.catalogue import site
from installation.publishing.catalogue.leaf import Leaf, gathered
from installation.publishing.forms import chosen
from installation.publishing.performing import Length, Terms, perform, told, whole
from installation.publishing.restage import device
from installation.publishing.variants import NUMBERED, EditionError, Variant, record, varied
from installation.recording import takes
from installation.recording.takes import TakeError
from installation.restorers import shelf
from installation.restorers.grid import Grid
from installation.scenes import SIZES

if TYPE_CHECKING:
    from datetime import datetime

    from installation.machine.settings import Settings
    from installation.publishing.film import Progress
    from installation.publishing.forms import Wishes
    from installation.recording.takes import Take
    from installation.restorers import Restorer
    from installation.scenes import Scene

LONGEST = 24 * 3600.0  # seconds of a variant
MOST_GENERATIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A restorer as an edition wants it: by name, with a model from a folder of models, for so many cells in a row."""

    restorer: str
    model: str | None
    models: Path | None
    device: str
    grid: int
    dtype: str


@dataclass(frozen=True, slots=True)
class Edition:
    """``count`` variants of a scene, drawn with ``seed``, each in these forms. ``models`` is where pipelines lie."""

    scene: Scene
    count: int
    seed: int
    terms: Terms
    forms: tuple[str, ...]
    wishes: Wishes
    models: Path | None

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.scene.name}-{self.seed}-of-{self.count}"

    @property
    def restorer(self) -> Wanted:
        """Who restores."""
        scene = self.scene
        return Wanted(scene.restorer, scene.model, self.models, self.terms.device, scene.grid, self.terms.dtype)

    def title(self, variant: Variant) -> str:
        """The name of a variant's take, in the order of the numbers."""
        return f"{self.scene.name}-{self.seed}-{variant.number:0{len(str(self.count))}}-of-{self.count}"


def asked(
    scene: Scene,
    count: int,
    seed: int,
    *,
    length: Length | None,
    size: int | None,
    forms: tuple[str, ...],
    wishes: Wishes,
    settings: Settings,
    now: datetime,
) -> Edition:
    """An edition as it was asked for; without a ``length`` the scene's longest score is played once.

    Threads of torch are the machine's, or one: then it is the same on machines of many kinds. Raises ``EditionError``
    and ``PublishError`` for what cannot be made.
    """
    if scene.camera:
        raise EditionError(
            f"{scene.name} begins with what the camera sees, and an edition has none. Give it an origin."
        )
    chosen(forms)
    terms = Terms(
        _bounded(length or whole(scene)),
        settings.engine.threads or 1,
        device(settings.engine.device),
        standing(settings.state),
        settings.recording,
        now,
        settings.engine.dtype,
    )
    return Edition(_sized(scene, size, settings.engine.size), count, seed, terms, forms, wishes, settings.engine.models)


def loaded(wanted: Wanted) -> Restorer:
    """A restorer, and no other in its place. Raises ``ModelError``."""
    restorer = shelf.load(wanted.restorer, wanted.model, wanted.models, wanted.device, dtype=wanted.dtype)
    return Grid(restorer, wanted.grid) if wanted.grid > 1 else restorer


def made(edition: Edition, variant: Variant, restorer: Restorer, folder: Path, progress: Progress) -> Leaf:
    """One variant with its forms and its page, in ``folder / takes`` and ``folder / site``.

    A take of it that lies there whole is not performed again. Raises whatever performing and publishing refuse.
    """
    scene, forms = varied(edition.scene, variant), chosen(edition.forms)
    manifest = {**told(scene, restorer, edition.terms.threads), NUMBERED: record(edition.scene, variant)}
    place = folder / takes.FOLDER / edition.title(variant)
    parts = iter([_part(progress, part, len(forms) + 2) for part in range(len(forms) + 2)])
    performing = next(parts)
    take = _there(place, manifest) or perform(scene, restorer, edition.terms, manifest, place, progress=performing)
    for form in forms:
        form.make(take, form.place(take, place), edition.wishes, next(parts))
    return gathered(take, folder / site.FOLDER / "takes", next(parts))


def _there(place: Path, manifest: Mapping[str, Any]) -> Take | None:
    """The very take, if it was performed to its end before somebody pulled the plug."""
    try:
        take = takes.glance(place)
    except TakeError:
        return None
    return take if take.ended and take.manifest == json.loads(json.dumps(manifest)) else None


def _sized(scene: Scene, size: int | None, usual: int) -> Scene:
    """The scene in the size that is asked for, in its own, or in this machine's."""
    if size is not None and (size not in SIZES or size % scene.grid):
        cells = f" that {scene.grid} cells divide" if scene.grid > 1 else ""
        raise EditionError(f"{size} pixels? Choose --size: a multiple of 64 from 64 to 1024{cells}.")
    return dataclasses.replace(scene, size=size or scene.size or usual)


def _bounded(length: Length) -> Length:
    if length.generations is not None and not 1 <= length.generations <= MOST_GENERATIONS:
        raise EditionError(f"{length.generations} generations? Choose --generations from 1 to {MOST_GENERATIONS}.")
    if length.seconds is not None and not 0.0 < length.seconds <= LONGEST:
        raise EditionError(f"{length.seconds:g} seconds? Choose --seconds above 0, up to a day.")
    return length


def _part(progress: Progress, part: int, parts: int) -> Callable[[float], None]:
    return lambda share: progress((part + min(share, 1.0)) / parts)
