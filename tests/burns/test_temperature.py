"""One temperature for everything: T is the angle between signal and noise."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.temperature import HOTTEST_SIGMA, angle, from_sigma, to_sigma

# SCIENCE: T = (2 / pi) atan(sigma) at the noise levels of EDM and Stable Diffusion.
TABLE = [(0.0292, 0.0186), (0.1, 0.0635), (0.3, 0.186), (0.5, 0.295), (1, 0.5), (2, 0.705), (5, 0.874), (14.61, 0.9565)]


@pytest.mark.parametrize(("sigma", "temperature"), [*TABLE, (80, 0.992)])
def test_noise_levels_have_their_temperatures(sigma, temperature):
    assert from_sigma(sigma) == pytest.approx(temperature, abs=0.0006)


@given(sigma=st.floats(1e-9, HOTTEST_SIGMA))
def test_noise_level_and_temperature_are_two_words_for_one_thing(sigma):
    assert to_sigma(from_sigma(sigma)) == pytest.approx(sigma, rel=1e-9)


@given(temperature=st.floats(0.0, 1.0))
def test_the_noise_level_stays_within_what_a_float32_picture_bears(temperature):
    assert 0.0 <= to_sigma(temperature) <= HOTTEST_SIGMA


def test_untouched_has_no_noise_and_burnt_out_has_the_most():
    assert (to_sigma(0.0), to_sigma(1.0)) == (0.0, HOTTEST_SIGMA)


def test_half_way_signal_and_noise_are_equal():
    assert angle(0.5) == math.pi / 4
    assert to_sigma(0.5) == pytest.approx(1.0)
