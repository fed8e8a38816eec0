"""The Fréchet distance: exact where Gaussians are, and what moves it."""

import numpy as np
import pytest

from installation.readings.frechet import frechet, of_gaussians, square_root


def covariance(seed, dimensions=6):
    mixed = np.random.default_rng(seed).normal(size=(dimensions, dimensions))
    return mixed @ mixed.T


def cloud(seed, count=300, dimensions=6):
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def test_a_cloud_is_at_no_distance_from_itself():
    assert frechet(cloud(1), cloud(1)) == pytest.approx(0.0, abs=1e-10)


def test_two_gaussians_of_one_dimension_differ_by_mean_and_deviation():
    """W2^2 = (m - n)^2 + (s - t)^2."""
    found = of_gaussians(np.array([1.0]), np.array([[4.0]]), np.array([3.0]), np.array([[9.0]]))
    assert found == pytest.approx(2.0**2 + (2.0 - 3.0) ** 2)


def test_gaussians_that_commute_differ_by_their_deviations():
    a, b = np.array([1.0, 4.0, 9.0]), np.array([16.0, 0.0, 1.0])
    found = of_gaussians(np.zeros(3), np.diag(a), np.zeros(3), np.diag(b))
    assert found == pytest.approx(((np.sqrt(a) - np.sqrt(b)) ** 2).sum())


def test_it_agrees_with_the_formula_that_takes_the_root_of_the_product():
    a, b = covariance(1), covariance(2)
    expected = np.trace(a + b) - 2.0 * np.sqrt(np.linalg.eigvals(a @ b).real.clip(min=0.0)).sum()
    assert of_gaussians(np.zeros(6), a, np.zeros(6), b) == pytest.approx(expected, rel=1e-6)


def test_a_shift_adds_its_square():
    shift = np.arange(6.0)
    assert frechet(cloud(1), cloud(1) + shift) == pytest.approx((shift**2).sum(), rel=1e-9)


def test_it_is_the_same_both_ways():
    a, b = cloud(1), 2.0 * cloud(2) + 1.0
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)


def test_few_points_read_too_high():
    assert frechet(cloud(1, 30), cloud(2, 30)) > frechet(cloud(1, 3000), cloud(2, 3000)) > 0.0


def test_more_dimensions_than_points_are_no_trouble():
    assert np.isfinite(frechet(cloud(1, 4), cloud(2, 4)))


def test_a_square_root_squares_to_its_covariance():
    root = square_root(covariance(3))
    np.testing.assert_allclose(root @ root, covariance(3), atol=1e-10)


def test_one_point_has_no_covariance():
    with pytest.raises(ValueError, match="two points at least"):
        frechet(cloud(1, 1), cloud(2))
