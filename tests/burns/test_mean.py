"""The mean image: running averages, total probability, and what a denoiser says when it sees nothing."""

import logging
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from installation import images
from installation.burns.mean import (
    SIDE,
    SOURCES,
    SPREAD,
    Average,
    Mean,
    Remembering,
    average,
    covering_sigma,
    fitted,
    mean_image,
)
from installation.burns.temperature import HOTTEST_SIGMA
from installation.images import ImageError
from installation.machine.files import share
from installation.randomness import generator
from installation.restorers.archive import ideal

ARCHIVE, ORIGINS = (share("assets") / source for source in SOURCES)


def pictures(number, seed=0, scale=1.0):
    """Random pictures, number x 3 x 5 x 7 float64."""
    return torch.from_numpy(generator(seed, 0).normal(0.2, scale, (number, 3, 5, 7)))


def seen(pictures):
    so_far = Average.of_none(pictures[0])
    for picture in pictures:
        so_far = so_far.after(picture)
    return so_far


def save(folder, name, level):
    folder.mkdir(exist_ok=True)
    Pillow.fromarray(np.full((16, 24, 3), level, dtype=np.uint8)).save(folder / name)


# ------------------------------------------------------------------ the running average (Welford 1962)


@given(number=st.integers(2, 20), seed=st.integers(0, 99))
def test_the_running_average_is_the_average_and_the_variance_the_variance(number, seed):
    many = pictures(number, seed)
    running = seen(many)
    torch.testing.assert_close(running.mean, many.mean(0), atol=1e-12, rtol=0.0)
    torch.testing.assert_close(running.variance, many.var(0), atol=1e-12, rtol=0.0)
    assert running.count == number


def test_the_order_in_which_pictures_were_seen_does_not_matter():
    many = pictures(12)
    torch.testing.assert_close(seen(many).mean, seen(many.flip(0)).mean, atol=1e-14, rtol=0.0)


def test_small_differences_survive_on_a_large_offset():
    """Where sums of squares would cancel: 1e8 leaves a float64 half of its digits, and a naive variance none."""
    many = pictures(50) + 1e8
    torch.testing.assert_close(seen(many).variance, many.var(0), atol=0.0, rtol=1e-6)


def test_of_one_picture_the_average_is_that_picture_without_variance():
    one = pictures(1)
    assert torch.equal(seen(one).mean, one[0])
    assert not seen(one).variance.any()


def test_the_mean_of_n_pictures_is_off_by_the_trace_of_their_covariance_over_n():
    """E |m_n - mu|^2 = tr(Sigma) / n: the law by which a crowd becomes one face."""
    crowds, n, deviation = 400, 16, 0.5
    off = [(seen(pictures(n, seed, deviation)).mean - 0.2).square().sum() for seed in range(crowds)]
    trace = deviation**2 * 3 * 5 * 7
    assert float(torch.stack(off).mean()) == pytest.approx(trace / n, rel=0.03)


def test_what_was_seen_is_counted_in_float64_whatever_it_came_in():
    running = Average.of_none(torch.zeros(3, 2, 2)).after(torch.full((3, 2, 2), 0.1))
    assert running.mean.dtype == torch.float64


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 5, 7\) cannot take in \(3, 7, 5\)"):
        seen(pictures(2)).after(torch.zeros(3, 7, 5))


# ------------------------------------------------------------------ the mean of the shipped pictures


def test_the_mean_of_the_archive_is_that_of_its_pictures():
    levels = [images.load(path, SIDE, SIDE).astype(np.float64) for path in sorted(ARCHIVE.iterdir())]
    expected = np.mean(levels, axis=0).transpose(2, 0, 1) / 127.5 - 1.0
    np.testing.assert_allclose(mean_image("archive", SIDE, SIDE).numpy(), expected, atol=2e-6)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 80), (33, 17)])
def test_at_any_size_it_is_the_mean_of_the_pictures_at_that_size(height, width):
    squares = [Pillow.fromarray(images.load(path, SIDE, SIDE)) for path in sorted(ORIGINS.iterdir())]
    filled = [ImageOps.fit(square, (width, height), method=Pillow.Resampling.LANCZOS) for square in squares]
    one_by_one = torch.cat([images.to_tensor(np.asarray(picture)) for picture in filled])
    off = (mean_image("origins", height, width) - one_by_one.mean(0)).abs()
    assert float(off.max()) < 0.03  # where a picture overshoots white or black, eight bits clip it by itself
    assert float(off.mean()) < 0.002


@pytest.mark.parametrize("source", SOURCES)
def test_means_are_greyer_than_the_pictures_they_are_made_of(source):
    assert float(mean_image(source, 64, 64).std()) < 0.25
    assert float(average(share("assets") / source).variance.mean().sqrt()) == pytest.approx(SPREAD, abs=0.1)


def test_a_mean_is_taken_once_for_every_size():
    assert mean_image("archive", 20, 30) is mean_image("archive", 20, 30)


def test_pictures_that_cannot_be_read_are_left_out_and_said(tmp_path, caplog):
    folder = tmp_path / "some"
    save(folder, "dark.png", 51)
    save(folder, "light.png", 204)
    (folder / "note.txt").write_text("no picture")
    with caplog.at_level(logging.WARNING):
        assert float(fitted(folder, 8, 8).mean.mean()) == pytest.approx(0.0, abs=1e-6)
    assert "note.txt" in caplog.text


@pytest.mark.parametrize("make", [False, True])
def test_without_a_picture_it_says_what_to_do(tmp_path, make):
    folder = tmp_path / "none"
    if make:
        folder.mkdir()
    with pytest.raises(ImageError, match=r"no picture to take the mean of\. Put some"):
        average(folder)


# ------------------------------------------------------------------ the medium


@given(temperature=st.floats(0.0, 1.0), source=st.sampled_from(SOURCES))
def test_a_contrast_of_one_minus_t_is_left(photograph, temperature, source):
    mean, image = mean_image(source, 64, 64).double(), photograph.double()
    burnt = Mean(temperature, source)(image, generator(1, 1)).image
    torch.testing.assert_close(burnt - mean, (1.0 - temperature) * (image - mean), atol=1e-12, rtol=0.0)


def test_at_the_hottest_every_picture_is_the_same(photograph, rng):
    one, other = (Mean(1.0)(image, rng).image for image in (photograph, -photograph))
    assert torch.equal(one, other)
    assert torch.equal(one[0], mean_image("archive", 64, 64))


@given(spread=st.floats(0.0, 1.0))
def test_at_the_hottest_the_spread_goes_over_from_the_mean_to_the_standard_deviation(photograph, spread):
    every = fitted(ARCHIVE, 64, 64)
    expected = (1.0 - spread) * every.mean + spread * (2.0 * every.variance.sqrt() - 1.0)
    torch.testing.assert_close(Mean(1.0, spread=spread)(photograph, generator(1, 1)).image[0], expected)


def test_where_all_pictures_agree_their_spread_is_black_and_where_black_meets_white_it_is_white():
    both = torch.stack([torch.tensor([1.0, 0.3]), torch.tensor([-1.0, 0.3])]).reshape(2, 2, 1, 1)
    several = both.repeat(5000, 1, 1, 1)
    torch.testing.assert_close(
        seen(several).portrait(1.0).flatten(), torch.tensor([1.0, -1.0]).double(), atol=1e-3, rtol=0
    )


def test_a_lineage_that_has_seen_something_burns_into_the_mean_of_that(photograph, rng):
    memory = seen(torch.cat([photograph, -photograph]))
    burnt = Remembering(1.0, "seen", seen=memory)(photograph, rng).image
    torch.testing.assert_close(burnt[0], torch.zeros(3, 64, 64))


def test_in_another_size_or_with_nothing_seen_it_is_the_archives_mean(photograph, rng):
    small = Average.of_none(torch.zeros(3, 8, 8)).after(torch.zeros(3, 8, 8))
    for memory in (None, small):
        burnt = Remembering(1.0, "seen", seen=memory)(photograph, rng).image
        assert torch.equal(burnt[0], mean_image("archive", 64, 64))


def test_no_dice_are_thrown(photograph):
    one, other = (Mean(0.5)(photograph, generator(seed, 0)).image for seed in (1, 2))
    assert torch.equal(one, other)


@given(temperature=st.floats(0.001, 0.999))
def test_the_covering_noise_is_that_at_which_a_wiener_filter_leaves_as_much(temperature):
    sigma = covering_sigma(temperature)
    assert SPREAD**2 / (SPREAD**2 + sigma**2) == pytest.approx(1.0 - temperature, abs=1e-9)


def test_it_asks_for_no_noise_when_untouched_and_for_the_most_when_burnt_out():
    assert [covering_sigma(temperature) for temperature in (0.0, 0.5, 1.0)] == [0.0, SPREAD, HOTTEST_SIGMA]


# ------------------------------------------------------------------ total probability: D(x; infinity) = E[x0]


def archive(side, number=60):
    stack = [images.to_tensor(images.load(path, side, side)).double() for path in sorted(ARCHIVE.iterdir())[:number]]
    return torch.cat(stack)


@pytest.mark.parametrize("sigma", [1e7, 1e9])
def test_the_ideal_denoiser_of_the_archive_at_infinite_noise_is_its_mean_image(sigma):
    owners = archive(32)
    x = sigma * torch.from_numpy(generator(3, 0).standard_normal((2, 3, 32, 32)))
    # where it drifts to is <x, y_i> / sigma^2: at sigma 1e7 some 1e-5 off, and ten times less for ten times the noise
    off = (ideal(x, sigma, owners) - owners.mean(0)).abs().max()
    assert float(off) < 2e3 / sigma


def test_one_step_from_the_hottest_burn_paints_this_medium_at_its_hottest():
    owners = archive(SIDE, number=200).float()
    denoised = ideal(torch.zeros(1, 3, SIDE, SIDE), 1e6, owners)
    burnt = Mean(1.0)(torch.zeros(1, 3, SIDE, SIDE), generator(0, 0)).image
    torch.testing.assert_close(denoised, burnt, atol=1e-5, rtol=0.0)


def test_the_best_guess_of_white_gaussian_pictures_is_this_medium():
    """E[x0 | x0 + sigma eps] averaged over eps: for N(m, s^2) it is (1 - T) x + T m at the covering sigma."""
    rng, temperature = generator(4, 0), 0.4
    sigma, mean, x = covering_sigma(temperature), 0.1, 0.8
    noisy = x + sigma * rng.standard_normal(200_000)
    guesses = mean + SPREAD**2 / (SPREAD**2 + sigma**2) * (noisy - mean)
    error = 4.0 * sigma / math.sqrt(200_000)
    assert guesses.mean() == pytest.approx((1 - temperature) * x + temperature * mean, abs=error)
