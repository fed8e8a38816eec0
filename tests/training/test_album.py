"""An expert's album: lessons drawn once as outlines and mixed anew, in which nothing is lost of what it hears."""

import itertools
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from installation.restorers import wavelet
from installation.restorers.conditions import GAUSSIAN, tables
from installation.restorers.networks import COARSE
from installation.training.album import Album
from installation.training.composition import Exhibit
from installation.training.corpus import Corpus
from installation.training.lessons import Diet, Lesson, Lessons, in_order
from installation.training.objective import Ground, build_network, census, losses, regress

WORDS = ("cat", "sea")
KEPT = 1e-2  # half precision of bands up to 24


@pytest.fixture(scope="module")
def lessons():
    rng = np.random.default_rng(0)
    pictures = [Exhibit(rng.integers(0, 256, (140, 140, 3), dtype=np.uint8), (WORDS[turn % 2],)) for turn in range(6)]
    return Lessons(Corpus({"photo": pictures}, {}, {}), WORDS, Diet(128, 128, 4, 4, 0.0, 1.0, {}, 0.0), seed=1)


@pytest.fixture(scope="module")
def album(lessons):
    return Album(lessons, 10)


def same(one, other):
    return all(torch.equal(getattr(one, part.name), getattr(other, part.name)) for part in fields(Lesson))


def test_an_album_shows_the_same_however_often_it_is_opened(lessons, album):
    assert same(album[3], album[3])
    assert same(album[3], Album(lessons, 10, workers=2)[3])
    assert not torch.equal(album[3].sigma, album[4].sigma)


def test_all_its_pictures_are_the_outlines_of_the_first_lessons_with_their_words(lessons, album):
    drawn = [lessons[step] for step in range(3)]  # ten pictures are three lessons of four
    outlines = torch.cat([wavelet.outline(lesson.clean) for lesson in drawn])
    words = torch.cat([lesson.words for lesson in drawn])
    seen = set()
    for lesson in itertools.islice(in_order(album, 0, 0), 40):
        for picture, said in zip(lesson.clean, lesson.words, strict=True):
            which = int((outlines - picture).abs().amax(dim=(1, 2, 3)).argmin())
            assert torch.allclose(outlines[which], picture, atol=KEPT)
            assert torch.equal(words[which], said)
            seen.add(which)
    assert seen == set(range(12))


def test_its_lessons_wait_for_white_noise(album):
    assert (album[0].medium == GAUSSIAN).all()
    assert album[0].clean.shape == (4, COARSE, 16, 16)


def test_an_expert_learns_the_same_from_outlines_as_from_pictures(lessons):
    bands = census(lessons.corpus, 128, 6, 1)
    model = {"painter": build_network((32, 64), expert=True), "tables": tables(2, 0, 128)}
    torch.nn.init.normal_(model["painter"].conv_out.weight, std=0.05)  # fresh ones say nothing
    ground = Ground(bands, regress(lessons.corpus, (), 128, 2, 1), WORDS, ())
    lesson, noise = lessons[0], torch.randn(4, 3, 128, 128)
    outlined = replace(lesson, clean=wavelet.outline(lesson.clean))
    one, other = (losses(model, ground, *pair) for pair in ((lesson, noise), (outlined, wavelet.outline(noise))))
    assert one.detach().numpy() == pytest.approx(other.detach().numpy(), rel=1e-5)


def test_white_noise_is_as_white_in_an_outline():
    noise = wavelet.outline(torch.randn(16, 3, 128, 128, generator=torch.Generator().manual_seed(1)))
    assert noise.std(dim=(0, 2, 3)).numpy() == pytest.approx(np.ones(COARSE), abs=0.06)
