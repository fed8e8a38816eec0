"""An expert's album: its lessons drawn once, as the outlines that are all it hears, and mixed anew at every step.

Composing pictures costs as much as a third of an expert's step. Thousands of them fit into memory as outlines; noise
and company are always new.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from installation.randomness import generator
from installation.restorers import wavelet
from installation.restorers.conditions import GAUSSIAN
from installation.training.lessons import LESSONS, Lesson, in_order
from installation.training.objective import draw_sigma

if TYPE_CHECKING:
    from installation.training.lessons import Lessons


class Album:
    """Pictures of the first lessons of a course, waiting for white noise: a dataset of lessons as ``Lessons`` is one.

    What a picture costs to keep: 24 kB of 256 x 256 pixels.
    """

    def __init__(self, lessons: Lessons, pictures: int, workers: int = 0) -> None:
        """Draw at least so many ``pictures``; ``workers`` processes help."""
        import torch

        first = lessons[0]
        self._lessons, self._size = lessons, len(first.words)
        pages = -(-pictures // self._size)
        outline = wavelet.outline(first.clean)
        # whole from the start: small things kept among large ones that come and go would keep their room, too
        self._outlines = outline.new_empty((pages, *outline.shape), dtype=torch.float16)
        self._words = first.words.new_empty((pages, *first.words.shape))
        for page, lesson in enumerate(itertools.islice(in_order(lessons, 0, workers), pages)):
            self._outlines[page], self._words[page] = wavelet.outline(lesson.clean), lesson.words
        self._outlines, self._words = self._outlines.flatten(0, 1), self._words.flatten(0, 1)

    def __len__(self) -> int:
        return LESSONS

    def __getitem__(self, step: int) -> Lesson:
        """The lesson of a step."""
        import torch

        course = self._lessons
        rng = generator(course.seed, LESSONS + step, stream=course.rank)  # behind all that the pictures were drawn with
        chosen = torch.from_numpy(rng.integers(len(self._words), size=self._size))
        clean = self._outlines[chosen].float()
        white, cold = torch.full((self._size,), GAUSSIAN), torch.zeros(self._size)
        sigma = draw_sigma(self._size, course.diet.middle, course.diet.spread, rng)
        return Lesson(clean, clean, white, cold, sigma, self._words[chosen])
