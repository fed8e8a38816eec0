"""JPEG recompression: where it stops burning, and how it goes on."""

import dataclasses
import io
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from installation import images
from installation.burns import jpeg
from installation.burns.jpeg import BLOCK, Jpeg
from installation.randomness import generator

ORIGIN = Path(__file__).parents[2] / "assets" / "origins" / "astronaut.png"
QUALITIES = st.integers(1, 100)
STAY = (0, 0)


@pytest.fixture(scope="module")
def portrait():
    """A real photograph, 256 x 256 x 3 uint8."""
    return images.load(ORIGIN, 256, 256)


def jumps(times, seed=1):
    return generator(seed, 0).integers(1, BLOCK, (times, 2))


def psnr(pixels, origin):
    return -10 * math.log10(float(np.square((pixels.astype(float) - origin) / 255).mean()))


def correlation_of_neighbours(pixels):
    levels = pixels.astype(float).mean(2)
    return np.corrcoef(levels[:, 1:].ravel(), levels[:, :-1].ravel())[0, 1]


def orthonormal_errors(pixels, origin):
    """Root mean square over all blocks and colours of each of the 64 frequencies' errors, in units of -1 to 1."""
    n = np.arange(BLOCK)
    basis = np.cos(np.pi * n[:, None] * (2 * n + 1) / (2 * BLOCK)) * np.where(n[:, None], 0.5, math.sqrt(1 / BLOCK))
    error = (pixels.astype(float) - origin) / 127.5
    side = error.shape[0] // BLOCK
    blocks = error.reshape(side, BLOCK, side, BLOCK, 3).transpose(0, 2, 4, 1, 3)
    return np.sqrt(np.square(basis @ blocks @ basis.T).mean((0, 1, 2)))


@pytest.mark.parametrize("level", [10, 30, 50, 75, 90, 95])
def test_on_a_grid_that_stays_the_fire_goes_out_within_twenty_passes(portrait, level):
    settled = jpeg.resave(portrait, level, "4:4:4", [STAY] * 20)
    file = jpeg.encoded(settled, level, "4:4:4")
    assert np.array_equal(jpeg.decoded(file), settled)
    assert jpeg.encoded(jpeg.decoded(file), level, "4:4:4") == file


@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:0"])
def test_on_a_grid_that_jumps_it_burns_on(portrait, chroma):
    burnt = [jpeg.resave(portrait, 75, chroma, jumps(times)) for times in (1, 10, 50, 200)]
    likeness = [psnr(pixels, portrait) for pixels in burnt]
    assert all(later < earlier - 2.0 for earlier, later in itertools.pairwise(likeness))


def test_the_file_grows_as_the_picture_is_lost(portrait):
    burnt = jpeg.resave(portrait, 75, "4:2:0", jumps(50))
    assert len(jpeg.encoded(burnt, 75, "4:2:0")) > 1.2 * len(jpeg.encoded(portrait, 75, "4:2:0"))


def test_in_the_end_a_pixel_hardly_knows_its_neighbour(portrait):
    burnt = jpeg.resave(portrait, jpeg.HOTTEST_QUALITY, "4:2:0", jumps(jpeg.HOTTEST_PASSES))
    assert correlation_of_neighbours(portrait) > 0.9
    assert abs(correlation_of_neighbours(burnt)) < 0.5


@given(down=st.integers(0, 7), right=st.integers(0, 7), level=QUALITIES)
def test_moving_the_grid_is_moving_the_picture_the_other_way(photograph, down, right, level):
    pixels = images.to_pixels(photograph)
    moved = np.roll(pixels, (-down, -right), (0, 1))
    saved = np.roll(jpeg.resave(moved, level, "4:4:4", [STAY]), (down, right), (0, 1))
    assert np.array_equal(jpeg.resave(pixels, level, "4:4:4", [(down, right)]), saved)


@given(height=st.integers(1, 20), width=st.integers(1, 20), chroma=st.sampled_from(["4:4:4", "4:2:0"]))
def test_a_picture_of_any_size_keeps_it(height, width, chroma):
    pixels = generator(3, 0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    saved = jpeg.resave(pixels, 50, chroma, jumps(2))
    assert (saved.shape, saved.dtype) == (pixels.shape, pixels.dtype)


@given(level=QUALITIES)
def test_a_flat_grey_picture_has_nothing_to_burn(level):
    grey = np.full((16, 24, 3), 128, dtype=np.uint8)
    assert np.array_equal(jpeg.resave(grey, level, "4:2:0", jumps(3)), grey)


def test_no_grid_leaves_the_pixels_alone(portrait):
    assert jpeg.resave(portrait, 50, "4:4:4", []) is portrait


@pytest.mark.parametrize(("chroma", "factors"), [("4:4:4", 0), ("4:2:0", 2)])
def test_the_file_says_how_colour_was_kept(portrait, chroma, factors):
    with Pillow.open(io.BytesIO(jpeg.encoded(portrait, 50, chroma))) as picture:
        assert JpegImagePlugin.get_sampling(picture) == factors


@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("level", [50, 75, 95])
def test_it_is_read_as_pillow_reads_it_and_no_worse_than_pillow_writes_it(portrait, level, chroma):
    file, other = jpeg.encoded(portrait, level, chroma), io.BytesIO()
    with Pillow.open(io.BytesIO(file)) as picture:
        assert np.array_equal(np.asarray(picture), jpeg.decoded(file))
    Pillow.fromarray(portrait).save(other, "JPEG", quality=level, subsampling=chroma)
    assert np.array_equal(jpeg.decoded(other.getvalue()), jpeg.decoded(file))


def test_the_schedule_runs_from_one_good_copy_to_five_hundred_bad_ones():
    assert [jpeg.passes(temperature) for temperature in (0.0, 1e-6, 0.5, 1.0)] == [0, 1, 129, 512]
    assert [jpeg.quality(temperature) for temperature in (0.0, 0.5, 1.0)] == [95, 72, 50]


# ITU-T T.81, annex K: the coarsest step of the published tables is 121; libjpeg's quality scales them.
@pytest.mark.parametrize(("level", "step"), [(1, 255), (25, 242), (50, 121), (75, 61), (100, 1)])
def test_the_coarsest_step_is_that_of_the_published_table(level, step):
    assert jpeg.coarsest_step(level) == pytest.approx(step, abs=1)


@given(worse=QUALITIES, better=QUALITIES)
def test_a_worse_copy_has_no_finer_steps(worse, better):
    worse, better = sorted((worse, better))
    assert jpeg.coarsest_step(worse) >= jpeg.coarsest_step(better)


@pytest.mark.parametrize("temperature", [0.1, 0.3, 0.5, 0.7, 1.0])
def test_the_covering_noise_is_as_loud_as_the_worst_frequency(portrait, temperature):
    burnt = Jpeg(temperature)(images.to_tensor(portrait), generator(1, 1))
    worst = orthonormal_errors(images.to_pixels(burnt.image), portrait).max()
    assert worst < 1.4 * burnt.sigma


def test_without_jumps_more_passes_ask_for_no_more_noise(photograph, rng):
    burnt = Jpeg(0.8, shift=False)(photograph, rng)
    assert burnt.sigma == jpeg.covering_sigma(jpeg.quality(0.8), 1)


def test_without_jumps_no_dice_are_thrown(photograph):
    one, other = (Jpeg(0.5, shift=False)(photograph, generator(seed, 0)).image for seed in (1, 2))
    assert torch.equal(one, other)


def test_jumps_come_from_the_dice(photograph):
    one, other = (Jpeg(0.5)(photograph, generator(seed, 0)).image for seed in (1, 2))
    assert not torch.equal(one, other)


def test_colour_at_half_resolution_burns_otherwise(photograph):
    whole, half = (dataclasses.replace(Jpeg(0.3), chroma=chroma) for chroma in ("4:4:4", "4:2:0"))
    assert not torch.equal(whole(photograph, generator(1, 1)).image, half(photograph, generator(1, 1)).image)


def test_each_image_of_a_batch_burns_as_if_alone(photograph):
    batch = torch.cat([photograph, photograph.flip(-1)])
    alone = Jpeg(0.4)(photograph.flip(-1), generator(5, 1)).image
    assert torch.equal(Jpeg(0.4)(batch, generator(5, 1)).image[1:], alone)


def test_what_comes_out_has_eight_bits(photograph, rng):
    levels = (Jpeg(0.4)(photograph, rng).image + 1.0) * 127.5
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0.0)
