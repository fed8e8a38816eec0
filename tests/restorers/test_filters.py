"""The linear guess under ember's network."""

import pytest
import torch

from installation.restorers import wavelet
from installation.restorers.filters import KNOTS, Bands, between
from tests.restorers.tiny_conditions import dimming


def bands_like(std=0.5):
    one = torch.ones(1, wavelet.CHANNELS, 1, 1)
    return Bands(0.1 * one, std * one)


def drawn(seed):
    return torch.randn(4, wavelet.CHANNELS, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0])
def test_against_white_noise_it_is_wieners_filter(sigma):
    linear = bands_like().filter(torch.tensor(sigma).view(1, 1, 1, 1))
    noisy = drawn(0)
    expected = 0.1 + (noisy - 0.1) * 0.25 / (0.25 + sigma**2)
    torch.testing.assert_close(linear.denoise(torch.zeros_like, noisy), expected)


def test_a_network_that_hits_its_target_gives_the_clean_bands():
    linear, clean, burnt = bands_like().filter(torch.ones(1, 1, 1, 1)), drawn(1), drawn(2)
    torch.testing.assert_close(linear.denoise(lambda _: linear.target(burnt, clean), burnt), clean)


def test_the_network_hears_unit_noise_and_shade_is_taken_off():
    linear = bands_like().filter(torch.full((1, 1, 1, 1), 2.0))
    heard = []
    linear.denoise(lambda bands: heard.append(bands) or torch.zeros_like(bands), linear.shade + linear.loud * drawn(3))
    torch.testing.assert_close(heard[0], drawn(3))


@pytest.mark.parametrize("temperature", [0.0, 0.3, 0.5, 0.99, 1.0])
def test_between_its_knots_a_regression_is_linear(temperature):
    linear = dimming().filter(torch.tensor([0]), torch.tensor([temperature]))
    torch.testing.assert_close(linear.loud.flatten(), torch.full((wavelet.CHANNELS,), 1.0 - temperature / 2.0))


def test_at_a_knot_a_dimmed_picture_is_lit_again():
    linear = dimming().filter(torch.tensor([0]), torch.tensor([0.5]))
    torch.testing.assert_close(linear.denoise(torch.zeros_like, 0.75 * drawn(4)), drawn(4))


def test_the_ends_of_the_scale_lie_between_knots_too():
    low, share = between(torch.tensor([-0.5, 0.0, 1.0, 2.0]))
    assert low.tolist() == [0, 0, KNOTS - 2, KNOTS - 2]
    assert share.tolist() == [0.0, 0.0, 1.0, 1.0]
