"""What the tick tells the console: records that it replaces and never changes, so that any thread may read them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.modulators import Modulator
    from installation.scenes import Scene

HAND, CUE, MODULATOR, SCORE, SCENE = "hand", "cue", "modulator", "score", "scene"


@dataclass(frozen=True, slots=True)
class Turned:
    """Who turned a knob last, and when (seconds since 1970)."""

    source: str
    at: float


@dataclass(frozen=True, slots=True)
class Said:
    """What was said over a scene since it began: a picture that became its origin, another prompt."""

    scene: Scene | None = None
    origin: Path | None = None
    prompt: str | None = None

    def over(self, scene: Scene) -> Said:
        """The same where it was said over this scene; over another nothing was."""
        return self if self.scene is scene else Said(scene)

    def brought(self, origin: Path) -> Said:
        """With a picture."""
        return replace(self, origin=origin)

    def prompted(self, prompt: str) -> Said:
        """With a prompt."""
        return replace(self, prompt=prompt)


@dataclass(frozen=True, slots=True)
class Hands:
    """What plays, and what moves each knob: a hand, a cue, a modulator, the score or the scene; nothing: its default.

    ``turned`` says whose hand it was last, also where the knob was given back since. ``put`` is where hands and cues
    have told knobs to go, as board values; ``modulators`` are all that are at work.
    """

    scene: Scene
    rules: Mapping[str, str]
    turned: Mapping[str, Turned]
    put: Mapping[str, float]
    modulators: Mapping[str, Modulator]
    said: Said


def hands(house: House, said: Said, turned: Mapping[str, Turned], now: float) -> Hands:
    """Look at the house. Belongs to the tick; ``now`` is its monotonic time."""
    scene, store = house.scene, house.store
    layers = (
        (SCENE, scene.values),
        (SCORE, scene.score),
        (MODULATOR, store.modulators),
        (CUE, store.faded),
        (HAND, store.held(now)),
    )
    rules = {address: rule for rule, addresses in layers for address in addresses}
    return Hands(scene, rules, turned, store.put(now), store.modulators, said.over(scene))


def turn(turned: Mapping[str, Turned], sources: Mapping[str, str]) -> Mapping[str, Turned]:
    """The same with who turned something since."""
    at = time.time()
    return {**turned, **{address: Turned(source, at) for address, source in sources.items()}}
