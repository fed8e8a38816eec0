"""Clouds of pictures: what an honest model, a blurring one and a copying one look like among strangers."""

import cv2
import numpy as np
import pytest

from installation.training import clouds, features
from installation.training.composition import Exhibit
from installation.training.corpus import Corpus
from installation.training.trial import ARCHIVE, EMBER, Sizes, Trial
from tests.support import Linear

SIZES = Sizes(cloud=12, taught=24, compared=64, steps=1, pure_steps=1)


def scene(seed, side=96):
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def shelf(first, count):
    return {"photo": [Exhibit(scene(seed)) for seed in range(first, first + count)]}


@pytest.fixture(scope="module")
def trial():
    corpus = Corpus(shelf(0, 60), shelf(1000, 40), {})
    seen = features.learn(clouds.mix(corpus.taught, 40, 1, 11))
    return Trial({EMBER: Linear(), ARCHIVE: Linear(name="archive")}, corpus, seen, SIZES)


@pytest.fixture(scope="module")
def measured(trial):
    return clouds.measure(trial, lambda items, _: items)


def row(measured, who, origin):
    return next(row for row in measured["rows"] if (row["who"], row["from"]) == (who, origin))


def test_every_contender_is_measured_from_noise_and_from_every_temperature(measured):
    assert [(row["who"], row["from"]) for row in measured["rows"]] == [
        ("held-out", None),
        *[(who, origin) for who in (EMBER, ARCHIVE) for origin in ("noise", 0.2, 0.4, 0.6, 0.8)],
    ]


def test_what_is_burnt_hotter_comes_back_farther_from_strangers_and_remembers_less(measured):
    cool, hot = (row(measured, EMBER, heat) for heat in (0.2, 0.8))
    assert hot["frechet"] > cool["frechet"]
    assert hot["memory"] < cool["memory"]


def test_a_linear_restorer_makes_nothing_of_noise(measured):
    assert row(measured, EMBER, "noise")["coverage"] < row(measured, "held-out", None)["coverage"]


def test_the_same_numbers_give_the_same_figures(trial, measured):
    assert clouds.measure(trial, lambda items, _: items) == measured


def test_strangers_are_no_copies(trial):
    strangers = trial.features(clouds.squares(shelf(5000, 12)))
    assert clouds.copies(trial, strangers, lambda items, _: items)["ratio"] > 0.85


def test_training_pictures_with_a_little_grain_are_known_as_copies(trial):
    rng = np.random.default_rng(0)
    taken = [(p + rng.normal(0, 2, p.shape)).clip(0, 255).astype(np.uint8) for p in clouds.squares(shelf(0, 12))]
    assert clouds.copies(trial, trial.features(taken), lambda items, _: items)["ratio"] < 0.6


def test_the_most_suspicious_sample_comes_first_beside_what_it_is_like(trial):
    copied = clouds.squares(shelf(7, 1))[0]
    sample, taught, apart = clouds.nearest(trial, [*clouds.squares(shelf(6000, 3)), copied])[0]
    np.testing.assert_array_equal(sample, copied)
    np.testing.assert_array_equal(taught, copied)
    assert apart == pytest.approx(0.0, abs=1e-5)


def test_only_pictures_that_are_taught_whole_are_looked_for():
    mixed = {**shelf(0, 2), "cut": [Exhibit(scene(9))], "art": [Exhibit(scene(10, 128)[:, :100])]}
    assert [picture.shape for picture in clouds.squares(mixed)] == [(256, 256, 3)] * 3


def test_pictures_that_hang_in_both_places_are_counted():
    here, there = (clouds.squares(shelf(first, 4)) for first in (0, 2))
    assert clouds.shared(here, there) == 2
    assert clouds.shared(here, []) == 0


def test_a_mix_is_the_same_for_the_same_seed_and_stream():
    first, again, other = (clouds.mix(shelf(0, 5), 2, 1, stream) for stream in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_noise_in_gives_as_many_samples_as_asked(trial):
    assert len(clouds.samples_of(trial, EMBER)) == SIZES.cloud
