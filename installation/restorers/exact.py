"""Restorers that guess nothing: nobody, who leaves the picture burnt, and the demon, who takes the fire back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from installation.records import Step

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image
    from installation.restorers.protocol import Restoring


class Nobody:
    """Nobody restores: what is burnt stays burnt, and the next generation burns it again."""

    name = "none"
    digest = hashlib.sha256(b"none").hexdigest()

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:  # noqa: ARG002 - nothing to do
        """One step, with the burnt picture itself."""
        yield _seen(0, burnt, burnt.image)


class Demon:
    """Loschmidt's demon (1876): knows the dice of every step, and takes the steps back.

    Only a fire whose steps can be taken back lets it (``Burnt.homeward``); with any other it can do what nobody can.
    """

    name = "demon"
    digest = hashlib.sha256(b"demon").hexdigest()

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """As many steps as asked for on the way home; the last is the picture that arrived."""
        if burnt.homeward is None:
            yield from Nobody().restore(burnt, knobs, rng)
            return
        for index, image in enumerate(burnt.homeward(knobs.steps)):
            yield _seen(index, burnt, image)


def _seen(index: int, burnt: Burnt, image: Image) -> Step:
    return Step(index, burnt.sigma, image, image, noisy=False)
