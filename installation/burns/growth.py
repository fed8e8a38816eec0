"""A fire that grows: the stages of a burn on the way to its temperature, and the burn that can be lit again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from installation.burns.chain import Chain, at, followed, name_of
from installation.burns.gaussian import Gaussian, walk
from installation.burns.registry import Medium
from installation.randomness import followers
from installation.records import Burnt

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Image

    Dice = Callable[[], Generator]

WHOLE = Fraction(1)


def growing(medium: Medium, image: Image, dice: Dice, stages: int) -> Iterator[Burnt]:
    """So many stages in equal steps of temperature, and then the burn itself: ``stages`` + 1 burnt images.

    ``dice`` gives the same random numbers afresh whenever it is called: it is one fire, growing. Of a chain the first
    medium grows, then the next. ``medium`` and ``again`` of each ``Burnt`` are filled in.
    """

    def again(guess: Image, temperature: float) -> Burnt:
        return burn(at(medium, temperature), guess, dice, stages)

    shares = [Fraction(stage, stages + 1) for stage in range(1, stages + 2)]
    for burnt in _grown(medium, image, dice, shares):
        yield replace(burnt, medium=name_of(medium), again=again)


def burn(medium: Medium, image: Image, dice: Dice, stages: int = 0) -> Burnt:
    """The last of ``growing``: where the way does not matter, nothing but that is burnt.

    ``again`` returns a whole ``Burnt`` and not its image alone, as whoever restores from a cooler one must know its
    sigma.
    """
    *_, burnt = growing(medium, image, dice, stages if _walks(medium) else 0)
    return burnt


def _walks(medium: Medium) -> bool:
    """Whether the burn depends on the way to it."""
    if isinstance(medium, Chain):
        return any(map(_walks, medium.links))
    return isinstance(medium, Gaussian) and medium.walk == "markov"


def _grown(medium: Medium, image: Image, dice: Dice, shares: Sequence[Fraction]) -> Iterator[Burnt]:
    if isinstance(medium, Chain):
        yield from _one_after_the_other(medium, image, dice, shares)
    elif _walks(medium):
        yield from walk(image, [medium.temperature * float(share) for share in shares], dice())
    else:
        for share in shares:
            yield at(medium, medium.temperature * float(share))(image, dice())


def _one_after_the_other(chain: Chain, image: Image, dice: Dice, shares: Sequence[Fraction]) -> Iterator[Burnt]:
    """Every link has an equal part of the way to itself, and is burnt to its end before the next one begins."""
    burnt, number = Burnt(image, 0.0, 0.0), len(chain.links)
    for place, link in enumerate(chain.links):
        before = burnt
        seen = [own for share in shares if 0 < (own := share * number - place) <= 1]
        stops = seen if WHOLE in seen else [*seen, WHOLE]
        fires = _grown(link, before.image, partial(_follower, dice, number, place), stops)
        for stop, fire in zip(stops, fires, strict=True):
            burnt = followed(before, fire)
            if stop in seen:
                yield burnt


def _follower(dice: Dice, number: int, place: int) -> Generator:
    return followers(dice(), number)[place]
