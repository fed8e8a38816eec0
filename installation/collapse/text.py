"""Words that collapse: a model reads a text, writes as much, the next model reads that, and so on.

Generation 0 is the real text; generation g + 1 is what the model of generation g wrote. Shumailov et al. 2024,
Nature 631:755, with a model that fits into a second of one processor.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from installation.collapse.ngram import PASSAGE, CollapseError, fit, perplexity, write
from installation.randomness import generator

if TYPE_CHECKING:
    from installation.randomness import Generator

#: A word with its inner apostrophes and hyphens, or a mark. Quotation marks and brackets are not read: a memory of
#: two words cannot close them again.
TOKEN = re.compile(r"\w+(?:['\u2019-]\w+)*|[.,;:!?—]")
HEADING = re.compile(r"^CHAPTER \d+\..*$", re.MULTILINE)
FEWEST = 100  # words of a text that something can be learnt from
STAMMER = 4  # words of a sequence that should not come again: seq-rep-4 (Welleck et al. 2020)
SENTENCE_ENDS = frozenset(".!?")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a generation is written. ``order``: words of memory and the next one, 1 to 4, 2 for a bigram model.

    ``temperature`` .1 to 2 sharpens the choice of words below 1, ``beam`` 1 to 8 is how many continuations are tried
    at once, ``fresh`` 0 to 1 is the share of real text among what is read next. Raises ``CollapseError``.
    """

    temperature: float = 0.7
    beam: int = 1
    fresh: float = 0.0
    order: int = 3

    def __post_init__(self) -> None:
        """Refuse what no generation can be written with."""
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:  # NaN is in no range
                raise CollapseError(f"{name} takes a number from {low:g} to {high:g}, not {getattr(self, name)}.")


LIMITS: Mapping[str, tuple[float, float]] = {
    "temperature": (0.1, 2.0),
    "beam": (1, 8),
    "fresh": (0.0, 1.0),
    "order": (1, 4),
}


@dataclass(frozen=True, slots=True)
class TextGeneration:
    """One generation: ``words`` are what the next model reads, the last ``fresh`` of them real, the others written.

    ``readings`` are measured with the model of this generation; ``MEANING`` says what they are.
    """

    serial: int
    words: tuple[str, ...]
    fresh: int
    readings: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reading of a text says, in which unit, after whom; ``log``: best drawn on a logarithmic scale."""

    title: str
    unit: str
    doc: str
    source: str
    log: bool = False


#: The readings of collapse for text, by their names in ``TextGeneration.readings``.
MEANING: Mapping[str, Meaning] = {
    "perplexity": Meaning(
        "perplexity", "words", "Between how many words the model hesitates at each word of the real text.",
        "Jelinek et al. 1977", log=True,
    ),
    "vocabulary": Meaning("vocabulary", "words", "Different words and marks that are left.", "Fisher et al. 1943"),
    "distinct_2": Meaning("distinct-2", "of pairs", "Pairs of words that differ, of all pairs.", "Li et al. 2016"),
    "entropy": Meaning("unigram entropy", "bit/word", "How surprising a word is, by its frequency.", "Shannon 1948"),
    "repetition": Meaning(
        "seq-rep-4", "of fours", "Sequences of four words that were there before: stammering.", "Welleck et al. 2020"
    ),
}  # fmt: skip


def tokens(text: str) -> tuple[str, ...]:
    """Words and marks as they stand, upper and lower case kept; headings of chapters are left out."""
    return tuple(TOKEN.findall(HEADING.sub("", text)))


def sentence(words: Sequence[str]) -> str:
    """Words and marks as a line of prose again."""
    closed = re.sub(r" (?=[.,;:!?])", "", " ".join(words))
    return re.sub(r" ?— ?", "—", closed)


def excerpt(words: Sequence[str], most: int) -> str:
    """The beginning of a text as prose, at most so many words and marks, to the end of a sentence if one is near it."""
    ends = [place for place, word in enumerate(words[:most], start=1) if word in SENTENCE_ENDS]
    if ends and ends[-1] >= most // 2:
        return sentence(words[: ends[-1]])
    said = sentence(words[:most])
    return f"{said.rstrip(',;:—')} …" if len(words) > most else said


def load(path: Path) -> tuple[str, ...]:
    """The words of a text file in UTF-8. Raises ``CollapseError`` where there is none, or nothing to learn from."""
    try:
        words = tokens(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CollapseError(f"{path}: cannot be read ({error.strerror}). Name a text file.") from error
    except UnicodeDecodeError:
        raise CollapseError(f"{path}: not a text in UTF-8. Save it again as UTF-8.") from None
    return enough(words, path.name)


def enough(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The words, where there are enough of them. Raises ``CollapseError``."""
    if len(words) < FEWEST:
        raise CollapseError(f"{name}: {len(words)} words; at least {FEWEST} are needed to learn from.")
    return words


def first(real: tuple[str, ...], order: int) -> TextGeneration:
    """Generation 0: the real text, and the first model that reads it."""
    return TextGeneration(0, real, len(real), measure(real, real, order))


def retrain(present: TextGeneration, real: tuple[str, ...], settings: Settings, rng: Generator) -> TextGeneration:
    """The next generation: as many words as the real text has, written by the model of the present one.

    With a fresh share p, the last p of them are passages from the real text, drawn anew every time. A word that the
    model has lost is never written again: without fresh text the vocabulary only shrinks.
    """
    fresh = round(settings.fresh * len(real))
    model = fit(present.words, settings.order)
    written = write(model, len(real) - fresh, rng, settings.temperature, settings.beam)
    words = (*written, *passages(real, fresh, rng))
    return TextGeneration(present.serial + 1, words, fresh, measure(words, real, settings.order))


def generations(
    real: tuple[str, ...], settings: Settings, seed: int, after: TextGeneration | None = None
) -> Iterator[TextGeneration]:
    """The generations that follow one (by default the first, which is given too), endlessly.

    Each draws from (seed, its serial): it is the same whether the run was interrupted before it or not.
    """
    present = after
    if present is None:
        yield (present := first(real, settings.order))
    while True:
        present = retrain(present, real, settings, generator(seed, present.serial + 1))
        yield present


def passages(real: Sequence[str], number: int, rng: Generator) -> list[str]:
    """So many words of a text, in passages of 64 from places drawn at random."""
    drawn: list[str] = []
    while len(drawn) < number:
        size = min(PASSAGE, number - len(drawn), len(real))
        start = int(rng.integers(0, len(real) - size + 1))
        drawn += real[start : start + size]
    return drawn


def measure(words: Sequence[str], real: Sequence[str], order: int) -> dict[str, float]:
    """The readings of a generation's words and of the model that reads them, as ``MEANING`` explains them."""
    shares = np.array(list(Counter(words).values())) / len(words)
    return {
        "perplexity": perplexity(fit(words, order), real, len(set(real))),
        "vocabulary": float(len(shares)),
        "distinct_2": len(set(pairwise(words))) / (len(words) - 1),
        "entropy": max(float(-(shares * np.log2(shares)).sum()), 0.0),
        "repetition": repetition(words),
    }


def repetition(words: Sequence[str]) -> float:
    """seq-rep-4: the share of sequences of four words that were there before, 0 to 1."""
    sequences = [tuple(words[place : place + STAMMER]) for place in range(len(words) - STAMMER + 1)]
    return 1.0 - len(set(sequences)) / len(sequences)


def described(settings: Settings) -> str:
    """The settings in a line."""
    return ", ".join(f"{name} {value:g}" for name, value in asdict(settings).items())
