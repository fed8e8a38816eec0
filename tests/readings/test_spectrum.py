"""The spectrum of fields whose spectrum is known."""

import math

import numpy as np
import pytest

from installation.readings import Look
from installation.readings.look import radial_power, rings_of
from installation.readings.spectrum import (
    coarse_temperature,
    fine_temperature,
    gaussian_entropy,
    spectral_entropy,
    spectral_temperature,
    temperature_slope,
)

SIZE = (256, 256)
DEVIATION = 20.0


def grey(levels):
    """A Look at a grey picture."""
    return Look(np.repeat(np.clip(np.rint(levels), 0, 255).astype(np.uint8)[..., None], 3, axis=2))


def wavenumbers(height, width):
    """Radians per pixel of every cosine mode."""
    return math.pi * np.hypot(np.arange(height)[:, None] / height, np.arange(width) / width)


def field(rng, exponent):
    """Cosine modes of a Gaussian field with P = k ** exponent."""
    k = wavenumbers(*SIZE)
    k[0, 0] = 1.0
    return rng.standard_normal(SIZE) * k ** (exponent / 2)


@pytest.fixture
def white(rng):
    return grey(rng.normal(128.0, DEVIATION, SIZE))


def test_white_noise_spreads_its_power_evenly(white):
    assert spectral_entropy(white, white) == pytest.approx(1.0, abs=0.005)


def test_a_single_wave_has_no_spectral_entropy():
    wave = grey(128 + 100 * np.cos(math.pi * (2 * np.arange(256) + 1) * 32 / 512) * np.ones((256, 1)))
    assert spectral_entropy(wave, wave) < 0.02


def test_spectral_entropy_is_per_mode_and_not_per_ring(white):
    rings, power = radial_power(white.waves)
    summed = power * rings.modes / (power * rings.modes).sum()
    per_ring = -(summed * np.log(summed)).sum() / math.log(len(summed))
    assert per_ring < 0.97 < spectral_entropy(white, white)


def test_the_gaussian_free_field_is_equally_warm_at_every_scale(rng):
    """Equipartition (SCIENCE C measured .97, 1.00, 1.04)."""
    theta = spectral_temperature(*radial_power(field(rng, -2.0)))[1]
    assert theta[1:] == pytest.approx(1.0, abs=0.15)
    assert theta[-3:] == pytest.approx(1.0, abs=0.05)


def test_white_noise_of_unit_variance_heats_up_as_k_squared(rng):
    """Theta = k^2: from .008 at k = .09 to 5.9 at k = 2.43."""
    k, theta = spectral_temperature(*radial_power(rng.standard_normal(SIZE)))
    assert theta[1:] == pytest.approx(k[1:] ** 2, rel=0.25)
    rings, power = radial_power(rng.standard_normal(SIZE))
    fine = (rings.k > 2.3) & (rings.k < 2.55)
    assert float((rings.k**2 * power)[fine].mean()) == pytest.approx(5.9, rel=0.05)


@pytest.mark.parametrize(("exponent", "slope"), [(0.0, 2.0), (-2.0, 0.0), (-2.7, -0.7), (-4.0, -2.0)])
def test_the_slope_is_that_of_the_power_law_plus_two(rng, exponent, slope):
    k, theta = spectral_temperature(*radial_power(field(rng, exponent)))
    fitted = np.polyfit(np.log(k), np.log(theta), 1)[0]
    assert fitted == pytest.approx(slope, abs=0.15)


def test_the_slope_of_white_pixels_is_two(white):
    assert temperature_slope(white, white) == pytest.approx(2.0, abs=0.1)


def test_blur_freezes_the_fine_scales_and_noise_heats_them(rng):
    import cv2

    picture = rng.normal(128.0, DEVIATION, SIZE)
    plain, blurred, noisy = (grey(cv2.GaussianBlur(picture, (0, 0), s)) if s else grey(picture) for s in (1.0, 3.0, 0))
    assert fine_temperature(blurred, blurred) < fine_temperature(plain, plain) < fine_temperature(noisy, noisy)


def test_temperatures_are_in_units_of_black_to_white(white):
    """White noise of variance s^2 has P = s^2 in every mode, so Theta is s^2 times the mean of k^2."""
    rings = rings_of(*SIZE)
    for take, low, high in ((fine_temperature, math.pi / 2, math.pi), (coarse_temperature, math.pi / 32, math.pi / 4)):
        inside = (rings.k >= low) & (rings.k < high)
        mean = (DEVIATION / 255) ** 2 * (rings.k[inside] ** 2 * rings.modes[inside]).sum() / rings.modes[inside].sum()
        # the coarse one is a mean of octaves, each of them a mean of modes
        assert take(white, white) == pytest.approx(mean, rel=0.03 if take is fine_temperature else 0.7)


def test_the_gaussian_model_of_white_noise_has_the_entropy_of_the_normal_distribution(white):
    """ln(2 pi e s^2) / 2 = 4.4147 nat, which is 6.3690 bit, for s = 20 levels."""
    nats = gaussian_entropy(white, white)
    assert nats == pytest.approx(math.log(2 * math.pi * math.e * DEVIATION**2) / 2, abs=0.02)
    assert nats / math.log(2) == pytest.approx(6.3690, abs=0.03)


def test_the_gaussian_model_leaves_less_open_where_scales_are_unequal(rng):
    import cv2

    noise = rng.normal(0.0, 40.0, SIZE)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    even, uneven = grey(128 + noise / noise.std() * 20), grey(128 + smooth / smooth.std() * 20)
    assert gaussian_entropy(uneven, uneven) < gaussian_entropy(even, even) - 1.0


def test_a_flat_field_has_the_entropy_of_rounding():
    flat = grey(np.full(SIZE, 100.0))
    assert gaussian_entropy(flat, flat) == pytest.approx(math.log(2 * math.pi * math.e / 12) / 2)
