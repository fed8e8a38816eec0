"""Lineages across takes: what one evening began goes on in the next; what nobody recorded is left as a gap."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from installation.publishing.catalogue.tree import EDGE, WIDTH, Piece, strength

if TYPE_CHECKING:
    from datetime import datetime

    from installation.publishing.catalogue.leaf import Leaf
    from installation.records import Generation

SHADES = 16  # of one take's part: it is a short piece of a line
MOST = 24  # lineages on the first page, those seen last
HEIGHT, LEVEL, SIDE = 84.0, 42.0, 52.0  # of a drawing, of its line, and of a picture on it, in its units

Identity = tuple[int, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Strand:
    """What one take holds of a lineage: serials from ``first`` to ``last``; how strong its line is, 0.25 to 1."""

    seed: int
    scene: str
    origin: str
    first: int
    last: int
    strengths: Sequence[float]

    @property
    def identity(self) -> Identity:
        """By which it is known in other takes."""
        return (self.seed, self.scene)


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A strand with the take it is in: the name of its leaf, its title, when it began, and its cover or nothing."""

    leaf: str
    title: str
    started: datetime
    cover: str
    strand: Strand


@dataclasses.dataclass(frozen=True, slots=True)
class Descent:
    """A lineage that several takes hold; ``parts`` run from its first generation to its last."""

    parts: Sequence[Part]

    @property
    def origin(self) -> str:
        """What it grew from."""
        named = (part.strand.origin for part in self.parts if part.strand.origin)
        return next(named, self.parts[0].strand.scene)

    @property
    def first(self) -> int:
        """The serial of the first generation that was recorded."""
        return min(part.strand.first for part in self.parts)

    @property
    def last(self) -> int:
        """The serial of the last."""
        return max(part.strand.last for part in self.parts)

    @property
    def seen(self) -> datetime:
        """When it was seen last."""
        return max(part.started for part in self.parts)

    def across(self, serial: int) -> float:
        """Where a generation ends on the line; it begins where the one before it ended, the first at the left edge."""
        begun = self.first - 1
        return EDGE + (serial - begun) / (self.last - begun) * (WIDTH - 2 * EDGE)

    def span(self, part: Part) -> tuple[float, float]:
        """Where a part of the line begins and ends; parts between which nothing is missing touch."""
        return self.across(part.strand.first - 1), self.across(part.strand.last)

    def pieces(self, part: Part) -> Iterator[Piece]:
        """One part of the line, as strong as the memory that is left."""
        left, right = self.span(part)
        wide = (right - left) / len(part.strand.strengths)
        for place, strong in enumerate(part.strand.strengths):
            yield Piece((left + place * wide, LEVEL), (left + (place + 1) * wide, LEVEL), strong)

    def gaps(self) -> Iterator[tuple[float, float]]:
        """Where on the line nobody recorded it: the ends of every gap between two parts."""
        reached = self.first - 1
        for part in self.parts:
            if part.strand.first - 1 > reached:
                yield self.across(reached), self.across(part.strand.first - 1)
            reached = max(reached, part.strand.last)

    def hung(self) -> Iterator[tuple[Part, float | None]]:
        """Every part with the middle of its cover, or None where there is none or no room for it on the line."""
        taken = -SIDE
        for part in self.parts:
            middle = sum(self.span(part)) / 2
            room = part.cover and middle - taken >= SIDE
            taken = middle if room else taken
            yield part, middle if room else None


@dataclasses.dataclass(frozen=True, slots=True)
class Kin:
    """The takes in which the lineages of a take were seen before it, and go on after it; each but once."""

    before: Sequence[Part]
    after: Sequence[Part]


def strands(generations: Iterable[Generation], scene: str, origin: str) -> list[Strand]:
    """The lineages of one take, in the order they were played; ``origin`` is known of its first ``scene`` only.

    A reborn engine may have said a serial twice.
    """
    played = itertools.groupby(generations, key=lambda each: (each.seed, each.scene))
    return [_strand(list(run), origin if of == scene else "") for (_, of), run in played]


def descents(leaves: Sequence[Leaf]) -> list[Descent]:
    """Every lineage that more than one take holds, the one that was seen last first."""
    known: dict[Identity, list[Part]] = {}
    for leaf in leaves:
        for part in _parts(leaf):
            known.setdefault(part.strand.identity, []).append(part)
    found = [
        Descent(sorted(parts, key=lambda part: (part.strand.first, part.started)))
        for parts in known.values()
        if len(_each_once(parts)) > 1
    ]
    return sorted(found, key=lambda descent: descent.seen, reverse=True)


def kinship(found: Iterable[Descent]) -> Mapping[str, Kin]:
    """For each leaf whose lineages are in others too: the takes next before it and next after it.

    Where two takes show the same generations, as two runs with one seed do, neither goes on from the other.
    """
    kin: dict[str, tuple[list[Part], list[Part]]] = {}
    for descent in found:
        for one, other in itertools.pairwise(_each_once(descent.parts)):
            if other.strand.first > one.strand.first and other.strand.last > one.strand.last:
                kin.setdefault(one.leaf, ([], []))[1].append(other)
                kin.setdefault(other.leaf, ([], []))[0].append(one)
    return {leaf: Kin(_each_once(before), _each_once(after)) for leaf, (before, after) in kin.items()}


def _strand(run: Sequence[Generation], origin: str) -> Strand:
    serials = [each.serial for each in run]
    count = min(len(run), SHADES)
    shown = (run[int((place + 0.5) * len(run) / count)] for place in range(count))
    return Strand(run[0].seed, run[0].scene, origin, min(serials), max(serials), [strength(each) for each in shown])


def _parts(leaf: Leaf) -> Iterator[Part]:
    cover = leaf.cover.file if leaf.cover else ""
    return (Part(leaf.name, leaf.title, leaf.take.started, cover, strand) for strand in leaf.strands)


def _each_once(parts: Sequence[Part]) -> list[Part]:
    """The first part of each take: a lineage left and taken up again within one take was in it once."""
    return list({part.leaf: part for part in reversed(parts)}.values())[::-1]
