"""The best linear restorer: exact on Gaussian pictures, and never worse than leaving the noise in."""

import pytest
import torch

from installation.randomness import generator, white
from installation.training.wiener import from_modes, learn, to_modes

SHAPE = (1, 3, 16, 24)


def amplitudes():
    """Loud low modes, quiet high ones, as pictures have."""
    rows, columns = torch.arange(16.0).view(-1, 1), torch.arange(24.0)
    return (2.0 / (1.0 + rows + columns)).expand(SHAPE)


def drawn(count, stream):
    return from_modes(amplitudes() * white(generator(5, 0, stream), torch.empty(count, *SHAPE[1:])))


@pytest.fixture(scope="module")
def filter_():
    return learn(drawn(600, 1).split(1))


def test_modes_come_back(photograph):
    torch.testing.assert_close(from_modes(to_modes(photograph)), photograph, atol=1e-5, rtol=0)


def test_white_noise_is_white_in_every_mode():
    modes = to_modes(white(generator(1, 1), torch.empty(400, *SHAPE[1:])))
    assert float(modes.square().mean(dim=0).sub(1.0).abs().mean()) < 0.1


def test_the_variance_of_every_mode_is_learnt(filter_):
    torch.testing.assert_close(filter_.variance.sqrt(), amplitudes(), atol=0.0, rtol=0.15)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 2.0])
def test_its_error_is_the_least_there_can_be_for_gaussian_pictures(filter_, sigma):
    """E|error|^2 per mode = v sigma^2 / (v + sigma^2)."""
    clean = drawn(200, 2)
    found = (filter_.denoise(clean + sigma * white(generator(2, 2), clean), sigma) - clean).square().mean()
    power = amplitudes() ** 2
    assert float(found) == pytest.approx(float((power * sigma**2 / (power + sigma**2)).mean()), rel=0.05)


def test_without_noise_a_picture_passes(filter_):
    clean = drawn(1, 3)
    torch.testing.assert_close(filter_.denoise(clean, 0.0), clean, atol=1e-5, rtol=0)


def test_behind_endless_noise_lies_the_mean(filter_):
    guess = filter_.denoise(1e6 * white(generator(3, 3), torch.empty(SHAPE)), 1e6)
    torch.testing.assert_close(guess, from_modes(filter_.mean), atol=1e-3, rtol=0)


def test_nothing_teaches_nothing():
    with pytest.raises(ValueError, match="there are none"):
        learn([])
