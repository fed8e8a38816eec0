"""The cosine basis: each way of computing it held against the others and against the textbook sum."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import cosines
from installation.burns.cosines import FEW, dct, idct, lowest, summed
from installation.randomness import generator

LENGTHS = st.one_of(st.integers(1, 40), st.integers(FEW + 1, 3 * FEW))


def signal(*shape):
    return torch.from_numpy(generator(0, 0).uniform(-1.0, 1.0, shape))


def textbook(n):
    k, place = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64)
    basis = torch.cos(math.pi * k * (2 * place + 1) / (2 * n)) * math.sqrt(2 / n)
    basis[0] /= math.sqrt(2)
    return basis


@given(length=LENGTHS)
def test_the_cosine_transform_is_orthonormal(length):
    matrix = dct(torch.eye(length, dtype=torch.float64))
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(length, dtype=torch.float64), atol=1e-12, rtol=0.0)


@given(length=LENGTHS)
def test_the_cosine_transform_has_its_inverse(length):
    samples = signal(3, length)
    torch.testing.assert_close(idct(dct(samples)), samples, atol=1e-12, rtol=0.0)


@pytest.mark.parametrize("length", [7, FEW, FEW + 1, 135])
def test_the_cosine_transform_is_the_textbook_sum(length):
    samples = signal(length)
    torch.testing.assert_close(dct(samples), textbook(length) @ samples, atol=1e-12, rtol=0.0)


@given(length=LENGTHS, share=st.floats(0.0, 1.0), axis=st.sampled_from([-1, -2]))
def test_the_lowest_modes_are_the_first_of_all(length, share, axis):
    samples, count = signal(2, length, length), max(1, round(share * length))
    every = textbook(length) @ samples if axis == -2 else samples @ textbook(length).T
    torch.testing.assert_close(lowest(samples, count, axis), every.narrow(axis, 0, count), atol=1e-12, rtol=0.0)


@given(length=LENGTHS, share=st.floats(0.0, 1.0), axis=st.sampled_from([-1, -2]))
def test_modes_that_are_left_out_are_zero(length, share, axis):
    count = max(1, round(share * length))
    basis = textbook(length)[:count]
    modes = signal(2, count, 5) if axis == -2 else signal(2, 5, count)
    samples = basis.T @ modes if axis == -2 else modes @ basis
    torch.testing.assert_close(summed(modes.clone(), length, axis), samples, atol=1e-12, rtol=0.0)


@given(length=LENGTHS)
def test_other_devices_compute_the_same_by_fft(length):
    samples = signal(3, length)
    modes = textbook(length) @ samples.T
    torch.testing.assert_close(cosines._by_fft(samples), modes.T, atol=1e-12, rtol=0.0)
    torch.testing.assert_close(cosines._inverse_by_fft(modes.T, length), samples, atol=1e-12, rtol=0.0)


@pytest.mark.parametrize("length", [12, 200])
def test_transforms_leave_what_they_were_given_untouched(length):
    samples = signal(3, length)
    before = samples.clone()
    dct(samples)
    idct(samples)
    assert torch.equal(samples, before)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_no_bit(threads):
    before, samples = torch.get_num_threads(), signal(3, 99, 211).float()
    one = summed(lowest(samples, 150, -1), 211, -1)
    try:
        torch.set_num_threads(threads)
        assert torch.equal(summed(lowest(samples, 150, -1), 211, -1), one)
    finally:
        torch.set_num_threads(before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("count", [20, 150])
def test_a_gpu_gives_the_same_modes(count):
    samples = signal(3, 99, 211).float()
    torch.testing.assert_close(lowest(samples.cuda(), count, -1).cpu(), lowest(samples, count, -1), atol=1e-5, rtol=0.0)
