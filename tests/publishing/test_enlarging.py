"""Enlarging is Lanczos resampling, the same for any tiling, and invents nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from installation.publishing.enlarging import LOBES, tile, weights
from tests.recording.rehearsal import noise

sides = st.integers(1, 40)


def whole_of(picture, height, width):
    return tile(picture, (height, width), (0, 0, height, width))


@given(source=sides, target=sides, begin=st.integers(0, 39), length=st.integers(1, 40))
def test_weights_sum_to_one_and_reach_only_into_the_picture(source, target, begin, length):
    begin = min(begin, target - 1)
    matrix, samples = weights(source, target, begin, min(begin + length, target))
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    assert 0 <= samples.start < samples.stop <= source
    assert matrix.shape == (min(begin + length, target) - begin, samples.stop - samples.start)


@given(cut=st.integers(1, 49), across=st.integers(1, 69), seed=st.integers(0, 9))
def test_any_tiling_gives_the_very_same_pixels(cut, across, seed):
    picture, shape = noise(seed, 7, 11), (50, 70)
    boxes = [(0, 0, cut, across), (0, across, cut, 70), (cut, 0, 50, across), (cut, across, 50, 70)]
    first, second, third, fourth = (tile(picture, shape, box) for box in boxes)
    np.testing.assert_array_equal(np.block([[[first], [second]], [[third], [fourth]]]), whole_of(picture, *shape))


@pytest.mark.parametrize("shape", [(64, 64), (200, 150), (641, 333), (40, 31)])
def test_it_is_the_lanczos_of_pillow(shape):
    picture = noise(3, 64, 48) // 3 + 85  # no white, no black: Pillow clips between its two passes
    theirs = np.asarray(Image.fromarray(picture).resize(shape[::-1], Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(whole_of(picture, *shape).astype(int) - theirs).max() <= 1


@given(level=st.integers(0, 255), height=st.integers(1, 90), width=st.integers(1, 90))
def test_a_flat_field_stays_flat(level, height, width):
    picture = np.full((9, 13, 3), level, np.uint8)
    assert (whole_of(picture, height, width) == level).all()


def test_the_size_it_has_leaves_a_picture_alone():
    np.testing.assert_array_equal(whole_of(noise(1), 64, 64), noise(1))


def test_a_mirrored_picture_is_enlarged_to_a_mirrored_one():
    np.testing.assert_array_equal(whole_of(noise(2)[:, ::-1], 99, 77), whole_of(noise(2), 99, 77)[:, ::-1])


def test_no_detail_is_invented():
    """Above the picture's own highest frequency next to nothing is found."""
    wave = 127.5 + 100 * np.sin(2 * np.pi * 9 * np.arange(64) / 64)
    picture = np.repeat(np.repeat(wave.round().astype(np.uint8)[None, :, None], 64, axis=0), 3, axis=2)
    row = whole_of(picture, 64, 64 * 8)[32, 64:-64, 0].astype(float)
    spectrum = np.abs(np.fft.rfft((row - row.mean()) * np.hanning(len(row)))) ** 2
    assert spectrum[round(len(row) / 16) :].sum() < 1e-3 * spectrum.sum()


def test_a_tile_looks_at_few_pixels_however_large_the_picture():
    _, samples = weights(4000, 100_000, 50_000, 50_512)
    assert samples.stop - samples.start <= 512 * 4000 / 100_000 + 2 * LOBES + 2
