"""The laws of the basis ember lives in."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.restorers import wavelet

SIDES = st.sampled_from([64, 72, 96, 128])


def noise(height, width, seed=0, channels=3):
    return torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(seed))


@given(height=SIDES, width=SIDES, seed=st.integers(0, 2**31))
@settings(deadline=None, max_examples=20)
def test_a_picture_comes_back_from_its_bands(height, width, seed):
    image = noise(height, width, seed)
    bands = wavelet.analyse(image)
    assert bands.shape == (2, wavelet.CHANNELS, height // 8, width // 8)
    torch.testing.assert_close(wavelet.synthesise(bands), image, atol=1e-5, rtol=0.0)


@given(height=SIDES, width=SIDES)
@settings(deadline=None, max_examples=10)
def test_bands_come_back_from_their_picture(height, width):
    bands = noise(height // 8, width // 8, channels=wavelet.CHANNELS)
    torch.testing.assert_close(wavelet.analyse(wavelet.synthesise(bands)), bands, atol=1e-5, rtol=0.0)


@given(height=SIDES, width=SIDES)
@settings(deadline=None, max_examples=10)
def test_the_outline_is_the_coarsest_bands_of_all(height, width):
    image = noise(height, width)
    torch.testing.assert_close(wavelet.outline(image), wavelet.analyse(image)[:, :12], atol=1e-5, rtol=0.0)


def test_angles_and_lengths_are_kept():
    one, other = noise(128, 64, 1), noise(128, 64, 2)
    dot = (wavelet.analyse(one) * wavelet.analyse(other)).sum()
    torch.testing.assert_close(dot, (one * other).sum(), atol=1e-2, rtol=1e-4)


@pytest.mark.parametrize("side", [16, 64, 256])
def test_each_level_is_an_orthonormal_matrix(side):
    matrix = wavelet.level_matrix(side, torch.device("cpu"))
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(side), atol=1e-6, rtol=0.0)


def test_white_noise_stays_white_and_as_loud_in_every_band():
    image = 0.7 * torch.randn(64, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    bands = wavelet.analyse(image).transpose(0, 1).flatten(1)
    loudness = bands.std(dim=1)
    correlation = torch.corrcoef(bands) - torch.eye(wavelet.CHANNELS)
    assert ((loudness - 0.7).abs() < 6 * 0.7 / (2 * bands.shape[1]) ** 0.5).all()
    assert correlation.abs().max() < 6 / bands.shape[1] ** 0.5


def test_a_flat_field_is_in_the_coarse_band_alone_away_from_the_edges():
    flat = torch.full((1, 3, 256, 256), 0.5)
    inside = wavelet.analyse(flat)[:, :, 8:-8, 8:-8]
    assert inside[:, 3:].abs().max() < 1e-4
    torch.testing.assert_close(inside[:, 0], torch.full_like(inside[:, 0], 0.5 * 8 * 3**0.5), atol=1e-4, rtol=0.0)


def test_a_smooth_slope_leaves_no_detail_away_from_the_edges():
    slope = torch.linspace(-1.0, 1.0, 256).expand(1, 3, 256, 256)
    assert wavelet.analyse(slope)[:, 3:, 8:-8, 8:-8].abs().max() < 1e-4


def test_the_left_edge_knows_nothing_of_the_right():
    image = torch.zeros(1, 3, 128, 128)
    image[..., -16:] = 1.0
    assert wavelet.analyse(image)[..., :8].abs().max() < 1e-4


def test_grey_pictures_have_no_colour_bands():
    grey = noise(64, 64, channels=1).expand(-1, 3, -1, -1)
    assert wavelet.analyse(grey)[:, 1:3].abs().max() < 1e-5


def test_no_place_shows_the_outline_of_a_block():
    """One coarse coefficient paints a bell that overlaps its neighbours: no jump between pixels is near its height."""
    bands = torch.zeros(1, wavelet.CHANNELS, 32, 32)
    bands[0, 0, 16, 16] = 1.0
    bell = wavelet.synthesise(bands)[0, 0]
    assert bell.diff(dim=1).abs().max() < 0.35 * bell.abs().max()
    assert int((bell.abs() > 0.01 * bell.abs().max()).sum()) > 4 * 64


@pytest.mark.parametrize("size", [(64, 60), (56, 64), (8, 8)])
def test_sizes_that_do_not_divide_are_refused(size):
    with pytest.raises(ValueError, match="multiples of 8 from 64"):
        wavelet.analyse(torch.zeros(1, 3, *size))
    with pytest.raises(ValueError, match="multiples of 8 from 64"):
        wavelet.outline(torch.zeros(1, 3, *size))


def test_bands_of_too_small_a_picture_are_refused():
    with pytest.raises(ValueError, match="multiples of 8 from 64"):
        wavelet.synthesise(torch.zeros(1, wavelet.CHANNELS, 4, 8))
