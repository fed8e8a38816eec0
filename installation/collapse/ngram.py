"""A language model small enough to be honest: it knows which word followed which two words, how often, and no more."""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from installation.errors import Refusal

if TYPE_CHECKING:
    from installation.randomness import Generator

    Row = np.ndarray[tuple[int], np.dtype[np.float64]]

TRUST = 0.8  # how much the longer memory is believed, the rest goes to the shorter one
FLOOR = 0.25  # of what the shortest gets: 0.01 of all, with three words, for words that the model has lost
PASSAGE = 64  # words that are searched or taken from the real text at once: the block of Shumailov et al. 2024
ROWS = 512  # distributions kept: a collapsed text asks for the same few again and again


class CollapseError(Refusal):
    """A text, a setting or a folder that no collapse can be made of, with the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """An interpolated n-gram model (Jelinek & Mercer 1980).

    ``words`` is its vocabulary, all that it will ever say, ``shares`` how often it read each, 0 to 1. ``following``
    maps a context of 1 to ``order`` - 1 words to how often each word came after it. Words are indices into ``words``.
    """

    order: int
    words: tuple[str, ...]
    shares: Row
    following: Mapping[tuple[int, ...], Mapping[int, int]]

    def distribution(self, context: Sequence[int]) -> Row:
        """The chance of every word after a context, shape len(words), sum 1. Longer contexts are cut to the memory."""
        row = self.shares.copy()
        for seen in self._seen(context):
            row *= 1.0 - TRUST
            row[list(seen)] += TRUST / sum(seen.values()) * np.fromiter(seen.values(), np.float64)
        return row

    def _seen(self, context: Sequence[int]) -> Iterable[Mapping[int, int]]:
        """What followed the end of a context, from one word of it to as many as the model remembers."""
        ends = (tuple(context[len(context) - size :]) for size in range(1, min(self.order, len(context) + 1)))
        return (self.following[end] for end in ends if end in self.following)


def fit(text: Sequence[str], order: int) -> Model:
    """The model of a text. Raises ``CollapseError`` for a text of fewer words than the model remembers."""
    if len(text) < max(order, 2):
        raise CollapseError(f"A text of {len(text)} words is too short for a model that remembers {order}.")
    counts = Counter(text)
    words = tuple(sorted(counts))
    place = {word: index for index, word in enumerate(words)}
    coded = [place[word] for word in text]
    following: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for size in range(1, order):
        for end in range(size, len(coded)):
            following[tuple(coded[end - size : end])][coded[end]] += 1
    return Model(order, words, np.array([counts[word] for word in words]) / len(text), dict(following))


def perplexity(model: Model, text: Sequence[str], vocabulary: int) -> float:
    """How many words the model hesitates between at each word of a text, 1 (it knows the text) upwards.

    Every one of ``vocabulary`` words, the real text's, keeps a small chance, so that what is lost costs much but not
    everything. exp of the mean negative log-likelihood per word.
    """
    place = {word: index for index, word in enumerate(model.words)}
    coded = [place.get(word, -1) for word in text]
    surprise = math.fsum(
        -math.log(_probability(model, coded[max(0, at - model.order + 1) : at], word, vocabulary))
        for at, word in enumerate(coded)
    )
    return math.exp(surprise / len(coded))


def write(model: Model, length: int, rng: Generator, temperature: float = 1.0, beam: int = 1) -> list[str]:
    """``length`` words from the model, as after a full stop.

    ``temperature`` T > 0 sharpens every choice to p^(1/T): below 1 the likely becomes likelier. ``beam`` is how many
    continuations are tried at once, passage by passage, the likeliest of which is kept (beam search with sampling);
    1 is plain sampling.
    """

    @functools.lru_cache(maxsize=ROWS)
    def row(context: tuple[int, ...]) -> Row:
        sums: Row = np.cumsum(model.distribution(context) ** (1.0 / temperature))
        sums /= sums[-1]
        return sums

    memory = max(model.order - 1, 1)
    text = [model.words.index(".")] if "." in model.words else []
    silent = len(text)  # the full stop before the first word is not said
    while len(text) - silent < length:
        size = min(PASSAGE, length + silent - len(text))
        best = [(0.0, tuple(text[-memory:]))]
        for _ in range(size):
            best = _grown(best, row, rng, memory, beam)
        text += best[0][1][-size:]
    return [model.words[index] for index in text[silent:]]


def _grown(
    hypotheses: list[tuple[float, tuple[int, ...]]],
    row: Callable[[tuple[int, ...]], Row],
    rng: Generator,
    memory: int,
    beam: int,
) -> list[tuple[float, tuple[int, ...]]]:
    """Each hypothesis by one word, in ``beam`` ways; of all of them the likeliest ``beam``, the likeliest first."""
    grown: dict[tuple[int, ...], float] = {}
    for score, said in hypotheses:
        sums = row(said[-memory:])
        for index in np.searchsorted(sums, rng.random(beam), side="right").tolist():
            chance = sums[index] - (sums[index - 1] if index else 0.0)
            grown[(*said, index)] = score + math.log(chance)
    return sorted(((score, said) for said, score in grown.items()), reverse=True)[:beam]


def _probability(model: Model, context: Sequence[int], word: int, vocabulary: int) -> float:
    """One entry of ``distribution``, with the floor for lost words. ``word`` is -1 for a word that is not known."""
    known = float(model.shares[word]) if word >= 0 else 0.0
    chance = (1.0 - FLOOR) * known + FLOOR / vocabulary
    for seen in model._seen(context):  # noqa: SLF001 - of this module
        chance = TRUST * seen.get(word, 0) / sum(seen.values()) + (1.0 - TRUST) * chance
    return chance
