"""Randomness: any generation of any lineage can be rendered again from its seed and serial."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.randomness import BLOCK, generator, white

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


def test_white_noise_has_the_tails_of_a_normal_law(rng):
    """Kolmogorov 1933: the largest gap between the two distribution functions, here at its one-in-a-million limit."""
    noise = white(rng, torch.empty(4 * BLOCK)).double().sort().values
    gap = (torch.special.ndtr(noise) - (torch.arange(len(noise)) + 0.5) / len(noise)).abs().max()
    assert float(gap) < 2.7 / len(noise) ** 0.5
    assert float(noise.pow(4).mean()) == pytest.approx(3.0, abs=5 * (96 / len(noise)) ** 0.5)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_white_noise_is_the_same_for_any_number_of_threads(threads):
    before, like = torch.get_num_threads(), torch.empty(3 * BLOCK + 1)
    one = white(generator(3, 4), like)
    try:
        torch.set_num_threads(threads)
        assert torch.equal(white(generator(3, 4), like), one)
    finally:
        torch.set_num_threads(before)


def test_no_two_blocks_of_white_noise_are_alike(rng):
    noise = white(rng, torch.empty(8, BLOCK))
    assert float((torch.corrcoef(noise) - torch.eye(8)).abs().max()) < 6 / BLOCK**0.5


@pytest.mark.parametrize("size", [0, 1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1])
def test_white_noise_of_any_size_is_finite_and_within_the_reach_of_32_bits(rng, size):
    noise = white(rng, torch.empty(size))
    assert noise.shape == (size,)
    assert noise.isfinite().all()
    assert bool((noise.abs() < 6.7).all())


def test_noise_drawn_again_is_other_noise_and_the_same_from_the_same_place(rng):
    first, second = white(rng, torch.empty(64)), white(rng, torch.empty(64))
    assert not torch.equal(first, second)
    assert torch.equal(white(generator(20260101, 1), torch.empty(64)), first)


def test_streams_of_one_turn_are_uncorrelated():
    here, there = (generator(5, 9, stream).standard_normal(100_000) for stream in (1, 2))
    assert np.corrcoef(here, there)[0, 1] == pytest.approx(0.0, abs=5 / 100_000**0.5)
