"""A leopard for noise: held against its closed forms, and against the normal distribution it is turned into."""

import math
from statistics import NormalDist

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.animorphosis import ANIMAL, Animorphosis, dealt, leopard, normal_by_rank
from installation.burns.gaussian import Gaussian
from installation.images import ImageError
from installation.machine.files import share
from installation.randomness import generator

SIDE = 128  # 49,152 values: chance correlations are of the order of 1 / sqrt(49,152) = 0.0045
SHARES = st.floats(0.0, 1.0)
WARM = st.floats(0.01, 0.99)


def neighbours(z):
    """The correlation of horizontal neighbours."""
    return float(np.corrcoef(z[..., :-1].flatten(), z[..., 1:].flatten())[0, 1])


def kolmogorov_smirnov(z):
    """The largest distance between the distribution of these values and N(0, 1)."""
    ordered, n = np.sort(z.double().flatten().numpy()), z.numel()
    expected = np.array([NormalDist().cdf(value) for value in ordered])
    return max(abs(expected - np.arange(n) / n).max(), abs(expected - np.arange(1, n + 1) / n).max())


@given(temperature=WARM, noise=SHARES)
def test_the_burn_is_cosine_of_the_image_and_sine_of_the_animal(photograph, temperature, noise):
    burnt = Animorphosis(temperature, noise)(photograph, generator(1, 1))
    phi, animal = math.pi * temperature / 2, dealt(leopard(64, 64), noise, 1, generator(1, 1))
    assert torch.equal(burnt.image, math.cos(phi) * photograph + math.sin(phi) * animal)


@given(temperature=WARM, noise=SHARES)
def test_the_leopard_is_no_secret_who_knows_it_has_the_image_back(photograph, temperature, noise):
    burnt = Animorphosis(temperature, noise)(photograph.double(), generator(1, 1)).image
    phi, animal = math.pi * temperature / 2, dealt(leopard(64, 64), noise, 1, generator(1, 1)).double()
    unmasked = (burnt - math.sin(phi) * animal) / math.cos(phi)
    torch.testing.assert_close(unmasked, photograph.double(), atol=1e-12, rtol=0.0)


def test_at_the_hottest_only_the_leopard_is_left(photograph, rng):
    burnt = Animorphosis(1.0, 0.0)(photograph, rng)
    torch.testing.assert_close(burnt.image[0], leopard(64, 64))


@given(noise=SHARES)
def test_the_histogram_is_exactly_normal_wherever_the_slider_stands(noise):
    z = dealt(leopard(32, 32), noise, 1, generator(2, 1))
    assert kolmogorov_smirnov(z) == pytest.approx(0.5 / z.numel(), rel=0.01)  # no sample of this size can be nearer


def test_mean_is_nought_and_variance_one():
    z = leopard(SIDE, SIDE).double()
    assert (float(z.mean()), float(z.var())) == pytest.approx((0.0, 1.0), abs=1e-3)


def test_ranking_keeps_the_order_of_the_picture(tmp_path):
    from PIL import Image as Pillow

    ramp = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    Pillow.fromarray(ramp).save(tmp_path / "ramp.png")
    ranked = normal_by_rank(tmp_path / "ramp.png", 8, 8).permute(1, 2, 0).flatten()
    assert (ranked.diff() > 0.0).all()
    assert float(ranked[96]) == pytest.approx(NormalDist().inv_cdf(96.5 / 192))


def test_at_nought_the_leopard_is_as_it_is(rng):
    z = dealt(leopard(SIDE, SIDE), 0.0, 1, rng)
    assert torch.equal(z[0], leopard(SIDE, SIDE))
    assert neighbours(z) > 0.8


def test_at_one_no_neighbour_knows_of_another(rng):
    z = dealt(leopard(SIDE, SIDE), 1.0, 1, rng)
    assert abs(neighbours(z)) < 0.02
    assert abs(neighbours(z.transpose(-1, -2))) < 0.02
    assert np.abs(np.corrcoef(z[0].flatten(1)) - np.eye(3)).max() < 0.04


def test_at_one_the_leopard_is_gone(rng):
    animal = leopard(SIDE, SIDE)
    assert abs(float((dealt(animal, 1.0, 1, rng)[0] * animal).mean())) < 0.02


@pytest.mark.parametrize("noise", [0.2, 0.5, 0.8])
def test_in_between_is_a_fainter_leopard_and_white_noise_of_the_remaining_variance(rng, noise):
    animal = leopard(SIDE, SIDE)
    z = dealt(animal, noise, 1, rng)[0]
    rest = z - (1.0 - noise) * animal
    assert float((z * animal).mean()) == pytest.approx(1.0 - noise, abs=0.02)
    assert float(rest.var()) == pytest.approx(1.0 - (1.0 - noise) ** 2, abs=0.02)
    assert abs(neighbours(rest)) < 0.03


@given(noise=SHARES)
def test_dealing_makes_and_loses_no_value(noise):
    animal = leopard(12, 17)
    z = dealt(animal, noise, 2, generator(5, 1))
    for copy in z:
        assert torch.equal(copy.flatten().sort().values, animal.flatten().sort().values)


@given(smaller=SHARES, larger=SHARES)
def test_turning_the_slider_up_moves_what_was_moved_and_more(smaller, larger):
    smaller, larger = sorted((smaller, larger))
    animal = leopard(12, 17)
    few, many = (dealt(animal, portion, 1, generator(5, 1))[0] != animal for portion in (smaller, larger))
    assert not (few & ~many).any()


def test_every_picture_of_a_batch_has_noise_of_its_own(rng):
    one, other = dealt(leopard(SIDE, SIDE), 1.0, 2, rng)
    assert abs(float((one * other).mean())) < 0.02


@given(temperature=WARM)
def test_at_one_it_asks_the_restorer_for_what_the_gaussian_medium_asks(photograph, temperature):
    ours = Animorphosis(temperature, 1.0)(photograph, generator(1, 1))
    plain = Gaussian(temperature)(photograph, generator(1, 1))
    assert (ours.signal, ours.noise, ours.sigma) == pytest.approx((plain.signal, plain.noise, plain.sigma))
    assert ours.source is not None
    torch.testing.assert_close(ours.source, photograph, atol=1e-5, rtol=1e-5)


@given(temperature=st.floats(0.01, 1.0), noise=st.floats(0.0, 0.99))
def test_signal_times_source_and_noise_times_white_noise_make_the_image(photograph, temperature, noise):
    burnt = Animorphosis(temperature, noise)(photograph, generator(1, 1))
    assert burnt.source is not None
    rest = burnt.image - burnt.signal * burnt.source
    assert burnt.signal**2 + burnt.noise**2 == pytest.approx(1.0)
    assert float(rest.square().mean().sqrt()) == pytest.approx(burnt.noise, abs=0.02)


@given(temperature=WARM, noise=SHARES)
def test_the_covering_noise_is_no_quieter_than_leopard_and_noise_together(photograph, temperature, noise):
    burnt = Animorphosis(temperature, noise)(photograph, generator(1, 1))
    assert burnt.sigma >= math.sin(math.pi * temperature / 2) / burnt.signal * (1 - 1e-9)


def test_the_leopard_is_read_once_for_every_size():
    assert leopard(20, 30) is leopard(20, 30)
    assert (share("assets") / ANIMAL).is_file()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_a_leopard_of_any_mode_and_size_becomes_normal_noise(tmp_path, mode):
    from PIL import Image as Pillow

    grey = np.add.outer(np.arange(30), np.arange(47)).astype(np.uint8) * 3
    kind = {"I;16": np.uint16, "F": np.float32}.get(mode)
    picture = Pillow.fromarray(grey.astype(kind)) if kind else Pillow.fromarray(grey).convert(mode)
    file = tmp_path / f"leopard.{'tiff' if mode in {'CMYK', 'F'} else 'png'}"
    picture.save(file)
    z = normal_by_rank(file, 21, 13)
    assert z.shape == (3, 21, 13)
    assert kolmogorov_smirnov(z) == pytest.approx(0.5 / z.numel(), rel=0.01)


def test_a_leopard_too_small_to_be_one_is_refused(tmp_path):
    from PIL import Image as Pillow

    Pillow.new("RGB", (3, 200)).save(tmp_path / "thin.png")
    with pytest.raises(ImageError, match=r"thin\.png: 3 x 200 pixels; at least 8 a side are needed"):
        normal_by_rank(tmp_path / "thin.png", 8, 8)


def test_a_damaged_leopard_is_refused(tmp_path):
    (tmp_path / "cut.png").write_bytes((share("assets") / "origins" / "cat.png").read_bytes()[:2000])
    with pytest.raises(ImageError, match=r"cut\.png: damaged or cut off"):
        normal_by_rank(tmp_path / "cut.png", 8, 8)


def test_without_its_leopard_it_says_so(tmp_path):
    with pytest.raises(ImageError, match=r"gone\.webp: no such file"):
        normal_by_rank(tmp_path / "gone.webp", 8, 8)
