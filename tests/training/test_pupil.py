"""Learning a little more: the loss falls, divergence is told apart from collapse, painting needs nothing but dice."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.collapse.images import Settings
from installation.randomness import generator
from installation.restorers import ember
from installation.training import gallery
from installation.training.pupil import FEWEST, WORSE, DivergenceError, Pupil, blindness, check, restored
from tests.training.tiny_ember import tiny_ember, wall

SMALL = Settings(size=64, steps=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ember.load(tiny_ember(tmp_path_factory.mktemp("model") / "ember"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return gallery.hang(gallery.files(wall(tmp_path_factory.mktemp("wall"))), 64).taught


def weights(model):
    return [weight.detach().float().clone() for weight in model.network.parameters()]


def test_a_pupil_gets_better_at_what_it_learns(model, pictures):
    pupil, rng = Pupil(model, 3e-3, 20), generator(1, 0)
    for _ in range(20):
        pupil.learn(pictures[:4], 2, rng)
    assert blindness(pupil.grown(), pictures[:4], 1.0, 1) < blindness(model, pictures[:4], 1.0, 1)


def test_the_teacher_stays_as_it_was(model, pictures):
    before = weights(model)
    pupil = Pupil(model, 1e-2, 4)
    pupil.learn(pictures, 2, generator(1, 0))
    assert all(one.equal(other) for one, other in zip(before, weights(model), strict=True))


def test_learning_is_the_same_with_the_same_dice(model, pictures):
    one, other = (Pupil(model, 1e-3, 4).learn(pictures, 2, generator(1, 5)) for _ in range(2))
    assert one == other


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=60))
def test_falling_losses_never_count_as_divergence(losses):
    falling = sorted(losses, reverse=True)
    for so_far in range(1, len(falling) + 1):
        check(falling[:so_far], len(falling))


def test_a_loss_that_rises_for_good_is_divergence_with_both_numbers():
    losses = [1.0] * FEWEST + [1.01 * WORSE] * FEWEST
    with pytest.raises(DivergenceError, match=r"from 1\.000 to 1\.262.*no collapse"):
        check(losses, 2 * FEWEST)


def test_one_bad_batch_is_no_divergence():
    check([1.0] * (2 * FEWEST - 1) + [2.0], 2 * FEWEST)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_divergence_at_once(loss):
    with pytest.raises(DivergenceError, match="no number"):
        check([1.0, loss], 1000)


def test_a_cool_start_keeps_the_parent_and_a_hot_one_forgets_it(model, pictures):
    kept, lost = (
        np.abs(restored(model, pictures[:6], replace(SMALL, start=start), generator(1, 0)).astype(float) - pictures[:6])
        for start in (0.05, 0.95)
    )
    assert kept.mean() < 0.5 * lost.mean()


def test_of_nothing_but_noise_the_parent_does_not_matter(model, pictures):
    blind = replace(SMALL, start=1.0)
    one, other = (restored(model, parents, blind, generator(1, 0)) for parents in (pictures[:4], 255 - pictures[:4]))
    assert np.array_equal(one, other)


def test_a_bias_below_one_paints_nearer_the_middle(model, pictures):
    blind = replace(SMALL, start=1.0)
    spreads = [
        restored(model, pictures[:8], replace(blind, bias=bias), generator(1, 0)).std(axis=0).mean()
        for bias in (0.25, 0.5, 1.0)
    ]
    assert spreads == sorted(spreads)
