"""Lessons: batches of pictures with what was done to them, each drawn from (seed, step) alone.

A lesson may be drawn anywhere, in this process or in another one ahead of time; it is the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.randomness import generator
from installation.restorers.conditions import GAUSSIAN, SILENCE, number
from installation.training.composition import Exhibit, portray, typical
from installation.training.objective import burner, draw_sigma, to_batch

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image
    from installation.training.album import Album
    from installation.training.corpus import Corpus

SAID = 8  # words of a caption that are listened to
COOLEST = 0.05  # a medium below this temperature has done nothing yet
LEAST = 20  # pictures of a word that is drawn by itself unasked: fewer would be learnt by heart
ALONE = 0.5  # of such pictures, nothing but that word is said: so do those ask who are in the room
LESSONS = 2**31  # more than will ever be drawn


@dataclass(frozen=True, slots=True)
class Diet:
    """What lessons are made of: pictures per lesson by size, how they are burnt, and how often captions are silent.

    ``named`` is the share of pictures of one thing each, every one of ``words`` as often as any other; where none are
    given, every word of many pictures.
    """

    small: int
    large: int
    batch: int
    large_batch: int
    middle: float
    spread: float
    media: Mapping[str, float]
    silence: float
    named: float = 0.0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """B pictures, clean and burnt (B x 3 x H x W in -1 to 1, or outlines of such), and what was done to each.

    ``medium``: its number, -1 for white noise of strength ``sigma``, which is added later, where the network is;
    ``words``: B x 8 numbers filled up with 0.
    """

    clean: Image
    burnt: Image
    medium: torch.Tensor
    temperature: torch.Tensor
    sigma: torch.Tensor
    words: torch.Tensor

    def to(self, device: torch.device) -> Lesson:
        """The same lesson on a device."""
        moved = {part.name: getattr(self, part.name).to(device) for part in dataclasses.fields(self)}
        return dataclasses.replace(self, **moved)


class Lessons:
    """All lessons by their number, as a dataset; ``large`` says which size is drawn from now on."""

    def __init__(self, corpus: Corpus, words: tuple[str, ...], diet: Diet, seed: int, rank: int = 0) -> None:
        import torch

        self.corpus, self.diet, self.seed, self.rank = corpus, diet, seed, rank
        self.numbers = number(words)
        shown = corpus.by_word(diet.words or words, 1 if diet.words else LEAST) if diet.named else {}
        self.shown = [(word, typical(pictures)) for word, pictures in shown.items()]
        self.large = torch.zeros(1, dtype=torch.bool).share_memory_()  # type: ignore[no-untyped-call] # torch's own

    def __len__(self) -> int:
        return LESSONS

    def __getitem__(self, step: int) -> Lesson:
        """The lesson of a step: its pictures are composed, burnt and captioned."""
        import torch

        large = bool(self.large)
        size, count = (self.diet.large, self.diet.large_batch) if large else (self.diet.small, self.diet.batch)
        rng = generator(self.seed, step, stream=self.rank)
        media = _draw_media(self.diet.media, count, rng)
        heat = rng.uniform(COOLEST, 1.0, count).astype(np.float32)
        drawn = [self._draw(size, medium, float(T), rng) for medium, T in zip(media, heat, strict=True)]
        sigma = draw_sigma(count, self.diet.middle, self.diet.spread, rng)
        numbers = torch.tensor([GAUSSIAN if name is None else list(self.diet.media).index(name) for name in media])
        clean, burnt = (torch.cat([pair[side] for pair in drawn]) for side in (0, 1))
        words = torch.tensor([self._spell(said, rng) for *_, said in drawn])
        return Lesson(clean, burnt, numbers, torch.from_numpy(heat), sigma, words)

    def _draw(self, size: int, medium: str | None, temperature: float, rng: Generator) -> tuple[Image, Image, Any]:
        """A picture, burnt at full size where a medium depends on it, and a window of both."""
        if medium is None:
            exhibit = self._show(size, rng)
            clean = to_batch([exhibit.pixels])
            return clean, clean, exhibit.words
        exhibit = self.corpus.draw(self.diet.large, rng)
        clean = to_batch([exhibit.pixels])
        burnt = burner(medium, temperature)(clean, rng).image
        top, left = rng.integers(self.diet.large - size + 1, size=2)
        window = (..., slice(top, top + size), slice(left, left + size))
        return clean[window], burnt[window], exhibit.words

    def _show(self, size: int, rng: Generator) -> Exhibit:
        if not self.shown or rng.random() >= self.diet.named:
            return self.corpus.draw(size, rng)
        word, pictures = self.shown[int(rng.integers(len(self.shown)))]
        portrait = portray(*pictures[int(rng.integers(len(pictures)))], size, rng)
        return Exhibit(portrait.pixels, (word,)) if rng.random() < ALONE else portrait

    def _spell(self, words: tuple[str, ...], rng: Generator) -> list[int]:
        """The numbers of a caption's known words, or silence, which must be learnt as well."""
        known = list(dict.fromkeys(self.numbers[word] for word in words if word in self.numbers))
        heard = [] if rng.random() < self.diet.silence else known[:SAID]
        return heard + [SILENCE] * (SAID - len(heard))


def _draw_media(shares: Mapping[str, float], count: int, rng: Generator) -> list[str | None]:
    """A medium for each picture of a lesson; none, for what the shares leave, is white noise."""
    names: list[str | None] = [None, *shares]
    parts = np.array([1.0 - sum(shares.values()), *shares.values()])
    return [names[index] for index in rng.choice(len(names), size=count, p=parts)]


def in_order(lessons: Lessons | Album, first: int, workers: int) -> Iterator[Lesson]:
    """Lessons from the first on, drawn ahead by other processes if there are any."""
    from torch.utils.data import DataLoader

    context = "fork" if workers else None  # the corpus is shared, not copied
    steps = range(first, len(lessons))
    dataset: Any = lessons  # as far as a loader asks
    yield from DataLoader(dataset, None, sampler=steps, num_workers=workers, multiprocessing_context=context)
