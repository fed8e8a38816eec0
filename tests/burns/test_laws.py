"""The laws every medium must obey, whichever physics burns. A new medium is under them without a line here."""

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA, Burning, chosen
from installation.burns.registry import medium
from installation.knobs import declared
from installation.randomness import generator

SIDES = st.integers(1, 24)
TEMPERATURES = st.floats(0.0, 1.0)
pytestmark = pytest.mark.parametrize("name", sorted(MEDIA))


def picture(height, width, seed=0):
    """A random picture inside the range, 2 x 3 x H x W."""
    return torch.from_numpy(generator(seed, 0).uniform(-1.0, 1.0, (2, 3, height, width))).float()


def at(name, temperature) -> Any:
    return dataclasses.replace(MEDIA[name](), temperature=temperature)  # type: ignore[type-var] # every medium is a panel


def burn(name, image, temperature, seed=1):
    return at(name, temperature)(image, generator(seed, 1))


@given(height=SIDES, width=SIDES)
def test_temperature_zero_leaves_the_image_alone_bit_for_bit(name, height, width):
    image = picture(height, width)
    burnt = burn(name, image, 0.0)
    assert torch.equal(burnt.image, image)
    assert (burnt.sigma, burnt.signal, burnt.noise) == (0.0, 1.0, 0.0)


@given(height=SIDES, width=SIDES, temperature=TEMPERATURES)
def test_every_picture_burns_to_finite_numbers_at_every_temperature(name, height, width, temperature):
    assert burn(name, picture(height, width), temperature).image.isfinite().all()


@given(height=SIDES, width=SIDES, temperature=TEMPERATURES)
def test_shape_and_dtype_are_kept(name, height, width, temperature):
    image = picture(height, width)
    burnt = burn(name, image, temperature).image
    assert (burnt.shape, burnt.dtype) == (image.shape, image.dtype)


@given(temperature=TEMPERATURES, seed=st.integers(0, 2**64 - 1))
def test_the_same_random_numbers_give_the_same_burn(name, temperature, seed):
    image = picture(9, 16)
    assert torch.equal(burn(name, image, temperature, seed).image, burn(name, image, temperature, seed).image)


@given(temperature=TEMPERATURES)
def test_burning_leaves_the_image_it_was_given_untouched(name, temperature):
    image = picture(9, 16)
    before = image.clone()
    burn(name, image, temperature)
    assert torch.equal(image, before)


@given(temperature=TEMPERATURES)
def test_a_burn_says_how_hot_it_was(name, temperature):
    assert burn(name, picture(8, 8), temperature).temperature == temperature


@given(cooler=TEMPERATURES, hotter=TEMPERATURES)
def test_hotter_burns_ask_for_no_less_noise_to_restore_from(name, cooler, hotter):
    cooler, hotter = sorted((cooler, hotter))
    image = picture(16, 24)
    assert burn(name, image, cooler).sigma <= burn(name, image, hotter).sigma


def test_burning_goes_on_from_the_untouched_image_without_a_jump(name, photograph):
    assert float((burn(name, photograph, 1e-6).image - photograph).abs().mean()) < 0.1


def test_at_the_hottest_nothing_is_left_of_the_picture(name, photograph):
    burnt = burn(name, photograph, 1.0).image
    both = torch.stack([burnt.flatten(), photograph.flatten()])
    luma = both - both.reshape(2, 3, -1).mean(-1).repeat_interleave(
        photograph[0, 0].numel(), dim=1
    )  # but its mean colour
    assert abs(float((luma[0] * luma[1]).mean() / luma[1].square().mean())) < 0.2


@pytest.mark.parametrize("temperature", [-0.1, 1.1, float("nan")])
def test_temperatures_that_do_not_exist_are_refused(name, temperature):
    with pytest.raises(ValueError, match="between 0 and 1"):
        burn(name, picture(8, 8), temperature)


def test_a_medium_is_a_frozen_panel_with_its_temperature_at_its_address(name):
    knob = declared()[f"/burn/{name}/temperature"]
    assert (knob.low, knob.high, knob.kind) == (0.0, 1.0, "number")
    with pytest.raises(dataclasses.FrozenInstanceError):
        at(name, 0.5).temperature = 0.1


def test_the_board_chooses_it_and_sets_its_knobs(name):
    index = float(declared()["/burn/medium"].choices.index(name))
    values = {"/burn/medium": index, f"/burn/{name}/temperature": 0.625}
    assert chosen(values) == at(name, 0.625)


def test_its_name_cannot_be_taken_twice(name):
    with pytest.raises(ValueError, match=f"Two panels at /burn/{name}"):
        medium(name)(Burning)
    assert MEDIA[name].__name__ != "Burning"
