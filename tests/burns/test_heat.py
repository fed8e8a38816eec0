"""The heat equation, solved exactly: held against its closed forms and an independent Gaussian filter."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.heat import LIGHT, Heat, blur_width, covering_sigma, diffuse, filtered
from installation.burns.temperature import HOTTEST_SIGMA
from installation.randomness import generator

SIDES = st.integers(1, 33)
BLURS = st.floats(0.0, 40.0)


def picture(height, width, seed=0):
    return torch.from_numpy(generator(seed, 0).uniform(-1.0, 1.0, (1, 3, height, width)))


def gaussian_filter(image, sigma):
    """A truncated, normalised Gaussian along both axes with half-sample mirrored edges, as in image processing."""
    reach = int(10 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (-2, -1):
        padded = np.pad(
            image, [(reach, reach) if axis % image.ndim == n else (0, 0) for n in range(image.ndim)], "symmetric"
        )
        image = np.apply_along_axis(lambda line: np.convolve(line, kernel, "valid"), axis, padded)
    return image


@given(height=SIDES, width=SIDES, blur=BLURS)
def test_heat_is_neither_lost_nor_made(height, width, blur):
    image = picture(height, width)
    torch.testing.assert_close(diffuse(image, blur).mean((2, 3)), image.mean((2, 3)), atol=1e-13, rtol=0.0)


@given(height=SIDES, width=SIDES, first=BLURS, second=BLURS)
def test_two_fires_after_another_are_one(height, width, first, second):
    image = picture(height, width)
    once = diffuse(image, math.hypot(first, second))
    torch.testing.assert_close(diffuse(diffuse(image, first), second), once, atol=1e-12, rtol=0.0)


def test_three_and_then_four_is_five():
    image = picture(48, 32)
    torch.testing.assert_close(diffuse(diffuse(image, 3.0), 4.0), diffuse(image, 5.0), atol=1e-14, rtol=0.0)


@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0), (3, 5), (15, 23)])
@pytest.mark.parametrize("blur", [0.5, 1.0, 4.0])
def test_a_cosine_keeps_its_shape_and_decays_at_its_own_rate(i, j, blur):
    height, width = 16, 24
    down = torch.cos(math.pi * i * (torch.arange(height, dtype=torch.float64) + 0.5) / height)
    across = torch.cos(math.pi * j * (torch.arange(width, dtype=torch.float64) + 0.5) / width)
    mode = (down[:, None] * across).expand(1, 3, height, width)
    decay = math.exp(-(blur**2) / 2 * ((math.pi * i / height) ** 2 + (math.pi * j / width) ** 2))
    torch.testing.assert_close(diffuse(mode, blur), decay * mode, atol=1e-13, rtol=0.0)


@pytest.mark.parametrize(("blur", "tolerance"), [(0.5, 0.12), (1.0, 1e-3), (1.5, 1e-6), (2.0, 1e-10), (5.0, 1e-10)])
def test_on_a_photograph_it_is_a_gaussian_filter_with_mirrored_edges(photograph, blur, tolerance):
    image = photograph[..., :40].double()
    filtered = gaussian_filter(image.numpy(), blur)
    np.testing.assert_allclose(diffuse(image, blur).numpy(), filtered, atol=tolerance, rtol=0.0)


@given(height=SIDES, width=SIDES, blur=BLURS)
def test_contrast_never_grows(height, width, blur):
    image = picture(height, width)
    assert diffuse(image, blur).square().sum() <= image.square().sum() * (1 + 1e-12)


@pytest.mark.parametrize("blur", [1.5, 3.0, 20.0])
def test_nothing_grows_hotter_than_the_hottest_place(blur):
    image = picture(40, 56)
    burnt = diffuse(image, blur)
    assert image.min() <= burnt.min() <= burnt.max() <= image.max()


def test_in_the_end_everything_has_the_mean_colour():
    image = picture(16, 24)
    torch.testing.assert_close(
        diffuse(image, 1e4), image.mean((2, 3), keepdim=True).expand_as(image), atol=1e-12, rtol=0
    )


@given(turns=st.sampled_from([(-1,), (-2,), (-1, -2)]), blur=BLURS)
def test_heat_knows_no_left_or_right(turns, blur):
    image = picture(12, 18)
    torch.testing.assert_close(diffuse(image.flip(turns), blur), diffuse(image, blur).flip(turns), atol=1e-12, rtol=0.0)


@pytest.mark.parametrize("blur", [0.5, LIGHT[0] - 0.01, LIGHT[0], 3.0, LIGHT[1], LIGHT[1] + 0.01, 9.0, 60.0])
def test_whichever_way_is_cheapest_gives_the_same_to_float32(blur):
    image = picture(120, 200)
    torch.testing.assert_close(diffuse(image.float(), blur).double(), diffuse(image, blur), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("blur", [1.0, 3.0, 9.0])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_no_bit(blur, threads):
    before, image = torch.get_num_threads(), picture(120, 200).float()
    one = diffuse(image, blur)
    try:
        torch.set_num_threads(threads)
        assert torch.equal(diffuse(image, blur), one)
    finally:
        torch.set_num_threads(before)


def test_the_filter_takes_a_batch_and_pictures_that_lie_otherwise_in_memory():
    batch = torch.cat([picture(90, 80, seed=seed) for seed in range(2)]).float()
    each = torch.cat([filtered(one, 2.5) for one in batch.split(1)])
    assert torch.equal(filtered(batch.to(memory_format=torch.channels_last), 2.5), each)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("blur", [0.7, 3.0, 60.0])
def test_a_gpu_diffuses_the_same(blur):
    image = picture(120, 200).float()
    torch.testing.assert_close(diffuse(image.cuda(), blur).cpu(), diffuse(image, blur), atol=2e-6, rtol=0.0)


def test_float32_is_as_good_as_the_eye(photograph):
    exact = diffuse(photograph.double(), 3.0)
    torch.testing.assert_close(diffuse(photograph, 3.0).double(), exact, atol=2e-6, rtol=0.0)


def test_the_width_goes_from_half_a_pixel_to_the_longer_side_in_equal_ratios():
    assert [blur_width(temperature, 128) for temperature in (0.0, 0.5, 1.0)] == [
        0.0,
        pytest.approx(8.0),
        pytest.approx(128.0),
    ]
    assert blur_width(1e-9, 128) == pytest.approx(0.5)


@given(cooler=st.floats(0.0, 1.0), hotter=st.floats(0.0, 1.0))
def test_hotter_is_wider(cooler, hotter):
    cooler, hotter = sorted((cooler, hotter))
    assert blur_width(cooler, 256) <= blur_width(hotter, 256)


@given(blur=BLURS)
def test_the_covering_noise_hides_a_photograph_where_a_tenth_of_it_is_left(blur):
    assert 0.0 <= covering_sigma(blur) <= HOTTEST_SIGMA
    assert covering_sigma(blur) == pytest.approx(0.5 * blur / math.sqrt(2 * math.log(10)))


def test_heat_needs_no_dice(photograph, rng):
    before = rng.bit_generator.state
    burnt = Heat(0.4)(photograph, rng)
    assert rng.bit_generator.state["state"]["counter"].tolist() == before["state"]["counter"].tolist()
    assert torch.equal(burnt.image, diffuse(photograph, blur_width(0.4, 64)))
    assert (burnt.signal, burnt.noise) == (1.0, 0.0)
