"""Evidence: a guess is moved to agree with what was kept, and a guess that agrees is left alone."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA, burn
from installation.burns.black_scholes import BlackScholes
from installation.burns.brownian import Brownian
from installation.burns.brownian import agreeing as surprised
from installation.burns.evidence import inverse, trust
from installation.burns.heat import Heat, blur_width, diffuse
from installation.burns.jpeg import BLOCK, Jpeg, quantisation
from installation.burns.jpeg_bins import agreeing as binned
from installation.burns.mean import Mean
from installation.randomness import generator

GAINS = st.floats(0.0, 1.0)
LINEAR = [
    Heat(),
    BlackScholes(),
    BlackScholes(assets="one", rate=0.2),
    BlackScholes(correlation=0.7, discount=False),
    Mean(),
]
LEVEL = 1 / 127.5  # one of 256


def burnt_by(medium, temperature, image):
    return burn(replace(medium, temperature=temperature), image, lambda: generator(1, 1))


def off(image, serial=0):
    """A guess that is wrong at random by 0.3."""
    return image + 0.3 * torch.from_numpy(generator(2, serial).standard_normal(tuple(image.shape))).float()


def rms(image):
    return float(image.square().mean().sqrt())


# ------------------------------------------------------------------ how far a mode is believed


@given(gain=GAINS)
def test_nothing_is_ever_multiplied_by_more_than_five(gain):
    assert 0.0 <= float(inverse(torch.tensor(gain))) <= 5.0 + 1e-6


@given(gain=st.floats(0.2, 1.0))
def test_above_a_fifth_a_mode_is_put_back_as_it_was(gain):
    assert float(inverse(torch.tensor(gain, dtype=torch.float64))) * gain == pytest.approx(1.0)


@given(gain=st.floats(0.0, 0.05))
def test_below_a_twentieth_a_mode_is_left_to_the_guess(gain):
    assert float(inverse(torch.tensor(gain, dtype=torch.float64))) == pytest.approx(0.0, abs=1e-9)


@given(one=GAINS, other=GAINS)
def test_more_is_believed_of_what_is_louder(one, other):
    low, high = sorted((one, other))
    assert float(trust(torch.tensor(low))) <= float(trust(torch.tensor(high)))


# ------------------------------------------------------------------ linear media


@pytest.mark.parametrize("medium", LINEAR, ids=repr)
@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.6, 0.9])
def test_the_truth_is_left_alone(photograph, medium, temperature):
    burnt = burnt_by(medium, temperature, photograph)
    torch.testing.assert_close(burnt.evidence(photograph), photograph, atol=2e-5, rtol=0.0)


@pytest.mark.parametrize("medium", LINEAR, ids=repr)
@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.6])
def test_a_guess_burns_nearer_to_what_was_seen(photograph, medium, temperature):
    burnt, guess = burnt_by(medium, temperature, photograph), off(photograph)
    before = rms(burnt.again(guess, temperature).image - burnt.image)
    after = rms(burnt.again(burnt.evidence(guess), temperature).image - burnt.image)
    assert after < before / 3


@given(temperature=st.floats(0.01, 1.0), height=st.integers(8, 24), width=st.integers(8, 24))
def test_heat_puts_back_what_it_kept_and_leaves_the_rest_to_the_guess(temperature, height, width):
    image = torch.from_numpy(generator(1, 0).uniform(-1.0, 1.0, (2, 3, height, width))).float()
    burnt = burnt_by(Heat(), temperature, image)
    blur, guess = blur_width(temperature, max(height, width)), off(image)
    corrected = burnt.evidence(guess)
    soft = 2.0 * blur  # what survives this blur has lost a trifle to the other
    torch.testing.assert_close(diffuse(corrected, soft), diffuse(image, soft), atol=0.02, rtol=0.0)
    assert rms(corrected - image) < rms(guess - image) * 1.1


def test_the_mean_is_taken_out_again(photograph):
    restored = burnt_by(Mean(), 0.7, photograph).evidence(torch.zeros_like(photograph))
    torch.testing.assert_close(restored, photograph, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize("name", ["gaussian", "animorphosis"])
def test_noise_and_strangers_leave_nothing_for_certain(name, photograph):
    assert burnt_by(MEDIA[name](), 0.4, photograph).evidence is None


# ------------------------------------------------------------------ particles


@pytest.mark.parametrize("deal", ["gather", "splat"])
@pytest.mark.parametrize("temperature", [0.1, 0.3, 0.6])
def test_particles_bring_a_guess_nearer_to_the_truth(photograph, deal, temperature):
    burnt = burnt_by(Brownian(deal=deal), temperature, photograph)
    grey = torch.zeros_like(photograph)
    assert rms(burnt.evidence(grey) - photograph) < 0.9 * rms(grey - photograph)


@pytest.mark.parametrize("deal", ["gather", "splat"])
def test_particles_that_bring_what_was_expected_move_nothing(deal):
    flat = torch.full((1, 3, 32, 32), 0.4)
    torch.testing.assert_close(burnt_by(Brownian(deal=deal), 0.4, flat).evidence(flat), flat, atol=1e-5, rtol=0.0)


def test_a_hole_takes_the_guess_and_a_crowd_its_mean_colour(photograph):
    """With particles that stay at home nothing is averaged over, and holes are a mask."""
    people = torch.from_numpy(generator(1, 0).poisson(1.0, photograph.shape)).float()
    guess = off(photograph)
    corrected = surprised(guess, people * photograph, people, 0.0)
    torch.testing.assert_close(corrected, torch.where(people > 0.0, photograph, guess), atol=1e-5, rtol=0.0)


# ------------------------------------------------------------------ JPEG


@pytest.mark.parametrize("shift", [True, False])
def test_after_one_pass_every_coefficient_lies_in_its_bin(photograph, shift):
    """8 bits and libjpeg's whole numbers round too: the truth may move by about a level."""
    burnt = burnt_by(Jpeg(shift=shift, chroma="4:4:4"), 0.01, photograph)
    assert rms(burnt.evidence(photograph) - photograph) < LEVEL
    guess = off(photograph)
    assert rms(burnt.evidence(guess) - photograph) < rms(guess - photograph) / 3


@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("temperature", [0.01, 0.1, 0.3])
def test_many_passes_widen_the_bins_so_that_the_truth_still_fits(photograph, chroma, temperature):
    burnt = burnt_by(Jpeg(chroma=chroma), temperature, photograph)
    assert rms(burnt.evidence(photograph) - photograph) < 3 * LEVEL


@given(temperature=st.floats(0.01, 0.5), height=st.integers(1, 20), width=st.integers(1, 20))
def test_clipping_twice_is_clipping_once_at_any_size(temperature, height, width):
    image = torch.from_numpy(generator(1, 0).uniform(-1.0, 1.0, (2, 3, height, width))).float()
    burnt = burnt_by(Jpeg(chroma="4:4:4"), temperature, image)
    once = burnt.evidence(off(image))
    assert once.shape == image.shape
    if height % BLOCK == width % BLOCK == 0:
        torch.testing.assert_close(burnt.evidence(once), once, atol=1e-4, rtol=0.0)


def test_bins_as_wide_as_anything_move_nothing(photograph):
    steps = [torch.ones(BLOCK, BLOCK)] * 3
    torch.testing.assert_close(binned(off(photograph), photograph, steps, (1, 2, 2), 100.0), off(photograph))


def test_bins_as_narrow_as_nothing_leave_what_the_file_shows(photograph):
    steps = [torch.full((BLOCK, BLOCK), 1e-6)] * 3
    torch.testing.assert_close(
        binned(off(photograph), photograph, steps, (1, 1, 1), 0.0), photograph, atol=1e-4, rtol=0.0
    )


def test_the_tables_are_those_of_the_standard():
    """ITU-T T.81, tables K.1 and K.2, which libjpeg writes at quality 50."""
    luma, chroma = quantisation(50)
    assert luma[:8] == [16, 11, 10, 16, 24, 40, 51, 61]
    assert chroma[:8] == [17, 18, 24, 47, 99, 99, 99, 99]
