"""Randomness: any generation of any lineage can be rendered again from its seed and serial."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.randomness import generator, white

WORDS = st.integers(0, 2**64 - 1)


def draw(seed, serial, stream=0):
    return generator(seed, serial, stream).integers(0, 2**63, 8).tolist()


@given(seed=WORDS, serial=WORDS, stream=st.integers(0, 9))
def test_the_same_place_gives_the_same_numbers(seed, serial, stream):
    assert draw(seed, serial, stream) == draw(seed, serial, stream)


@given(here=st.tuples(WORDS, WORDS, st.integers(0, 9)), there=st.tuples(WORDS, WORDS, st.integers(0, 9)))
def test_different_places_give_different_numbers(here, there):
    assert (draw(*here) == draw(*there)) == (here == there)


def test_seeds_that_agree_in_their_lower_32_bits_differ():
    assert draw(1, 1) != draw(1 + 2**32, 1)
    assert draw(1, 1) != draw(1, 1 + 2**32)


def philox(counter, key):
    """Philox4x64-10 as published (Salmon et al. 2011): ten rounds of two multiplications."""
    a, b, c, d = counter
    left, right = key
    for _ in range(10):
        ab, cd = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = (cd >> 64) ^ b ^ left, cd % 2**64, (ab >> 64) ^ d ^ right, ab % 2**64
        left, right = (left + 0x9E3779B97F4A7C15) % 2**64, (right + 0xBB67AE8584CAA73B) % 2**64
    return [a, b, c, d]


def test_the_reference_here_gives_the_published_test_vector():
    assert philox((0, 0, 0, 0), (0, 0))[:2] == [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC]


@given(seed=WORDS, serial=WORDS, stream=st.integers(0, 9))
def test_the_numbers_are_those_of_philox_with_the_seed_and_serial_as_its_key(seed, serial, stream):
    assert generator(seed, serial, stream).bit_generator.random_raw(4).tolist() == philox(
        (1, 0, 0, stream), (seed, serial)
    )


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (2**64, 0), (0, 2**64)])
def test_numbers_beyond_64_bits_are_refused(place):
    with pytest.raises(OverflowError):
        generator(*place)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_white_noise_takes_the_shape_and_dtype_it_is_asked_for(rng, dtype):
    noise = white(rng, torch.zeros(2, 3, 5, 7, dtype=dtype))
    assert (noise.shape, noise.dtype) == ((2, 3, 5, 7), dtype)


def test_white_noise_is_standard_normal_and_white(rng):
    noise = white(rng, torch.empty(1, 1, 512, 512))[0, 0]
    assert float(noise.mean()) == pytest.approx(0.0, abs=5 / 512)
    assert float(noise.var()) == pytest.approx(1.0, abs=5 * 2**0.5 / 512)
    assert float((noise[:, 1:] * noise[:, :-1]).mean()) == pytest.approx(0.0, abs=5 / 512)


def test_streams_of_one_turn_are_uncorrelated():
    here, there = (generator(5, 9, stream).standard_normal(100_000) for stream in (1, 2))
    assert np.corrcoef(here, there)[0, 1] == pytest.approx(0.0, abs=5 / 100_000**0.5)
