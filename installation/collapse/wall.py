"""A text that collapses, on a wall: the real text, the generation before, and the one that was just written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from installation.collapse.text import Settings, TextGeneration, excerpt, first, retrain
from installation.randomness import generator

if TYPE_CHECKING:
    from installation.collapse.knobs import Words

    Columns = tuple[tuple[str, str], ...]

EXCERPT = 44  # words of a column: with three of them, letters are large enough for ten metres


class Author:
    """Owns the generations that stand on the wall: the first, the last but one and the last."""

    def __init__(self, real: tuple[str, ...], seed: int) -> None:
        """Nothing stands there. Every run through the generations has a seed of its own, counted from ``seed``."""
        self._real, self._seed = real, seed
        self._shown: list[TextGeneration] = []

    def write(self, words: Words) -> TextGeneration:
        """The next generation, as the knobs say now; after the last one, the real text again."""
        settings = Settings(temperature=words.temperature)
        if not self._shown or self._shown[-1].serial >= words.last:
            self._seed += 1
            self._shown = [first(self._real, settings.order)]
        else:
            rng = generator(self._seed, self._shown[-1].serial + 1)
            written = retrain(self._shown[-1], self._real, settings, rng)
            self._shown = [*self._shown[:1], *self._shown[1:][-1:], written]
        return self._shown[-1]

    def columns(self) -> Columns:
        """What stands on the wall: a head and a text each."""
        return columns(self._shown)


def columns(shown: Sequence[TextGeneration]) -> Columns:
    """Each generation's head and how it begins."""
    return tuple((head(each), excerpt(each.words, EXCERPT)) for each in shown)


def head(generation: TextGeneration) -> str:
    """Which generation it is, and how many different words it has left."""
    return f"Generation {generation.serial} \N{MIDDLE DOT} {len(set(generation.words)):,} words"
