"""The laws every medium must obey, whichever physics burns. A new medium is under them without a line here."""

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA, Burning, chosen
from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.errors import Refusal
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


@given(height=SIDES, width=SIDES, temperature=TEMPERATURES)
def test_double_precision_stays_double_and_burns_alike(name, height, width, temperature):
    image = picture(height, width)
    single, double = (burn(name, each, temperature).image for each in (image, image.double()))
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, atol=1e-4, rtol=1e-4)


@given(temperature=TEMPERATURES)
def test_a_picture_burns_the_same_whatever_stands_beside_it_in_the_batch(name, temperature):
    batch = picture(9, 16)
    other = torch.stack([batch[0], -batch[1]])
    torch.testing.assert_close(burn(name, batch, temperature).image[0], burn(name, other, temperature).image[0])


@pytest.mark.parametrize("size", [(64, 64), (37, 61), (128, 16)])
@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.6, 1.0])
def test_a_burnt_picture_is_no_louder_than_white_noise(name, size, temperature):
    assert float(burn(name, picture(*size), temperature).image.square().mean().sqrt()) < 1.05


@given(temperature=TEMPERATURES)
def test_its_account_is_in_range_and_its_own_noise_is_covered(name, temperature):
    burnt = burn(name, picture(16, 24), temperature)
    assert 0.0 <= burnt.signal <= 1.0 + 1e-9
    assert 0.0 <= burnt.noise <= 1.0 + 1e-9
    assert burnt.noise <= (1.0 + 1e-9) * max(burnt.sigma * burnt.signal, burnt.sigma / HOTTEST_SIGMA)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.9])
def test_signal_times_source_and_noise_times_white_noise_make_the_image(name, photograph, temperature):
    burnt = burn(name, photograph, temperature)
    source = burnt.image if burnt.source is None else burnt.source
    rest = burnt.image - burnt.signal * source
    assert float(rest.square().mean().sqrt()) == pytest.approx(burnt.noise, abs=0.03)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.9])
def test_evidence_gives_a_guess_of_the_same_shape_and_finite(name, photograph, temperature):
    burnt = burn(name, photograph, temperature)
    guess = photograph if burnt.evidence is None else burnt.evidence(photograph)
    assert guess.shape == photograph.shape
    assert guess.isfinite().all()


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


@pytest.mark.parametrize("temperature", [-0.1, 1.1, float("nan"), float("inf")])
def test_temperatures_that_do_not_exist_are_refused(name, temperature):
    with pytest.raises(ValueError, match="between 0 and 1"):
        burn(name, picture(8, 8), temperature)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (torch.full((1, 3, 8, 8), float("nan")), "no finite numbers; burning would spread them"),
        (torch.tensor([0.0, float("inf"), -float("inf")]).reshape(1, 3, 1, 1), "no finite numbers"),
        (torch.zeros(0, 3, 8, 8), "0 x 3 x 8 x 8 values is empty"),
        (torch.zeros(1, 3, 0, 8), "1 x 3 x 0 x 8 values is empty"),
        (torch.zeros(3, 8, 8), "not 3 x 8 x 8 of"),
        (torch.zeros(1, 1, 8, 8), "not 1 x 1 x 8 x 8 of"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), r"of torch\.uint8\. See to_tensor"),
    ],
    ids=["NaN", "infinities", "no picture", "no rows", "no batch", "grey", "bytes"],
)
def test_what_is_no_picture_is_refused_with_a_sentence(name, image, reason, temperature):
    with pytest.raises(Refusal, match=reason if temperature <= 1.0 else "between 0 and 1"):
        burn(name, image, temperature)


def test_a_huge_picture_of_finite_numbers_is_not_taken_for_a_broken_one(name):
    """A sum that overflows is looked at again."""
    loud = torch.full((1, 3, 8, 8), 3e38)
    assert torch.equal(burn(name, loud, 0.0).image, loud)


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
