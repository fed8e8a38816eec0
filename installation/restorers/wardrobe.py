"""The wardrobe: weights of another generation that a restorer wears while it plays, and still wears after a death."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from installation.machine.files import StorageError, write_atomically
from installation.restorers import lora
from installation.restorers import shelf as shelf_
from installation.restorers.grid import Grid
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    from installation.restorers.protocol import Restorer
    from installation.restorers.shelf import Shelf

log = logging.getLogger(__name__)

NAME = "worn.json"


class Wardrobe:
    """What ``ember``, or a pipeline, wears instead of the weights that it came with; at most one other is in memory."""

    def __init__(self, shelf: Shelf, memory: Path) -> None:
        """Remember in the folder ``memory`` what is worn, so that a reborn engine puts it on again."""
        self._shelf, self._path = shelf, memory / NAME
        self._model = _remembered(self._path)
        self._worn: Restorer | None = None

    def model(self, name: str, model: str | None) -> str | None:
        """The folder a scene's restorer is taken from: what is worn, or what the scene says."""
        return self._model if self._model and self._fits(name, model) else model

    def take(self, name: str, model: str | None, grid: int = 1) -> Restorer:
        """A scene's restorer, ready, in what it wears; where that is gone, as it came, and a line says why.

        ``grid``: for a wall of so many by so many lineages. Raises ``ModelError`` only when not even the archive can
        be loaded.
        """
        if self._model and self._fits(name, model):
            try:
                self._worn = self._worn or self._load(self._model)
            except ModelError as error:
                log.error("%s The weights that it came with play instead.", error)  # noqa: TRY400 - a sentence for the gallery
                self._keep(None)
            else:
                return Grid(self._worn, grid) if grid > 1 else self._worn
        return self._shelf.take(name, model, grid)

    def wear(self, model: str | None) -> None:
        """Put on the weights of a folder, or (None) take them off. Raises ``ModelError``, and wears what it wore."""
        self._worn = self._load(model) if model else None
        self._keep(model)

    def adapter(self, said: str, name: str, model: str | None) -> str | None:
        """The folder of an adapter of the models folder, for a scene's restorer; None where nothing is said.

        Raises ``ModelError`` for a path, for what is no adapter, and for one that was made for another model.
        """
        if not said:
            return None
        folder = self._shelf.folder(said)
        if "/" in said or said.startswith(".") or not (folder / lora.BASE).is_file():
            raise ModelError(f"{said[:80]!r} is no adapter in the models folder. burntout models lists what is there.")
        base = lora.base_of(folder)
        if not self._is(base, name, model):
            raise ModelError(f"{folder}: an adapter for {base}, which is not what plays. Play a scene with that model.")
        return str(folder.resolve())

    def _fits(self, name: str, model: str | None) -> bool:
        """Whether a scene's restorer is the one that wears something: a scene that names another model has its will.

        An adapter is for the pipeline that it was grown on, all other weights are for ember as it came.
        """
        base = _base(self._model) if self._model else None
        if base is None:
            return (name, model) == ("ember", None)
        return self._is(base, name, model)

    def _is(self, base: Path | None, name: str, model: str | None) -> bool:
        """Whether a scene's restorer is the pipeline in this folder."""
        return bool(base and model and name == "diffusion" and self._shelf.folder(model).resolve() == base.resolve())

    def _load(self, model: str) -> Restorer:
        name, shelf = "diffusion" if _base(model) else "ember", self._shelf
        return shelf_.load(name, model, None, shelf.device, dtype=shelf.dtype, compiles=shelf.compiles)

    def _keep(self, model: str | None) -> None:
        self._model = model
        try:
            write_atomically(self._path, json.dumps(model))
        except StorageError as error:
            log.warning("After a restart of the engine it will wear its own weights. %s", error)


def _base(model: str) -> Path | None:
    """The pipeline of an adapter's folder; None for any other folder."""
    try:
        return lora.base_of(Path(model))
    except ModelError:
        return None  # hurt: it is refused when it is loaded


def _remembered(path: Path) -> str | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # the first life, or a file that was hurt: nothing is worn
    return told if isinstance(told, str) else None
