"""What is learnt: statistics, noise levels and loss."""

import numpy as np
import pytest
import torch

from installation.randomness import generator
from installation.restorers import wavelet
from installation.restorers.conditions import GAUSSIAN, tables
from installation.restorers.filters import KNOTS, Bands, Filter, Regression
from installation.training.composition import Exhibit
from installation.training.corpus import Corpus
from installation.training.lessons import SAID, Lesson
from installation.training.objective import (
    Ground,
    ashes,
    build_network,
    burner,
    census,
    draw_sigma,
    losses,
    regress,
    to_batch,
)

WIDTH = 128  # of a network whose first level has 32 channels


def flat_bands(std=1.0):
    return Bands(torch.zeros(1, wavelet.CHANNELS, 1, 1), torch.full((1, wavelet.CHANNELS, 1, 1), std))


def test_pixels_become_floats_between_minus_one_and_one():
    pictures = [np.zeros((4, 6, 3), np.uint8), np.full((4, 6, 3), 255, np.uint8)]
    batch = to_batch(pictures)
    assert batch.shape == (2, 3, 4, 6)
    assert (batch[0] == -1.0).all()
    assert (batch[1] == 1.0).all()


def test_the_census_finds_the_strength_of_every_band():
    """White pictures have the same strength in every band: 256 levels, uniform, span -1 to 1."""
    rng = np.random.default_rng(0)
    pictures = [Exhibit(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)) for _ in range(64)]
    bands = census(Corpus({"photo": pictures}, {}, {}), 64, 64, seed=0)
    torch.testing.assert_close(bands.std.flatten(), torch.full((wavelet.CHANNELS,), 3**-0.5), atol=0.04, rtol=0.0)
    assert bands.mean.abs().max() < 0.1


def test_a_grey_corpus_leaves_no_band_without_strength():
    bands = census(Corpus({"photo": [Exhibit(np.full((64, 64, 3), 90, np.uint8))]}, {}, {}), 64, 8, seed=0)
    assert (bands.std > 0.0).all()
    assert bands.mean.isfinite().all()


def test_noise_levels_follow_their_lognormal_within_the_trained_range():
    levels = draw_sigma(4000, 0.3, 1.2, generator(0, 0)).log()
    assert levels.mean().item() == pytest.approx(0.3, abs=0.02)
    assert levels.std().item() == pytest.approx(1.2, abs=0.02)
    wide = draw_sigma(1000, 0.0, 9.0, generator(0, 0))
    assert (wide.min().item(), wide.max().item()) == pytest.approx((0.02, 80.0))


def test_every_batch_meets_quiet_and_loud_noise():
    levels = draw_sigma(8, 0.0, 1.0, generator(0, 0))
    assert (levels.diff() > 0).all()
    assert levels[3] < 1.0 < levels[4]


def fresh_model(media=1):
    return torch.nn.ModuleDict({"painter": build_network((32, 32, 32)), "tables": tables(2, media, WIDTH)})


def steady_ground():
    """One medium of which nothing is left but its mean: gain 0, everything still to be guessed."""
    flat = torch.zeros(1, KNOTS, wavelet.CHANNELS)
    return Ground(flat_bands(), Regression(flat, flat, flat, flat + 1.0, flat + 1.0), ("cat", "hat"), ("grey",))


def lesson(count, medium=GAUSSIAN, sigma=1.0, side=64):
    """Pictures as loud as the bands of ``flat_bands``, burnt to grey where a medium says so."""
    clean = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))
    return Lesson(
        clean=clean,
        burnt=torch.zeros_like(clean),
        medium=torch.full((count,), medium),
        temperature=torch.full((count,), 0.7),
        sigma=torch.full((count,), sigma),
        words=torch.zeros(count, SAID, dtype=torch.long),
    )


def noise_for(taken):
    return torch.randn(taken.clean.shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("sigma", [0.1, 1.0, 10.0])
def test_a_silent_network_loses_one_on_pictures_like_its_bands(sigma):
    """F's target has unit variance (Karras et al. 2022, appendix B.6), and the weights have mean one."""
    taken = lesson(16, sigma=sigma)
    found = losses(fresh_model(), steady_ground(), taken, noise_for(taken))
    assert found.shape == (16,)
    assert found.mean().item() == pytest.approx(1.0, abs=0.02)


def test_a_silent_network_loses_one_on_any_medium_whose_filter_was_measured():
    taken = lesson(16, medium=0)
    assert losses(fresh_model(), steady_ground(), taken, noise_for(taken)).mean().item() == pytest.approx(1.0, abs=0.02)


def test_every_picture_of_a_batch_is_burnt_in_its_own_way():
    taken = lesson(2)
    taken.medium[1] = 0
    clean, noise = wavelet.analyse(taken.clean), wavelet.analyse(noise_for(taken))
    burnt, linear = ashes(steady_ground(), taken, clean, noise)
    torch.testing.assert_close(burnt[0], clean[0] + noise[0])
    assert not burnt[1].any()
    torch.testing.assert_close(linear.gain[:, 0, 0, 0], torch.tensor([0.5, 0.0]))


def test_all_weights_but_the_silent_layer_can_learn():
    model, taken = fresh_model(), lesson(2)
    losses(model, steady_ground(), taken, noise_for(taken)).sum().backward()
    assert model["painter"].conv_out.weight.grad.abs().sum() > 0.0


def test_words_and_media_are_learnt_once_the_network_speaks():
    model, taken = fresh_model(), lesson(2, medium=0)
    taken.words[:, 0] = 2
    torch.nn.init.normal_(model["painter"].conv_out.weight, std=0.02)
    losses(model, steady_ground(), taken, noise_for(taken)).sum().backward()
    assert model["tables"]["words"].weight.grad.abs().sum(1).nonzero().flatten().tolist() == [2]
    assert model["tables"]["media"].weight.grad.abs().sum(1).nonzero().flatten().tolist() == [
        5,
        6,
    ]  # T = .7: knots .625, .75


@pytest.fixture(scope="module")
def stripes():
    """Soft pictures of which a blur leaves the coarse part."""
    rng = np.random.default_rng(0)
    rows = [np.repeat(np.repeat(rng.integers(0, 256, (8, 8, 3)), 8, 0), 8, 1).astype(np.uint8) for _ in range(12)]
    return Corpus({"photo": [Exhibit(row) for row in rows]}, {}, {})


def test_untouched_pictures_are_explained_and_burnt_out_ones_are_not(stripes):
    found = regress(stripes, ("heat",), 64, 12, seed=0)
    assert found.gain.shape == (1, KNOTS, wavelet.CHANNELS)
    torch.testing.assert_close(found.gain[0, 0], torch.ones(wavelet.CHANNELS))
    assert found.rest[0, 0].max() < 2e-3
    assert (found.rest[0, -1, :3] > 10.0 * found.rest[0, 2, :3]).all()


def test_no_other_gain_explains_more_of_a_burnt_picture(stripes):
    """Least squares: what is left is uncorrelated with what was heard."""
    linear = regress(stripes, ("heat",), 64, 12, seed=0).filter(torch.tensor([0]), torch.tensor([0.5]))
    rng = generator(0, 0, stream=3)
    clean = to_batch([stripes.draw(64, rng).pixels for _ in range(12)])
    heard = wavelet.analyse(burner("heat", 0.5)(clean, rng).image) - linear.shade
    left = Filter.target(linear, heard + linear.shade, wavelet.analyse(clean))
    shared = (left * linear.rest * heard).mean(dim=(0, 2, 3))
    assert shared.abs().max() < 1e-4
    assert (left[:, linear.rest.flatten() > 1e-2].square().mean(dim=(0, 2, 3)) - 1.0).abs().max() < 0.02


def test_without_media_there_is_nothing_to_measure(stripes):
    assert regress(stripes, (), 64, 4, seed=0).gain.shape == (0, KNOTS, wavelet.CHANNELS)


def test_an_expert_is_judged_by_the_bands_it_hears():
    painter, taken = build_network((32, 32), expert=True), lesson(16, sigma=4.0)
    expert = torch.nn.ModuleDict({"painter": painter, "tables": tables(2, 1, WIDTH)})
    silent = losses(expert, steady_ground(), taken, noise_for(taken)).mean()
    assert silent.item() == pytest.approx(1.0, abs=0.1)
    silent.backward()
    assert any(weight.grad is not None and weight.grad.any() for weight in painter.conv_out.parameters())
