"""Single guesses, media undone, speed: what stands behind the card's tables."""

import numpy as np
import psutil
import pytest
import torch

from installation.burns import MEDIA
from installation.training import clouds, features, figures, wiener
from installation.training.corpus import Corpus
from installation.training.proof import LEVELS
from installation.training.trial import (
    EMBER,
    TEMPERATURES,
    Sizes,
    Trial,
    as_pixels,
    batch_of,
    burnt_by,
    from_noise,
    in_batches,
    restored,
)
from tests.support import Linear
from tests.training.test_clouds import scene, shelf

SIZES = Sizes(pictures=3, taught=16, steps=2, timed=2)


class Taught(Linear):
    """A linear restorer that was taught heat."""

    media = ("heat",)

    def recover(self, image, medium, temperature):  # noqa: ARG002 - a restorer's own
        return image


@pytest.fixture(scope="module")
def trial():
    corpus = Corpus(shelf(0, 20), shelf(1000, 6), {})
    seen = features.learn(clouds.mix(corpus.taught, 8, 1, 11))
    return Trial({EMBER: Taught()}, corpus, seen, SIZES)


@pytest.fixture(scope="module")
def guessed(trial):
    linear = wiener.learn(batch_of([picture], "cpu") for picture in clouds.mix(trial.corpus.taught, 16, 1, 11))
    return figures.denoising(trial, linear, lambda items, _: items)


def test_every_noise_level_is_told_with_its_temperature(guessed):
    assert [row["sigma"] for row in guessed["rows"]] == list(LEVELS)
    assert next(row for row in guessed["rows"] if row["sigma"] == 1.0)["temperature"] == pytest.approx(0.5)


def test_louder_noise_is_guessed_worse(guessed):
    heard = [row["psnr"]["wiener"] for row in guessed["rows"]]
    assert heard == sorted(heard, reverse=True)


def test_a_filter_that_knows_the_spectrum_beats_one_that_does_not(guessed):
    assert all(row["psnr"]["wiener"] > row["psnr"][EMBER] for row in guessed["rows"][:5])


def test_the_loss_is_the_mean_squared_error(guessed):
    """Of one picture, PSNR = 10 log10(4 / loss); over several the mean of logarithms lies a little off."""
    row = guessed["rows"][0]
    assert row["psnr"][EMBER] == pytest.approx(10 * np.log10(4 / row["loss"][EMBER]), abs=0.5)


def test_taught_pictures_are_guessed_as_well_by_who_learnt_nothing(guessed):
    assert all(row["taught"] == pytest.approx(row["psnr"][EMBER], abs=2.0) for row in guessed["rows"])


def test_only_media_that_were_taught_are_recovered(trial):
    pictures = batch_of([scene(1, 64), scene(2, 64)], "cpu")
    assert set(figures.undone(trial, "heat", 0.4, pictures)) == {"burnt", "restored", "recovered"}
    assert set(figures.undone(trial, "gaussian", 0.4, pictures)) == {"burnt", "restored"}


def test_what_is_untouched_is_remembered_whole():
    pictures = batch_of([scene(1, 64), scene(2, 64)], "cpu")
    told = figures.fidelity({"burnt": pictures + 0.02, "restored": -pictures}, pictures)
    assert told["memory"]["burnt"] > 0.99
    assert told["memory"]["restored"] < 0.0
    assert told["psnr"]["burnt"] > 39.0


@pytest.mark.parametrize("medium", MEDIA)
def test_every_medium_burns_a_batch_the_same_way_each_time(medium):
    pictures = batch_of([scene(1, 64), scene(2, 64)], "cpu")
    first, again = (burnt_by(medium, TEMPERATURES[1], pictures, 3).image for _ in range(2))
    assert first.shape == pictures.shape
    assert torch.equal(first, again)


def test_pixels_pass_through_a_batch_untouched():
    pictures = [scene(1, 64), scene(2, 64)]
    assert all(np.array_equal(a, b) for a, b in zip(as_pixels(batch_of(pictures, "cpu")), pictures, strict=True))


def test_batches_are_of_eight():
    assert [len(some) for some in in_batches(list(range(19)))] == [8, 8, 3]


def test_samples_from_noise_differ_with_their_serial_and_within_a_batch():
    first, other = (from_noise(Linear(), 2, 1, "cpu", serial=serial) for serial in (0, 1))
    assert first.shape == (2, 3, 256, 256)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_restoring_from_nothing_burnt_returns_the_picture():
    picture = batch_of([scene(1, 64)], "cpu")
    torch.testing.assert_close(restored(Linear(), burnt_by("heat", 0.0, picture, 0), 2, 0), picture)


def test_a_device_has_a_name():
    assert figures.device_name("cpu")


def test_a_process_has_held_at_least_what_it_holds():
    assert figures.peak_rss_mib() * 2**20 >= 0.9 * psutil.Process().memory_info().rss
