"""What is counted is the closed form; what is measured is positive, and tells of a product of matrices."""

import pytest
import torch

from installation.models.roofline import flop, peak

CPU = torch.device("cpu")


@pytest.mark.parametrize(("m", "n", "k"), [(3, 5, 7), (16, 16, 16)])
def test_a_product_of_matrices_is_two_operations_for_every_three_indices(m, n, k):
    assert flop(lambda: torch.ones(m, k) @ torch.ones(k, n)) == 2 * m * n * k


def test_a_convolution_is_two_operations_for_every_tap_of_every_place():
    image, filters = torch.ones(2, 3, 8, 8), torch.ones(5, 3, 3, 3)
    assert flop(lambda: torch.nn.functional.conv2d(image, filters, padding=1)) == 2 * 2 * 5 * 8 * 8 * 3 * 9


def test_what_is_elementwise_counts_nothing():
    assert flop(lambda: torch.ones(100).sin() * 2.0) == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_machine_multiplies_at_some_speed(dtype):
    assert peak(CPU, dtype, side=32, rounds=2) > 0.0
