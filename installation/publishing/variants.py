"""Variants: what makes number 3 of 100 unlike all the others, and the same whenever the edition is made again.

Every variant has a lineage of its own, and the knobs for which its scene declares a range stand where no other variant
has them. All of them are drawn together, so that even a small edition reaches into every part of the ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.errors import Refusal
from installation.knobs import declared
from installation.publishing.kinship import RESTAGED
from installation.randomness import generator
from installation.ranges import PLACES
from installation.scores import Curve

if TYPE_CHECKING:
    from installation.knobs import Knob
    from installation.randomness import Generator
    from installation.recording.takes import Take
    from installation.scenes import Scene

    #: One row for each variant, one column for each knob; every number is at least 0 and below 1.
    Shares = np.ndarray[tuple[int, int], np.dtype[np.float64]]

NUMBERED = "edition"  # the key of a manifest
MOST = 9999
SEEDS, KNOBS = 64, 65  # streams of the edition's random numbers; a lineage with the same seed uses others
SEED_BITS = 63
TRIES, PAIRS = 64, 2**20  # cubes to choose from, and how many pairs of variants may be compared for that in all


class EditionError(Refusal):
    """An edition that cannot be made, or not here, with the reason."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Number so-and-so of ``count`` in the edition of ``seed``.

    ``lineage`` is the seed of its own lineage. ``drawn`` is what its knobs have by address, in board values: where they
    stand, or how far the scene's are moved.
    """

    number: int
    count: int
    seed: int
    lineage: int
    drawn: Mapping[str, float]


def variants(scene: Scene, count: int, seed: int) -> tuple[Variant, ...]:
    """All variants of an edition, number 1 first: a pure function of these three.

    Raises ``EditionError`` unless ``count`` is 1 to 9999 and ``seed`` 0 to 2^64 - 1.
    """
    if not 1 <= count <= MOST:
        raise EditionError(f"An edition of {count}? Choose --count from 1 to {MOST}.")
    if not 0 <= seed < 2**64:
        raise EditionError(f"{seed} is no seed. Choose --seed from 0 to 2^64 - 1.")
    first = int(generator(seed, count, SEEDS).integers(2**SEED_BITS))
    table = spread(generator(seed, count, KNOBS), count, len(scene.ranges))
    return tuple(
        Variant(
            number, count, seed,
            lineage=(first + number) % 2**SEED_BITS,  # counted on: two draws might be alike
            drawn={at: scene.ranges[at].drawn(share) for at, share in zip(sorted(scene.ranges), row, strict=True)},
        )
        for number, row in enumerate(table.tolist(), start=1)
    )  # fmt: skip


def spread(rng: Generator, count: int, knobs: int) -> Shares:
    """Points of a cube, ``count`` x ``knobs``, that lie everywhere in it.

    A Latin hypercube: each of ``count`` equal parts of every knob has one point (McKay, Beckman & Conover 1979). Of
    several the one whose nearest two points are furthest apart (maximin: Johnson, Moore & Ylvisaker 1990).
    """
    tries = min(PAIRS // count**2, TRIES) if count > 1 and knobs > 1 else 1
    if tries <= 1:
        return _latin(rng, count, knobs)
    return max((_latin(rng, count, knobs) for _ in range(tries)), key=_nearest)


def varied(scene: Scene, variant: Variant) -> Scene:
    """The scene as a variant plays it: with its seed, and its knobs where they were drawn."""
    values, score, knobs = dict(scene.values), dict(scene.score), declared()
    for address, drawn in variant.drawn.items():
        knob = knobs[address]
        if not scene.ranges[address].shifts:
            values[address] = drawn
            score.pop(address, None)
        elif address in score:
            score[address] = _moved(score[address], drawn, knob)
        else:
            values[address] = _added(values.get(address, knob.default), drawn, knob)
    return replace(scene, seed=variant.lineage, values=values, score=score)


def record(scene: Scene, variant: Variant) -> dict[str, Any]:
    """What a manifest says of a variant; a knob that was moved has a sign before its number."""
    knobs = declared()
    said = {
        address: f"{drawn:+}" if scene.ranges[address].shifts else _spoken(knobs[address], drawn)
        for address, drawn in variant.drawn.items()
    }
    return {"number": variant.number, "count": variant.count, "seed": str(variant.seed), "knobs": said}


def numbered(take: Take) -> Mapping[str, Any]:
    """What a take says of its number; nothing where it has none, or was made of one that has: a copy is no original."""
    return {} if RESTAGED in take.manifest else dict(take.manifest.get(NUMBERED, {}))


def fraction(take: Take) -> str:
    """Which it is of its edition, as it is written under a print: ``3/100``; empty where it is of none."""
    said = numbered(take)
    return f"{said['number']}/{said['count']}" if said else ""


def sentence(said: Mapping[str, Any]) -> str:
    """The same for a person; empty where there is no number."""
    if not said:
        return ""
    knobs = ", ".join(f"{address} {value}" for address, value in said["knobs"].items())
    return f"Number {said['number']} of {said['count']}, edition seed {said['seed']}" + (
        f": {knobs}." if knobs else "."
    )


def _latin(rng: Generator, count: int, knobs: int) -> Shares:
    parts = np.tile(np.arange(count, dtype=np.float64)[:, None], (1, knobs))
    return (rng.permuted(parts, axis=0) + rng.random((count, knobs))) / count


def _nearest(points: Shares) -> float:
    """The square of the distance between the nearest two."""
    apart = np.square(points[:, None] - points).sum(axis=2)
    return float(apart[np.triu_indices(len(points), 1)].min())


def _moved(curve: Curve, by: float, knob: Knob) -> Curve:
    return replace(curve, points=tuple((generation, _added(value, by, knob)) for generation, value in curve.points))


def _added(value: float, by: float, knob: Knob) -> float:
    """Moved, as far as the knob goes."""
    return knob.parse(round(value + by, PLACES))


def _spoken(knob: Knob, drawn: float) -> str:
    shown = knob.show(drawn)
    return ("on" if shown else "off") if isinstance(shown, bool) else str(shown)
