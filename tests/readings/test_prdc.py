"""Precision, recall, density and coverage: closed forms, and what each of them is blind to."""

import numpy as np
import pytest

from installation.readings.prdc import Prdc, distances, expected_coverage, prdc, reach

K = 5


def cloud(count, seed, shift=0.0, spread=1.0, dimensions=4):
    return shift + spread * np.random.default_rng(seed).normal(size=(count, dimensions))


def test_distances_are_euclidean():
    a, b = cloud(7, 1), cloud(5, 2)
    np.testing.assert_allclose(distances(a, b), np.linalg.norm(a[:, None] - b[None], axis=2), atol=1e-12)


def test_reach_is_the_kth_nearest_other_point():
    """Whole numbers on a line: from an end the third nearest is 3 away, from the middle 2."""
    line = np.arange(7.0)[:, None]
    np.testing.assert_allclose(reach(line, 3), [3, 2, 2, 2, 2, 2, 3], atol=1e-12)


def test_doubled_points_are_neighbours_at_no_distance():
    assert reach(np.array([[1e3], [1e3], [2e3]]), 1) == pytest.approx([0.0, 0.0, 1e3], abs=1e-3)


def test_a_cloud_against_itself_has_all_but_density_at_one():
    points = cloud(200, 3)
    found = prdc(points, points, K)
    assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)


def test_clouds_far_apart_share_nothing():
    assert prdc(cloud(100, 1), cloud(100, 2, shift=100.0), K) == Prdc(0.0, 0.0, 0.0, 0.0)


def test_coverage_of_one_distribution_is_its_closed_form():
    """1 - 2^-5 = .969 for equal numbers; over twenty pairs of clouds the mean lies within .01 of it."""
    found = np.mean([prdc(cloud(200, 2 * seed), cloud(200, 2 * seed + 1), K).coverage for seed in range(20)])
    assert expected_coverage(10**6, 10**6) == pytest.approx(1 - 2**-5, abs=1e-5)
    assert found == pytest.approx(expected_coverage(200, 200), abs=0.01)


def test_density_of_one_distribution_is_one():
    found = np.mean([prdc(cloud(200, 2 * seed), cloud(200, 2 * seed + 1), K).density for seed in range(20)])
    assert found == pytest.approx(1.0, abs=0.05)


def test_more_made_points_cover_more():
    assert expected_coverage(100, 50) < expected_coverage(100, 100) < expected_coverage(100, 400)


def test_prototypes_keep_precision_and_lose_recall_and_coverage():
    """What collapse does first: each made picture is good, and they are all alike."""
    found = prdc(cloud(400, 1), cloud(400, 2, spread=0.2), K)
    assert found.precision > 0.99
    assert found.recall < 0.3
    assert found.coverage < 0.5


def test_noise_around_the_real_keeps_recall_and_loses_precision():
    found = prdc(cloud(400, 1), cloud(400, 2, spread=4.0), K)
    assert found.recall > 0.8
    assert found.precision < 0.5


@pytest.mark.parametrize(("real", "made"), [((5, 2), (9, 2)), ((9, 2), (5, 2)), ((9, 2), (9, 3))])
def test_too_few_points_or_other_dimensions_are_refused(real, made):
    with pytest.raises(ValueError, match="k = 5 neighbours need"):
        prdc(np.zeros(real), np.zeros(made), K)
