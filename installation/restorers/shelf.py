"""The shelf: restorers by name, loaded once; what plays when one is missing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from installation.knobs import nearest
from installation.machine.files import share
from installation.restorers import precision
from installation.restorers.exact import Demon, Nobody
from installation.restorers.grid import Grid
from installation.restorers.precision import AUTO
from installation.restorers.protocol import ModelError, Restorer

if TYPE_CHECKING:
    import torch

    from installation.machine.settings import EngineSettings
    from installation.restorers.diffusion import Diffusion

log = logging.getLogger(__name__)

NAMES = ("ember", "archive", "diffusion", "none", "demon")


class Shelf:
    """Loads restorers and keeps them, so that going back to a scene costs nothing."""

    def __init__(self, settings: EngineSettings, device: str) -> None:
        """Nothing is loaded until it is taken."""
        self.device = device
        self.compiles, self.dtype = settings.compile, settings.dtype
        self._models = settings.models
        self._loaded: dict[tuple[str, str | None], Restorer] = {}

    def folder(self, model: str) -> Path:
        """Where the pipeline lies that a scene names."""
        return folder_of(model, self._models)

    def take(self, name: str, model: str | None, grid: int = 1) -> Restorer:
        """A restorer, ready. When it cannot be loaded the archive plays in its place, and a line says why.

        ``grid``: for a wall of so many by so many lineages. Raises ``ModelError`` only when not even the archive can be
        loaded.
        """
        restorer = self._able(name, model)
        return Grid(restorer, grid) if grid > 1 else restorer

    def _able(self, name: str, model: str | None) -> Restorer:
        try:
            return self._take(name, model)
        except ModelError as error:
            if (name, model) == ("archive", None):
                raise
            log.error("%s The archive plays instead.", error)  # noqa: TRY400 - a sentence for the gallery, no traceback
            return self._take("archive", None)

    def _take(self, name: str, model: str | None) -> Restorer:
        key = (name, model)
        if key not in self._loaded:
            self._loaded[key] = load(name, model, self._models, self.device, dtype=self.dtype, compiles=self.compiles)
        return self._loaded[key]


def load(
    name: str, model: str | None, models: Path | None, device: str, *, dtype: str = AUTO, compiles: bool = False
) -> Restorer:
    """One restorer from its folder: the shipped one, or ``model`` (in ``models`` unless absolute).

    ``dtype``: the numbers of a pipeline, as in ``[engine]``; ``compiles``: pipelines by torch.compile, where they show
    their results only. Raises ``ModelError``.
    """
    match name:
        case "diffusion":
            import torch

            from installation.restorers import diffusion

            numbers = precision.wanted(dtype, torch.device(device))
            return diffusion.load(_pipeline(model, models), device, numbers, compiles=compiles)
        case "ember":
            from installation.restorers import ember

            return ember.load(Path(model) if model else share("assets") / name, device)
        case "archive":
            from installation.restorers import archive

            return archive.load(Path(model) if model else share("assets") / name)
        case "none":
            return Nobody()
        case "demon":
            return Demon()
    raise ModelError(f"There is no restorer {name!r}; there are {', '.join(NAMES)}.{nearest(name, NAMES)}")


def digest(name: str, model: str | None, models: Path | None) -> str:
    """The digest of what ``load`` would give, without its network: files are read, not understood. ``ModelError``."""
    match name:
        case "diffusion":
            return _digest_of_pipeline(_pipeline(model, models))
        case "ember":
            from installation.restorers import ember

            return ember.verify(Path(model) if model else share("assets") / name)
        case "archive":
            from installation.restorers import archive

            return archive.verify(Path(model) if model else share("assets") / name)
    return load(name, model, models, "cpu").digest


def _digest_of_pipeline(folder: Path) -> str:
    from installation.restorers import lora, trust

    base = lora.base_of(folder)
    plain = trust.vouch(base or folder).digest
    return lora.digest(folder, plain) if base and not lora.is_bare(folder) else plain


def pipeline(model: str, models: Path | None, device: torch.device, dtype: torch.dtype) -> Diffusion:
    """A pipeline that is walked by hand, from a folder or by its name in ``models``, with numbers of a kind.

    Raises ``ModelError``, also for one that is called whole.
    """
    from installation.restorers import diffusion

    loaded = diffusion.load(_pipeline(model, models), device, dtype)
    if not isinstance(loaded, diffusion.Diffusion):
        raise ModelError(f"{model} is called whole, so there is nothing to take at once. Name a Stable Diffusion.")
    return loaded


def _pipeline(model: str | None, models: Path | None) -> Path:
    if model is None:
        raise ModelError('A scene with restorer = "diffusion" names its model: model = "sd-turbo", or a folder.')
    return folder_of(model, models)


def folder_of(model: str, models: Path | None) -> Path:
    """Where a model lies that a scene names: in ``models``, unless that is a whole path."""
    folder = Path(model)
    return models / folder if models and not folder.is_absolute() else folder
