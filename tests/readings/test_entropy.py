"""Entropy of brightness, held against distributions whose entropy is known."""

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from installation.images import load, to_pixels
from installation.readings import Look, luma, shannon_entropy
from installation.readings.entropy import compressed, compressed_entropy, file_size, miller_madow
from tests.conftest import ORIGIN

LEVELS = st.lists(st.integers(0, 255), min_size=1, max_size=300).map(lambda levels: np.array(levels, np.uint8))


def test_a_flat_picture_surprises_nobody():
    assert shannon_entropy(np.full((64, 64), 77, np.uint8)) == 0.0


def test_two_levels_in_equal_parts_are_one_bit():
    assert shannon_entropy(np.array([3, 250] * 500, np.uint8)) == 1.0


def test_every_level_once_is_eight_bits():
    assert shannon_entropy(np.arange(256, dtype=np.uint8)) == 8.0


def test_normal_brightness_has_the_entropy_of_the_normal_distribution(rng):
    levels = np.rint(rng.normal(128.0, 20.0, (1024, 1024))).astype(np.uint8)
    assert shannon_entropy(levels) == pytest.approx(math.log2(20 * math.sqrt(2 * math.pi * math.e)), abs=0.003)  # 6.369


def test_few_pixels_read_too_low_by_millers_bias():
    rng = np.random.default_rng(5)
    read = np.mean([shannon_entropy(rng.integers(0, 16, 400).astype(np.uint8)) for _ in range(300)])
    assert 4.0 - read == pytest.approx((16 - 1) / (2 * 400 * math.log(2)), rel=0.1)


@given(levels=LEVELS)
def test_entropy_lies_between_zero_and_the_logarithm_of_the_levels_in_use(levels):
    assert 0.0 <= shannon_entropy(levels) <= math.log2(len(set(levels.tolist()))) + 1e-12


@given(levels=LEVELS, seed=st.integers(0, 99))
def test_entropy_is_blind_to_where_the_pixels_are(levels, seed):
    shuffled = np.random.default_rng(seed).permutation(levels)
    assert shannon_entropy(shuffled) == shannon_entropy(levels)


@given(levels=LEVELS, seed=st.integers(0, 99))
def test_entropy_is_blind_to_what_the_levels_are_called(levels, seed):
    renamed = np.random.default_rng(seed).permutation(256).astype(np.uint8)[levels]
    assert shannon_entropy(renamed) == pytest.approx(shannon_entropy(levels), abs=1e-12)


@pytest.mark.parametrize(
    ("colour", "level"), [((255, 255, 255), 255), ((255, 0, 0), 54), ((0, 255, 0), 182), ((0, 0, 255), 18)]
)
def test_brightness_is_rec_709_luma(colour, level):
    pixels = np.full((2, 3, 3), colour, np.uint8)
    np.testing.assert_array_equal(luma(pixels), np.full((2, 3), level, np.uint8))


def test_miller_madows_bias_at_the_size_that_is_read():
    """SCIENCE C: .0057 bit at 240 x 135."""
    assert miller_madow(256, 240 * 135) == pytest.approx(0.0057, abs=5e-5)


def test_the_bias_is_what_the_estimator_reads_too_low():
    rng = np.random.default_rng(6)
    read = np.mean([shannon_entropy(rng.integers(0, 32, 1000).astype(np.uint8)) for _ in range(300)])
    assert read + miller_madow(32, 1000) == pytest.approx(5.0, abs=0.002)


def test_a_flat_field_compresses_to_nothing_and_noise_not_at_all(rng):
    assert compressed(np.full((128, 128), 7, np.uint8)) < 0.1
    assert 8.0 <= compressed(rng.integers(0, 256, (128, 128), dtype=np.uint8)) < 8.1


def test_shuffling_the_pixels_leaves_the_entropy_and_raises_what_compression_finds(rng):
    """SCIENCE C: camera 7.2317 both, but 5.15 -> 7.30 compressed: always show the pair."""
    levels = luma(load(ORIGIN, 256, 256))
    shuffled = rng.permutation(levels.reshape(-1)).reshape(levels.shape)
    assert shannon_entropy(shuffled) == shannon_entropy(levels)
    assert compressed(shuffled) > compressed(levels) + 0.3


def test_compression_bounds_the_entropy_of_independent_pixels_from_above(rng):
    levels = np.rint(rng.normal(128.0, 20.0, (256, 256))).astype(np.uint8)
    assert shannon_entropy(levels) < compressed(levels) < shannon_entropy(levels) + 0.6


def test_compressed_entropy_is_read_at_half_size(photograph):
    look = Look(to_pixels(photograph))
    assert compressed_entropy(look, look) == compressed(luma(look.half))


def test_the_file_grows_as_the_picture_turns_to_noise_and_is_least_for_a_flat_field(photograph, rng):
    picture = to_pixels(photograph)
    noise = rng.integers(0, 256, picture.shape, dtype=np.uint8)
    flat, photo, noisy = (file_size(Look(each), Look(picture)) for each in (np.full_like(picture, 128), picture, noise))
    assert flat < photo < noisy


def test_the_file_is_what_another_reader_opens(photograph):
    look = Look(to_pixels(photograph))
    file = io.BytesIO()
    Pillow.fromarray(look.small).save(file, "JPEG", quality=90)
    assert file_size(look, look) == pytest.approx(len(file.getvalue()) / 1000.0, rel=0.02)
