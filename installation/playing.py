"""What plays: the scene that is wanted, the one that was asked of the engine, and what the engine says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from installation.records import Order

if TYPE_CHECKING:
    from installation.scenes import Scene


class Playing:
    """One request at a time: of twenty scenes asked for in a second, the last is played."""

    def __init__(self, scene: Scene, seed: int | None, engine: Callable[[Order], None], *, anew: bool) -> None:
        """Begin with ``scene``; ``anew`` with a new lineage, whatever the checkpoint knows. ``engine`` takes orders."""
        self.scene = scene
        self.told: Mapping[str, Any] = {}
        self.begun = False
        self._seed = seed
        self._engine = engine
        self._anew = anew
        self._asked: Scene | None = None

    def first_orders(self) -> list[Order]:
        """What a new engine begins with: it goes on where the last one stood, once there was one."""
        self._asked = self.scene
        return [self._play(resume=bool(self.told) or not self._anew)]

    def change(self, scene: Scene) -> None:
        """Want another scene; it is asked for as soon as the engine has answered what it was asked before."""
        self.scene, self.begun = scene, False
        self._ask()

    def began(self, told: Mapping[str, Any]) -> bool:
        """The engine plays a scene, and says which lineage with what; True when it is the first of all."""
        first = not self.told
        self.told, self.begun = told, told["scene"] == self.scene.name
        self._answered()
        return first

    def refused(self) -> bool:
        """The engine cannot begin what it was asked for; True if nothing else is wanted by now."""
        refused = self._asked
        self._answered()
        return refused is self.scene

    def _ask(self) -> None:
        if self._asked is None:
            self._asked = self.scene
            self._engine(self._play(resume=False))

    def _answered(self) -> None:
        answered, self._asked = self._asked, None
        if answered is not None and answered is not self.scene:
            self._ask()

    def _play(self, *, resume: bool) -> Order:
        seed = self._seed if self._seed is not None else self.scene.seed
        return Order("play", {"scene": self.scene, "seed": seed, "resume": resume})
