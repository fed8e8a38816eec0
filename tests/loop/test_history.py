"""Fingerprints: small, the same for what looks the same, and remembered for 4096 generations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from installation.images import to_pixels
from installation.loop.history import FINGERPRINT, REMEMBERED, History, dhash, fingerprint, thumb


def numbered(count):
    """A history whose generations count from 0, in their hashes."""
    history = History()
    for number in range(count):
        record = np.zeros((), FINGERPRINT)
        record["hash"] = number
        history.add(record)
    return history


@pytest.mark.parametrize("count", [0, 1, 500, REMEMBERED, REMEMBERED + 1, 2 * REMEMBERED, 3 * REMEMBERED + 7])
def test_the_newest_4096_are_remembered_oldest_first(count):
    kept = numbered(count).newest()["hash"]
    assert kept.tolist() == list(range(max(count - REMEMBERED, 0), count))


@given(asked=st.integers(0, 10_000))
def test_asked_for_some_it_gives_the_newest(asked):
    assert numbered(100).newest(asked)["hash"].tolist() == list(range(100))[max(100 - asked, 0) :]


def test_cleared_it_is_empty_and_goes_on():
    history = numbered(REMEMBERED + 5)
    history.clear()
    assert len(history) == 0
    history.add(np.zeros((), FINGERPRINT))
    assert len(history) == 1


def test_what_a_checkpoint_kept_goes_on_where_it_was():
    resumed = History(numbered(10).newest())
    assert resumed.newest().tobytes() == numbered(10).newest().tobytes()


def bits(a, b):
    return int(a["hash"] ^ b["hash"]).bit_count()


def test_the_same_picture_has_the_same_fingerprint(photograph):
    assert fingerprint(photograph, 0.3).tobytes() == fingerprint(photograph.clone(), 0.3).tobytes()


def test_noise_that_the_eye_overlooks_leaves_the_fingerprint_near(photograph, rng):
    noisy = photograph + 0.01 * torch.from_numpy(rng.standard_normal(photograph.shape)).float()
    assert bits(fingerprint(noisy, 0.3), fingerprint(photograph, 0.3)) <= 2


def test_another_picture_has_another_fingerprint(photograph):
    assert bits(fingerprint(photograph.flip(-1), 0.3), fingerprint(photograph, 0.3)) > 10


def test_the_fingerprint_does_not_depend_on_the_size_of_the_picture(photograph):
    larger = torch.nn.functional.interpolate(photograph, size=(288, 288), mode="nearest")
    smaller = torch.nn.functional.adaptive_avg_pool2d(larger, (72, 72))
    assert bits(fingerprint(larger, 0.3), fingerprint(smaller, 0.3)) <= 1


def test_a_brighter_picture_has_the_same_hash_but_other_light(photograph):
    dim, bright = (fingerprint(0.5 * photograph + level, 0.3) for level in (-0.3, 0.3))
    assert dim["hash"] == bright["hash"]
    assert bright["light"] - dim["light"] == pytest.approx(0.3, abs=1e-5)


@pytest.mark.parametrize(("level", "light"), [(-1.0, 0.0), (0.0, 0.5), (1.0, 1.0)])
def test_light_goes_from_black_0_to_white_1_and_one_colour_has_no_contrast(level, light):
    found = fingerprint(torch.full((1, 3, 16, 16), level), 0.3)
    assert found["light"] == pytest.approx(light, abs=1e-6)
    assert found["contrast"] == pytest.approx(0.0, abs=1e-6)


def test_contrast_is_a_standard_deviation():
    halves = torch.cat([torch.full((1, 3, 16, 8), -1.0), torch.full((1, 3, 16, 8), 1.0)], dim=-1)
    assert fingerprint(halves, 0.3)["contrast"] == pytest.approx(0.47, abs=0.03)  # nine columns: one is grey


def test_a_ramp_to_the_right_sets_every_bit_and_one_to_the_left_none():
    ramp = np.tile(np.arange(9.0), (8, 1))
    assert dhash(ramp) == 2**64 - 1
    assert dhash(-ramp) == 0


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.2, 80.1, 67.2)),
        ((0, 0, 1), (32.3, 79.2, -107.9)),
    ],
)
def test_colours_are_cie_lab(rgb, lab):
    found = thumb(np.broadcast_to(np.array(rgb, float)[:, None, None], (3, 4, 4)))
    np.testing.assert_allclose(found[0] - np.array([0.0, 128.0, 128.0]), lab, atol=0.7)


def test_the_thumb_agrees_with_littlecms(photograph):
    small = torch.nn.functional.adaptive_avg_pool2d(photograph, (4, 4))
    srgb = ImageCms.createProfile("sRGB")
    lab = ImageCms.createProfile("LAB", 6504)
    theirs = ImageCms.profileToProfile(Pillow.fromarray(to_pixels(small)), srgb, lab, outputMode="LAB")
    channels = np.asarray(theirs).reshape(16, 3).astype(float)
    expected = np.stack(
        [channels[:, 0] / 2.55, channels[:, 1].astype(np.int8) + 128.0, channels[:, 2].astype(np.int8) + 128.0], axis=1
    )
    np.testing.assert_allclose(fingerprint(photograph, 0.3)["thumb"], expected, atol=4.0)  # another white adaptation
