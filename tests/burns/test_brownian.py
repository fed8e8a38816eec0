"""Wandering particles: held against Einstein's relation, the heat equation and Loschmidt's objection."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.brownian import (
    GRAIN,
    SHORT,
    Brownian,
    at_home,
    echo,
    fold,
    gather,
    splat,
    wander,
)
from installation.burns.heat import blur_width, covering_sigma, diffuse
from installation.randomness import generator

SIDES = st.integers(1, 24)
WIDTHS = st.floats(0.0, 100.0)
SEEDS = st.integers(0, 2**64 - 1)
PIXEL_VARIANCE = 1 / 12  # of a position known to one pixel (Sheppard 1898)


def picture(height, width, batch=2):
    return torch.from_numpy(generator(0, 0).uniform(-1.0, 1.0, (batch, 3, height, width))).float()


def scattered(image, width, seed=1):
    return wander(at_home(image), width, generator(seed, 1))


@pytest.mark.parametrize("time", [1, 2, 4, 8])
def test_the_mean_square_displacement_is_four_times_diffusivity_times_time(time):
    image, diffusivity = torch.zeros(1, 3, 256, 256), 3.0
    swarm = at_home(image)
    for instant in range(time):
        swarm = wander(swarm, math.sqrt(2.0 * diffusivity), generator(7, instant))
    far = ((fold(swarm) - at_home(image)).double() / GRAIN)[..., 64:-64, 64:-64]  # those that have not met a wall
    assert float(far.square().sum(1).mean()) == pytest.approx(4.0 * diffusivity * time, rel=0.03)


def test_along_either_axis_the_variance_is_the_square_of_the_width():
    image = torch.zeros(1, 3, 256, 256)
    far = ((scattered(image, 5.0) - at_home(image)).double() / GRAIN)[..., 64:-64, 64:-64]
    assert far.var((0, 2, 3)).tolist() == pytest.approx([25.0, 25.0], rel=0.04)
    assert float((far[:, 0] * far[:, 1]).mean()) == pytest.approx(0.0, abs=0.8)


@given(height=SIDES, width=SIDES, wide=WIDTHS, seed=SEEDS)
def test_no_particle_passes_the_walls(height, width, wide, seed):
    rows, columns = fold(scattered(picture(height, width), wide, seed)).unbind(1)
    assert rows.min() >= 0
    assert rows.max() < height * GRAIN
    assert columns.min() >= 0
    assert columns.max() < width * GRAIN


def test_walls_reflect_and_do_not_hold():
    image = torch.zeros(1, 3, 128, 128)
    rows = torch.bincount((fold(scattered(image, 16.0)) // GRAIN)[:, 0].flatten(), minlength=128).double()
    assert [float(rows[0]), float(rows[-1])] == pytest.approx([128.0, 128.0], abs=48.0)
    assert float(rows.std()) < 2.0 * math.sqrt(128.0)


@given(height=SIDES, width=SIDES, wide=WIDTHS, seed=SEEDS)
def test_the_echo_brings_every_particle_home_bit_for_bit(height, width, wide, seed):
    home = at_home(picture(height, width))
    there = wander(home, wide, generator(seed, 1))
    assert torch.equal(echo(there, wide, generator(seed, 1)), home)


@given(wides=st.lists(WIDTHS, min_size=1, max_size=5))
def test_a_long_way_is_traced_back_step_by_step(wides):
    home = at_home(picture(9, 16))
    swarm = home
    for instant, wide in enumerate(wides):
        swarm = wander(swarm, wide, generator(3, instant))
    for instant, wide in reversed(list(enumerate(wides))):
        swarm = echo(swarm, wide, generator(3, instant))
    assert torch.equal(swarm, home)


def test_after_the_echo_the_picture_is_there_again_bit_for_bit(photograph):
    back = echo(scattered(photograph, 9.0), 9.0, generator(1, 1))
    assert torch.equal(splat(photograph, back), photograph)
    assert torch.equal(gather(photograph, back), photograph)


def test_beyond_the_reach_of_31_bits_the_echo_is_exact_too():
    home = at_home(picture(1, SHORT + 1, batch=1))
    there = wander(home, float(SHORT), generator(1, 1))
    assert (home.dtype, at_home(picture(1, 9)).dtype) == (torch.int64, torch.int32)
    assert 0 <= int(fold(there).min()) <= int(fold(there).max()) < (SHORT + 1) * GRAIN
    assert torch.equal(echo(there, float(SHORT), generator(1, 1)), home)


def test_at_the_longest_way_of_31_bits_nobody_is_lost():
    home = at_home(picture(1, SHORT, batch=1))
    there = wander(home, float(SHORT), generator(1, 1))
    assert 0 <= int(fold(there).min()) <= int(fold(there).max()) < SHORT * GRAIN
    assert torch.equal(echo(there, float(SHORT), generator(1, 1)), home)


def test_with_one_other_seed_the_echo_fails(photograph):
    home = at_home(photograph)
    lost = echo(scattered(photograph, 9.0, seed=1), 9.0, generator(2, 1))
    assert float((lost == home).double().mean()) < 1e-3
    assert float(((fold(lost) - home).double() / GRAIN).std()) > 9.0  # pixels: further off than before


@pytest.mark.parametrize("bit", [0, 17, 40, 63])
def test_one_flipped_bit_of_the_seed_and_nobody_comes_home(photograph, bit):
    """Loschmidt, and what chance has against him: every bit of the seed counts, the first as much as the last."""
    home, seed = at_home(photograph), 0x5EED
    there = wander(home, 9.0, generator(seed, 1))
    assert torch.equal(echo(there, 9.0, generator(seed, 1)), home)
    lost = echo(there, 9.0, generator(seed ^ (1 << bit), 1))
    assert float((lost == home).double().mean()) < 1e-3


@given(height=SIDES, width=SIDES, wide=WIDTHS)
def test_splatting_loses_no_light(height, width, wide):
    image = picture(height, width).double()
    splatted = splat(image, scattered(image, wide))
    torch.testing.assert_close(splatted.sum((2, 3)), image.sum((2, 3)), atol=1e-10, rtol=0.0)


def test_in_float32_light_is_kept_to_float32(photograph):
    splatted = splat(photograph, scattered(photograph, 9.0))
    assert float(splatted.mean()) == pytest.approx(float(photograph.mean()), abs=1e-6)


def test_where_no_particle_is_it_is_black_and_a_third_of_all_places_is_empty():
    """Poisson: exp(-1) of the places get nothing from a crowd of one particle per place on average."""
    white_wall = torch.ones(1, 3, 128, 128)
    splatted = splat(white_wall, scattered(white_wall, 20.0))
    assert float(splatted.min()) == -1.0
    assert float((splatted == -1.0).double().mean()) == pytest.approx(math.exp(-1.0), abs=0.02)


@given(wide=WIDTHS)
def test_gathering_leaves_no_hole_and_invents_no_colour(wide):
    image = picture(9, 16, batch=1)
    colours = {tuple(colour) for colour in image[0].flatten(1).T.tolist()}
    gathered = gather(image, scattered(image, wide))
    assert {tuple(colour) for colour in gathered[0].flatten(1).T.tolist()} <= colours


def test_a_particle_keeps_its_three_colours_together():
    image = torch.arange(64.0).reshape(1, 1, 8, 8) + torch.tensor([0.0, 100.0, 200.0]).reshape(1, 3, 1, 1)
    gathered = gather(image, scattered(image, 3.0))
    assert torch.equal(gathered[:, 1] - gathered[:, 0], torch.full((1, 8, 8), 100.0))


@pytest.mark.parametrize("deal", [splat, gather])
@pytest.mark.parametrize("wide", [1.5, 4.0, 16.0])
def test_on_average_it_is_the_heat_equation(photograph, deal, wide):
    """Einstein 1905, with the pixel a particle is counted in adding its own variance to the width."""
    crowds = 1024
    image = photograph[..., 20:44, 10:42].expand(crowds, -1, -1, -1)
    dealt = deal(image, scattered(image, wide)).double()
    heat = diffuse(image[:1].double(), math.hypot(wide, math.sqrt(PIXEL_VARIANCE)))[0]
    surprise = (dealt.mean(0) - heat) / (dealt.std(0) / math.sqrt(crowds))
    assert float(surprise.square().mean().sqrt()) == pytest.approx(1.0, abs=0.15)


@given(temperature=st.floats(0.01, 1.0), deal=st.sampled_from(["gather", "splat"]))
def test_its_width_is_that_of_heat_at_the_same_temperature(temperature, deal):
    image = picture(12, 18)
    burnt = Brownian(temperature, deal)(image, generator(4, 1))
    swarm = wander(at_home(image), blur_width(temperature, 18), generator(4, 1))
    assert torch.equal(burnt.image, {"gather": gather, "splat": splat}[deal](image, swarm))
    assert (burnt.signal, burnt.noise) == (1.0, 0.0)


@given(temperature=st.floats(0.01, 1.0))
def test_the_covering_noise_is_that_of_heat_as_the_grain_of_splat_is_known(temperature):
    image = picture(12, 18)
    covering = covering_sigma(blur_width(temperature, 18))
    assert Brownian(temperature)(image, generator(4, 1)).sigma == covering
    assert Brownian(temperature, "splat")(image, generator(4, 1)).sigma == covering


def test_without_its_grain_splat_shows_no_light_and_no_dark_that_was_not_there(photograph):
    splashed = Brownian(0.3, "splat")(photograph, generator(4, 1))
    assert float(splashed.image.max()) > 1.5
    assert splashed.source is not None
    assert float(splashed.source.min()) >= float(photograph.min()) - 0.1
    assert float(splashed.source.max()) <= float(photograph.max()) + 0.1


@pytest.mark.parametrize("deal", ["gather", "splat"])
def test_every_picture_of_a_batch_has_particles_of_its_own(rng, deal):
    one, other = Brownian(0.7, deal)(picture(16, 16, batch=1).expand(2, -1, -1, -1), rng).image
    assert not torch.equal(one, other)


@pytest.mark.parametrize("deal", ["gather", "splat"])
def test_cold_particles_stay_where_they_are(photograph, rng, deal):
    assert Brownian(0.0, deal)(photograph, rng).image is photograph
