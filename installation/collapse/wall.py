"""A text that collapses, on a wall: the real text, the generation before, and the one that was just written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from installation.collapse.text import Settings, TextGeneration, excerpt, generations

if TYPE_CHECKING:
    Columns = tuple[tuple[str, str], ...]

WORDS = 52  # of a column: with three of them, letters are large enough for ten metres


def columns(shown: Sequence[TextGeneration]) -> Columns:
    """Each generation's head and how it begins: at most the first of those given and the last two."""
    chosen = [*shown[:1], *shown[1:][-2:]]
    return tuple((head(each), excerpt(each.words, WORDS)) for each in chosen)


def head(generation: TextGeneration) -> str:
    """Which generation it is, and how many different words it has left."""
    return f"Generation {generation.serial} \N{MIDDLE DOT} {len(set(generation.words)):,} words"


def walls(real: tuple[str, ...], settings: Settings, seed: int, last: int) -> Iterator[tuple[TextGeneration, Columns]]:
    """Generation after generation with its wall, up to the ``last``; then again from the first, with another seed."""
    while True:
        shown: list[TextGeneration] = []
        for each in generations(real, settings, seed):
            shown = [*shown[:1], *shown[1:][-1:], each]
            yield each, columns(shown)
            if each.serial >= last:
                break
        seed += 1
