"""Casting: who restores a scene, in which weights, and what leads it; loaded beside the loop, exchanged between turns.

Only one thing is loaded at a time (see ``wings``), so nothing here is asked for twice at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.conditioning import KINDS, read
from installation.errors import Refusal
from installation.restorers import guides
from installation.restorers.protocol import ModelError
from installation.restorers.shelf import Shelf, folder_of
from installation.restorers.wardrobe import Wardrobe

if TYPE_CHECKING:
    from installation.conditioning import Guide
    from installation.machine.settings import EngineSettings
    from installation.records import Order
    from installation.restorers.guides import Ready
    from installation.restorers.protocol import Restorer
    from installation.scenes import Scene


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """A restorer, ready, with what shall lead it, by kind, and the sentences of those who cannot."""

    restorer: Restorer
    led: Mapping[str, Ready | None]
    refused: tuple[str, ...] = ()

    def enter(self) -> Restorer:
        """Between two generations: the restorer, led by these from the next one on. Pointers are exchanged."""
        guides.exchange(self.restorer, self.led)
        return self.restorer


class Casting:
    """Owns the models that are loaded, and what they wear."""

    def __init__(self, settings: EngineSettings, device: str, memory: Path) -> None:
        """Nothing is loaded yet; ``memory`` is the folder in which it is remembered what is worn."""
        self.device = device
        self._shelf = Shelf(settings, device)
        self._wardrobe = Wardrobe(self._shelf, memory)

    def model(self, scene: Scene) -> str | None:
        """The folder of what restores a scene: what is worn, or what the scene says."""
        return self._wardrobe.model(scene.restorer, scene.model)

    def cast(self, scene: Scene) -> Ensemble:
        """What a scene asks for. Raises ``ModelError`` only when not even the archive can be loaded."""
        return self._led(self._wardrobe.take(scene.restorer, scene.model, scene.grid), scene.guides)

    def dress(self, order: Order, scene: Scene | None, restorer: Restorer | None) -> Ensemble:
        """What plays a scene, in other weights or led by another, as ordered. Raises ``ModelError``: nothing changes.

        ``wear`` names a model's folder, ``lora`` an adapter of the models folder, None and "" what the scene came with.
        """
        if scene is None or restorer is None:
            raise ModelError("Nothing plays yet; ask again when the scene has begun.")
        if order.name in KINDS:
            wish: Guide | None = order.data["guide"]
            return Ensemble(restorer, {order.name: self._guide(wish, restorer) if wish else None})
        if order.name == "lora":
            self._wardrobe.wear(self._wardrobe.adapter(order.data["text"], scene.restorer, scene.model))
        else:
            self._wardrobe.wear(order.data["model"])
        return self._led(self._wardrobe.take(scene.restorer, scene.model, scene.grid), guides.wishes(restorer))

    def _led(self, restorer: Restorer, wishes: Mapping[str, Guide]) -> Ensemble:
        led: dict[str, Ready | None] = dict.fromkeys(KINDS)
        refused = []
        for kind, wish in wishes.items():
            try:
                led[kind] = self._guide(wish, restorer)
            except Refusal as refusal:
                refused.append(f"{refusal} It plays without.")
        return Ensemble(restorer, led, tuple(refused))

    def _guide(self, wish: Guide, restorer: Restorer) -> Ready:
        return guides.load(wish, self._shelf.folder(wish.model), restorer)


def recall(told: Mapping[str, Any], models: Path | None, restorer: Restorer) -> Ensemble:
    """What led a restorer in a take, from what that says when something begins to play. Raises ``ModelError``."""
    led: dict[str, Ready | None] = dict.fromkeys(KINDS)
    for kind in KINDS:
        if told.get(kind):
            wish = read(kind, {key: said for key, said in told[kind].items() if key != "digest"})
            led[kind] = guides.load(wish, folder_of(wish.model, models), restorer)
    return Ensemble(restorer, led)
