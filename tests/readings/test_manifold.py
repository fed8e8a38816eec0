"""Precision, recall, density and coverage, where they are known."""

import numpy as np
import pytest

from installation.readings.manifold import compare, distances, expected_coverage, radii


def cloud(seed, count, centre=0.0, dimensions=8):
    return np.random.default_rng(seed).normal(centre, 1.0, (count, dimensions))


def test_the_expected_coverage_of_one_distribution_is_that_of_the_paper():
    """SCIENCE C: 1 - prod_j (N-1-j)/(N+M-1-j), about 1 - 2^-k = .969 for k = 5."""
    assert expected_coverage(10_000, 10_000) == pytest.approx(1 - 2**-5, abs=2e-4)
    assert expected_coverage(10_000, 10_000) == pytest.approx(0.969, abs=5e-4)


def test_two_samples_of_one_distribution_reach_it():
    """SCIENCE C: Monte Carlo .983 +- .02; density 1."""
    runs = [compare(cloud(seed, 150), cloud(1000 + seed, 150)) for seed in range(40)]
    assert np.mean([run.coverage for run in runs]) == pytest.approx(expected_coverage(150, 150), abs=0.01)
    assert np.mean([run.density for run in runs]) == pytest.approx(1.0, abs=0.05)


def test_a_cloud_far_away_is_neither_like_nor_reaching():
    apart = compare(cloud(1, 60), cloud(2, 60, centre=50.0))
    assert (apart.precision, apart.recall, apart.density, apart.coverage) == (0.0, 0.0, 0.0, 0.0)


def test_what_collapsed_to_one_point_is_precise_and_covers_nothing():
    real = cloud(1, 100)
    collapsed = np.repeat(real[:1], 50, axis=0) + cloud(2, 50) * 1e-6
    found = compare(real, collapsed)
    assert found.precision == 1.0
    assert found.coverage < 0.2
    assert found.recall < 0.1


def test_the_measures_are_those_of_their_definitions():
    real, made = cloud(3, 30), cloud(4, 20, centre=0.5)
    apart = np.linalg.norm(real[:, None] - made[None], axis=2)
    reach = np.sort(np.linalg.norm(real[:, None] - real[None], axis=2), axis=1)[:, 3]
    made_reach = np.sort(np.linalg.norm(made[:, None] - made[None], axis=2), axis=1)[:, 3]
    found = compare(real, made, neighbours=3)
    assert found.precision == np.mean([(apart[:, j] < reach).any() for j in range(20)])
    assert found.recall == np.mean([(apart[i] < made_reach).any() for i in range(30)])
    assert found.density == pytest.approx((apart < reach[:, None]).sum() / (3 * 20))
    assert found.coverage == np.mean([apart[i].min() < reach[i] for i in range(30)])


def test_precision_and_recall_change_places_with_the_clouds():
    a, b = cloud(5, 40), cloud(6, 40, centre=0.7)
    assert compare(a, b).precision == compare(b, a).recall


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="More than 5 points are needed on both sides, not 5 and 40"):
        compare(cloud(1, 5), cloud(2, 40))


def test_distances_and_radii():
    points = np.array([[0.0], [1.0], [3.0]])
    np.testing.assert_allclose(distances(points, points), [[0, 1, 3], [1, 0, 2], [3, 2, 0]], atol=1e-6)
    np.testing.assert_allclose(radii(points, 1), [1.0, 1.0, 2.0], atol=1e-6)
