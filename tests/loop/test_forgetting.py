"""The melting point: cold lineages keep their origin, hot ones roam, and in between lies a temperature."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA
from installation.loop.forgetting import Trial, all_media, labels_kept, melting_point, nearest
from installation.randomness import generator
from installation.restorers.archive import ideal
from installation.restorers.sampling import walk
from tests.support import Wiener

TRIAL = Trial(steps=8, generations=60)
COUNT = 40


class Ideal:
    """The exact denoiser of a finite set."""

    name, digest = "ideal", "0" * 64

    def __init__(self, pictures):
        self.pictures = pictures

    def restore(self, burnt, knobs, rng):
        return walk(lambda x, sigma: ideal(x, sigma, self.pictures), burnt, knobs, rng)


def temperature(sigma):
    return 2.0 / math.pi * math.atan(sigma)


@pytest.fixture(scope="module")
def pictures():
    """Forty pictures of 48 free numbers and total variance 18.8, as SCIENCE D2 says of digits."""
    free = torch.from_numpy(generator(3, 1).standard_normal((COUNT, 3, 4, 4), dtype="float32"))
    return math.sqrt(18.8 / 192) * torch.nn.functional.interpolate(free, size=(8, 8), mode="nearest")


def kept(pictures, sigma):
    return labels_kept(Ideal(pictures), "gaussian", temperature(sigma), pictures, TRIAL)


def test_at_sigma_03_the_ideal_denoisers_loop_is_frozen(pictures):
    assert kept(pictures, 0.3) == 1.0


def test_at_sigma_1_it_roams(pictures):
    assert kept(pictures, 1.0) < 0.25


def test_its_melting_point_lies_in_between(pictures):
    point, share = melting_point(lambda heat: labels_kept(Ideal(pictures), "gaussian", heat, pictures, TRIAL), 5)
    assert point
    assert temperature(0.3) < point < temperature(1.0)
    assert share == pytest.approx(0.5, abs=0.3)


def test_nearer_pictures_melt_cooler(pictures):
    def point(own):
        return melting_point(lambda heat: labels_kept(Ideal(own), "gaussian", heat, own, TRIAL), 4)[0] or 1.0

    assert point(0.5 * pictures) < point(pictures)


def test_the_same_trial_gives_the_same_share(pictures):
    assert kept(pictures, 0.7) == kept(pictures, 0.7)


@pytest.mark.parametrize("medium", sorted(MEDIA))
def test_untouched_every_label_is_kept_in_any_medium(pictures, medium):
    assert labels_kept(Wiener(), medium, 0.0, pictures, Trial(generations=2)) == 1.0


def test_every_generation_is_told(pictures):
    told = []
    labels_kept(Wiener(), "gaussian", 0.1, pictures, Trial(generations=7), turned=lambda: told.append(1))
    assert len(told) == 7


def test_the_nearest_picture_is_found_whatever_the_noise(pictures, rng):
    order = torch.from_numpy(rng.permutation(COUNT))
    noisy = pictures[order] + 0.1 * torch.from_numpy(rng.standard_normal(pictures.shape, dtype="float32"))
    assert torch.equal(nearest(noisy, pictures), order)


@given(true=st.floats(0.01, 0.99), looks=st.integers(1, 12))
def test_bisection_finds_where_a_falling_share_crosses_one_half(true, looks):
    found, _ = melting_point(lambda heat: 1.0 if heat < true else 0.0, looks)
    assert found == pytest.approx(true, abs=2.0**-looks)


def test_what_never_forgets_has_no_melting_point():
    assert melting_point(lambda _: 0.8, 6) == (None, 0.8)


def test_all_media_can_be_melted():
    assert set(all_media()) == set(MEDIA)
