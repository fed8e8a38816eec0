"""How burnt a picture looks: nothing for itself, all for noise, and every octave counts alike."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.damage import K1, RANGE, damage, ssim
from installation.burns.heat import diffuse
from installation.randomness import generator, white

LEVELS = st.floats(-1.0, 1.0)


def noisy(image, strength, seed=1):
    return image + strength * white(generator(seed, 0), image)


def grey(image):
    return image.mean(1, keepdim=True).expand_as(image)


def test_a_picture_has_no_damage_beside_itself(photograph):
    assert float(damage(photograph, photograph)) == pytest.approx(0.0, abs=1e-5)


def test_noise_has_nothing_in_common_with_a_picture(photograph):
    assert float(damage(white(generator(1, 0), photograph), photograph)) == pytest.approx(0.9, abs=0.1)


@given(first=st.floats(0.0, 1.0), second=st.floats(0.0, 1.0))
def test_more_noise_does_more_damage(photograph, first, second):
    weak, strong = sorted((first, second))
    assert damage(noisy(photograph, weak), photograph) <= damage(noisy(photograph, strong), photograph) + 1e-3


def test_more_blur_does_more_damage(photograph):
    harms = [float(damage(diffuse(photograph, width), photograph)) for width in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)]
    assert harms == sorted(harms)


def test_damage_is_the_same_from_both_sides(photograph):
    burnt = noisy(photograph, 0.3)
    torch.testing.assert_close(damage(burnt, photograph), damage(photograph, burnt))


def test_every_picture_of_a_batch_has_its_own(photograph):
    both = torch.cat([photograph, noisy(photograph, 0.5)])
    apart = torch.cat([damage(each, photograph) for each in both.split(1)])
    torch.testing.assert_close(damage(both, photograph.expand_as(both)), apart)


def test_what_no_screen_can_show_does_no_harm(photograph):
    beyond = 4.0 * photograph
    torch.testing.assert_close(damage(beyond, photograph), damage(beyond.clamp(-1, 1), photograph))


@given(level=LEVELS, other=LEVELS)
def test_flat_pictures_differ_by_the_light_term_of_ssim(level, other):
    one, two = torch.full((1, 1, 12, 16), 1.0 + level), torch.full((1, 1, 12, 16), 1.0 + other)
    light, c1 = (1.0 + level) * (1.0 + other), (K1 * RANGE) ** 2
    expected = (2.0 * light + c1) / ((1.0 + level) ** 2 + (1.0 + other) ** 2 + c1)
    assert float(ssim(one, two)) == pytest.approx(expected, abs=1e-3)


def test_a_negative_is_worse_than_a_stranger(photograph):
    assert damage(-photograph, photograph) > 1.0


def test_harm_that_only_the_finest_octave_shows_counts_as_one_octave_of_three(photograph):
    quarters = photograph / 2.0  # so that nothing is clipped
    grain = 0.4 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(32, 32)  # gone in the mean of two by two pixels
    finest = ssim(*(1.0 + each.mean(1, keepdim=True) for each in (grey(quarters) + grain, grey(quarters))))
    assert float(damage(grey(quarters) + grain, grey(quarters))) == pytest.approx((1.0 - float(finest)) / 3, abs=1e-4)


@pytest.mark.parametrize("side", [8, 9, 31, 33])
def test_small_and_odd_pictures_can_be_measured(side):
    image = white(generator(1, 0), torch.zeros(1, 3, side, side + 3)) / 3.0
    assert 0.0 < float(damage(-image, image)) < 2.0
