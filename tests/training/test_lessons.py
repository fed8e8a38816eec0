"""Lessons: what a batch is made of, and that it is always the same."""

import itertools
from dataclasses import fields

import numpy as np
import pytest
import torch

from installation.restorers.conditions import GAUSSIAN
from installation.training.composition import Exhibit
from installation.training.corpus import Corpus
from installation.training.lessons import LEAST, SAID, Diet, Lesson, Lessons, in_order

WORDS = ("cat", "hat", "sea")


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (90, 90, 3), dtype=np.uint8) for _ in range(6)]
    return Corpus({"photo": [Exhibit(picture, ("cat", "whale", "sea", "cat")) for picture in pictures]}, {}, {})


def lessons(corpus, silence=0.0, seed=1, rank=0, **media):
    diet = Diet(64, 128, 6, 3, 0.0, 1.0, media, silence)
    return Lessons(corpus, WORDS, diet, seed, rank)


def same(one, other):
    return all(torch.equal(getattr(one, part.name), getattr(other, part.name)) for part in fields(Lesson))


def test_a_lesson_is_the_same_whenever_it_is_drawn(corpus):
    assert same(lessons(corpus, heat=0.5)[7], lessons(corpus, heat=0.5)[7])
    assert not same(lessons(corpus)[7], lessons(corpus)[8])


def test_processes_of_one_run_draw_different_pictures(corpus):
    assert not same(lessons(corpus, rank=0)[3], lessons(corpus, rank=1)[3])


def test_small_lessons_come_first_and_large_ones_when_it_is_time(corpus):
    course = lessons(corpus, heat=0.5)
    assert course[0].clean.shape == course[0].burnt.shape == (6, 3, 64, 64)
    course.large[0] = True
    assert course[0].clean.shape == course[0].burnt.shape == (3, 3, 128, 128)


def test_without_media_everything_waits_for_white_noise(corpus):
    drawn = lessons(corpus)[0]
    assert (drawn.medium == GAUSSIAN).all()
    assert torch.equal(drawn.clean, drawn.burnt)


def test_media_come_as_often_as_their_share(corpus):
    course = lessons(corpus, heat=0.5, gaussian=0.25)
    numbers = torch.cat([course[step].medium for step in range(60)])
    shares = [(numbers == number).float().mean().item() for number in (GAUSSIAN, 0, 1)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.1)


def test_what_a_medium_burnt_is_a_window_of_the_whole_burnt_picture(corpus):
    """Heat keeps the mean of a whole picture; a window shows the blur without new edges."""
    drawn = lessons(corpus, heat=1.0)[0]
    assert (drawn.burnt.std(dim=(2, 3)) < 0.6 * drawn.clean.std(dim=(2, 3))).all()


def test_words_are_said_once_and_only_if_they_are_known(corpus):
    assert lessons(corpus)[0].words.tolist() == [[1, 3] + [0] * (SAID - 2)] * 6


def test_some_captions_are_silent(corpus):
    course = lessons(corpus, silence=0.5)
    silent = torch.cat([course[step].words.sum(1) == 0 for step in range(40)]).float().mean()
    assert silent.item() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("workers", [0, 2])
def test_lessons_come_in_order_from_wherever_they_are_drawn(corpus, workers):
    course = lessons(corpus)
    coming = itertools.islice(in_order(course, 5, workers), 4)
    assert all(same(drawn, course[step]) for step, drawn in enumerate(coming, 5))


def test_named_pictures_come_as_often_for_a_rarer_word_as_for_a_common_one_if_there_are_enough():
    shown = {word: np.full((64, 64, 3), level, np.uint8) for level, word in enumerate(WORDS)}
    counts = {"cat": 50, "hat": LEAST, "sea": LEAST - 1}
    crowd = [Exhibit(shown[word], (word,)) for word, count in counts.items() for _ in range(count)]
    diet = Diet(64, 64, 6, 6, 0.0, 1.0, {}, 0.0, named=1.0)
    course = Lessons(Corpus({"photo": crowd}, {}, {}), WORDS, diet, 1)
    said = torch.cat([course[step].words[:, 0] for step in range(50)])
    assert torch.bincount(said, minlength=4)[1:].tolist() == pytest.approx([150, 150, 0], abs=35)


def test_of_a_picture_of_a_thing_nothing_else_is_said_half_of_the_time():
    crowd = [Exhibit(np.zeros((64, 64, 3), np.uint8), ("cat", "hat"))] * LEAST
    course = Lessons(Corpus({"photo": crowd}, {}, {}), WORDS, Diet(64, 64, 6, 6, 0.0, 1.0, {}, 0.0, named=1.0), 1)
    said = torch.cat([course[step].words for step in range(50)]) > 0
    assert said.sum(1).eq(1).float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_words_that_matter_are_drawn_alone_even_if_they_are_rare():
    crowd = [Exhibit(np.zeros((64, 64, 3), np.uint8), (word,)) for word in ("cat", "hat", "hat", "sea") * 10]
    diet = Diet(64, 64, 6, 6, 0.0, 1.0, {}, 0.0, named=1.0, words=("sea",))
    assert (Lessons(Corpus({"photo": crowd}, {}, {}), WORDS, diet, 1)[0].words[:, 0] == 1 + WORDS.index("sea")).all()
