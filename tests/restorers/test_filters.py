"""The linear guess under ember's network."""

from itertools import pairwise

import pytest
import torch

from installation.restorers import wavelet
from installation.restorers.filters import KNOTS, Bands, Doubt, between
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

    def listen(bands):
        heard.append(bands)
        return torch.zeros_like(bands)

    linear.denoise(listen, linear.shade + linear.loud * drawn(3))
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


def wieners_doubt(std=0.5):
    """Exact at any level: what the Wiener filter leaves of bands of this strength."""
    sigma = torch.logspace(-2.0, 2.0, 400)
    error = (std * sigma) ** 2 / (std**2 + sigma**2)
    return Doubt(sigma, error.unsqueeze(1).expand(-1, wavelet.CHANNELS))


@pytest.mark.parametrize("steps", [1, 2, 4, 16])
def test_variance_is_held_by_any_number_of_steps(steps):
    """The exact denoiser of N(0, 1/4) from sigma 14.61: DDIM loses nearly everything in one step (.017 for .5)."""
    x = 14.61 * drawn(5)
    sigmas = [14.61 * (1.0 - index / steps) ** 3 for index in range(steps + 1)]
    for sigma, below in pairwise(sigmas):
        denoised = x * 0.25 / (0.25 + sigma**2)
        x = denoised + wieners_doubt().kept(sigma, below, 1.0) * (x - denoised)
    assert x.std().item() == pytest.approx(0.5, rel=0.02)


def test_holding_half_lies_between_ddim_and_all():
    kept = [wieners_doubt().kept(2.0, 0.5, hold).mean().item() for hold in (1e-9, 0.5, 1.0)]
    assert kept == sorted(kept)
    assert kept[0] == pytest.approx(0.25, rel=1e-3)


def test_a_guess_without_doubt_is_believed():
    sure = Doubt(torch.tensor([0.1, 10.0]), torch.full((2, wavelet.CHANNELS), 1e-12))
    torch.testing.assert_close(
        sure.kept(2.0, 0.5, 1.0), torch.full((1, wavelet.CHANNELS, 1, 1), 0.25), rtol=1e-3, atol=0
    )
    assert sure.kept(2.0, 0.0, 1.0).max() < 1e-5


def test_at_the_end_of_the_way_the_doubt_s_own_share_is_kept():
    v = wieners_doubt().at(3.0)
    torch.testing.assert_close(wieners_doubt().kept(3.0, 0.0, 1.0).flatten(), v.sqrt() / (3.0 + v.sqrt()))


@pytest.mark.parametrize(("sigma", "error"), [(0.001, 0.01), (0.1, 0.01), (1.0, 0.1), (10.0, 1.0), (500.0, 1.0)])
def test_between_its_levels_doubt_is_geometric(sigma, error):
    told = Doubt(torch.tensor([0.1, 10.0]), torch.tensor([[0.01], [1.0]]).expand(2, wavelet.CHANNELS))
    torch.testing.assert_close(told.at(sigma), torch.full((wavelet.CHANNELS,), error))


def test_unmeasured_doubt_is_that_of_the_wiener_filter():
    bands = bands_like()
    expected = torch.full((wavelet.CHANNELS,), 0.25 / 1.25)
    torch.testing.assert_close(bands.doubt().at(1.0), expected, rtol=1e-3, atol=0.0)
