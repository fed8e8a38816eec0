"""What is learnt: statistics, noise levels and loss."""

import numpy as np
import pytest
import torch

from installation.randomness import generator
from installation.restorers import wavelet
from installation.restorers.ember import Bands
from installation.training.corpus import Corpus
from installation.training.objective import build_network, census, draw_sigma, losses, to_batch


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
    pictures = [rng.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(64)]
    bands = census(Corpus({"photo": pictures}, {}, {}), 64, 64, seed=0)
    torch.testing.assert_close(bands.std.flatten(), torch.full((wavelet.CHANNELS,), 3**-0.5), atol=0.04, rtol=0.0)
    assert bands.mean.abs().max() < 0.1


def test_a_grey_corpus_leaves_no_band_without_strength():
    bands = census(Corpus({"photo": [np.full((64, 64, 3), 90, np.uint8)]}, {}, {}), 64, 8, seed=0)
    assert (bands.std > 0.0).all()
    assert bands.mean.isfinite().all()


def test_noise_levels_follow_their_lognormal_within_the_trained_range():
    levels = draw_sigma(4000, 0.3, 1.2, generator(0, 0)).flatten().log()
    assert levels.mean().item() == pytest.approx(0.3, abs=0.02)
    assert levels.std().item() == pytest.approx(1.2, abs=0.02)
    wide = draw_sigma(1000, 0.0, 9.0, generator(0, 0))
    assert (wide.min().item(), wide.max().item()) == pytest.approx((0.02, 80.0))


def test_every_batch_meets_quiet_and_loud_noise():
    levels = draw_sigma(8, 0.0, 1.0, generator(0, 0)).flatten()
    assert (levels.diff() > 0).all()
    assert levels[3] < 1.0 < levels[4]


@pytest.mark.parametrize("sigma", [0.1, 1.0, 10.0])
def test_a_silent_network_loses_one_on_pictures_like_its_bands(sigma):
    """F's target has unit variance (Karras et al. 2022, appendix B.6), and the weights have mean one."""
    clean = torch.randn(16, wavelet.CHANNELS, 8, 8, generator=torch.Generator().manual_seed(0))
    level = torch.full((16, 1, 1, 1), sigma)
    found = losses(build_network((32, 32, 32)), flat_bands(), clean, level, generator(0, 0))
    assert found.shape == (16,)
    assert found.mean().item() == pytest.approx(1.0, abs=0.02)


def test_all_weights_but_the_silent_layer_can_learn():
    network = build_network((32, 32, 32))
    clean = torch.randn(2, wavelet.CHANNELS, 8, 8, generator=torch.Generator().manual_seed(0))
    losses(network, flat_bands(), clean, torch.ones(2, 1, 1, 1), generator(0, 0)).sum().backward()
    assert network.conv_out.weight.grad.abs().sum() > 0.0
