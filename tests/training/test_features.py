"""What the card compares pictures by: each kind of feature sees what it is named for."""

import cv2
import numpy as np
import pytest

from installation.readings.frechet import frechet
from installation.training.features import KEPT, OCTAVES, PLACES, components, layout, learn, shape, texture


def scene(seed, side=128):
    """A smooth random picture with some grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return (smooth + rng.normal(0.0, 6.0, smooth.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def features():
    return learn(scene(seed) for seed in range(80))


@pytest.fixture(scope="module")
def strangers():
    return [scene(seed) for seed in range(100, 180)]


def stripes(turn):
    wave = np.sin(np.arange(64) / 64 * 2 * np.pi * 8)
    field = np.tile(wave, (64, 1)) if turn == 0 else np.tile(wave[:, None], (1, 64))
    return np.repeat(((field + 1) * 127.5).astype(np.uint8)[..., None], 3, axis=2)


def test_layout_is_16_x_16_colours_of_cie_lab():
    white = layout(np.full((64, 64, 3), 255, np.uint8))
    np.testing.assert_allclose(white.reshape(16, 16, 3), np.broadcast_to([100.0, 0.0, 0.0], (16, 16, 3)), atol=0.1)


def test_shape_says_which_way_edges_run():
    upright, lying = (shape(stripes(turn)).reshape(8, 8, 9).sum(axis=(0, 1)) for turn in (0, 1))
    assert upright.argmax() == 0  # gradients across
    assert lying.argmax() in {4, 5}  # gradients down: 90 degrees lie between the fifth direction and the sixth


def test_shape_does_not_mind_contrast():
    fainter = (stripes(0) // 2 + 64).astype(np.uint8)
    first, second = shape(stripes(0)), shape(fainter)
    assert np.corrcoef(first, second)[0, 1] > 0.99


def test_a_flat_picture_has_neither_shape_nor_texture():
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert np.abs(shape(flat)).max() == 0.0
    assert np.ptp(texture(flat)) < 1e-6


def test_texture_tells_fine_from_coarse():
    fine = np.indices((64, 64)).sum(axis=0) % 2
    coarse = np.indices((64, 64)).sum(axis=0) // 16 % 2
    energies = [
        texture(np.repeat((field * 255).astype(np.uint8)[..., None], 3, axis=2)).reshape(OCTAVES, PLACES, PLACES, 3)
        for field in (fine, coarse)
    ]
    assert energies[0][0, ..., 0].mean() > energies[1][0, ..., 0].mean() + 1.0
    assert energies[0][3, ..., 0].mean() < energies[1][3, ..., 0].mean() - 1.0


def test_components_are_white_on_what_they_were_learnt_from():
    cloud = np.random.default_rng(1).normal(size=(400, 6)) @ np.diag([9.0, 5.0, 3.0, 2.0, 1.0, 0.5])
    placed = components(cloud, 4)(cloud)
    np.testing.assert_allclose(np.cov(placed, rowvar=False), np.eye(4), atol=1e-9)


def test_directions_without_spread_are_left_out():
    line = np.outer(np.arange(9.0), [1.0, 2.0, 0.0])
    assert components(line, 3)(line).shape == (9, 1)


def test_one_picture_is_no_cloud():
    with pytest.raises(ValueError, match="two pictures at least"):
        learn([scene(1)])


def test_a_picture_is_a_point_of_48_numbers(features, strangers):
    assert features(strangers[:3]).shape == (3, 3 * KEPT)


@pytest.mark.parametrize(
    "harm",
    [
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 3.0),
        lambda picture: (picture * np.array([1.25, 1.0, 0.75])).clip(0, 255).astype(np.uint8),
        lambda picture: (picture + np.random.default_rng(0).normal(0, 30, picture.shape)).clip(0, 255).astype(np.uint8),
        lambda picture: np.ascontiguousarray(picture[::-1].repeat(2, axis=0)[: len(picture)]),
    ],
    ids=["blur", "colour cast", "noise", "stretched"],
)
def test_harm_moves_a_cloud_away(features, strangers, harm):
    real, others = features(strangers[:40]), strangers[40:]
    assert frechet(real, features(harm(picture) for picture in others)) > 1.1 * frechet(real, features(others))
