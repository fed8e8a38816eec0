"""A fire that grows: its stages, its end, and how it is lit again."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA, BurnError, Chain, at, burn, growing, name_of
from installation.burns.brownian import Brownian
from installation.burns.gaussian import Gaussian, walk
from installation.burns.heat import Heat
from installation.randomness import generator

MARKOV = Gaussian(0.6, "markov")
PAIR = Chain((Heat(0.4), Gaussian(0.5)))
TRIO = Chain((Gaussian(0.3), Brownian(0.4), MARKOV))
FIRES = [*(at(MEDIA[name](), 0.6) for name in sorted(MEDIA)), MARKOV, PAIR, TRIO]
every_fire = pytest.mark.parametrize("medium", FIRES, ids=lambda medium: f"{name_of(medium)}{medium == MARKOV or ''}")
by_hand = [medium for medium in FIRES if medium not in (MARKOV, TRIO)]


def dice():
    return generator(5, 1)


def grown(medium, image, stages=3):
    return list(growing(medium, image, dice, stages))


# ------------------------------------------------------------------ any fire


@every_fire
@pytest.mark.parametrize("stages", [0, 1, 4])
def test_there_are_as_many_stages_as_asked_for_and_then_the_burn(photograph, medium, stages):
    fires = grown(medium, photograph, stages)
    assert len(fires) == stages + 1
    assert fires[-1].temperature == pytest.approx(medium.temperature)


@every_fire
def test_every_stage_is_hotter_than_the_last(photograph, medium):
    temperatures = [fire.temperature for fire in grown(medium, photograph, 5)]
    assert all(cooler < hotter for cooler, hotter in itertools.pairwise(temperatures))


@pytest.mark.parametrize("medium", by_hand, ids=name_of)
@pytest.mark.parametrize("stages", [0, 3])
def test_in_the_end_it_is_the_medium_s_own_burn_bit_for_bit(photograph, medium, stages):
    assert torch.equal(grown(medium, photograph, stages)[-1].image, medium(photograph, dice()).image)


@pytest.mark.parametrize("medium", [fire for fire in by_hand if not isinstance(fire, Chain)], ids=name_of)
def test_a_stage_is_the_medium_at_its_share_of_the_temperature(photograph, medium):
    for stage, fire in enumerate(grown(medium, photograph, 3), start=1):
        cooler = at(medium, medium.temperature * stage / 4)
        assert torch.equal(fire.image, cooler(photograph, dice()).image)


@every_fire
def test_the_same_dice_give_the_same_fire(photograph, medium):
    for one, other in zip(grown(medium, photograph), grown(medium, photograph), strict=True):
        assert torch.equal(one.image, other.image)


@every_fire
def test_lit_again_at_its_own_temperature_it_is_the_same_fire_bit_for_bit(photograph, medium):
    burnt = grown(medium, photograph)[-1]
    assert burnt.again is not None
    assert torch.equal(burnt.again(photograph, burnt.temperature).image, burnt.image)


@every_fire
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_lit_again_it_is_as_hot_as_asked(photograph, medium, share):
    burnt = burn(medium, photograph, dice)
    assert burnt.again is not None
    assert burnt.again(photograph, share * burnt.temperature).temperature == pytest.approx(share * burnt.temperature)


@every_fire
def test_it_says_what_it_was_burnt_with(photograph, medium):
    assert {fire.medium for fire in grown(medium, photograph)} == {name_of(medium)}


@every_fire
def test_a_broken_picture_is_refused(photograph, medium):
    with pytest.raises(BurnError, match="no finite numbers"):
        grown(medium, photograph * float("nan"))


# ------------------------------------------------------------------ a chain


def test_of_a_chain_the_first_grows_and_then_the_next(photograph):
    half, heat, more, whole = grown(PAIR, photograph, 3)
    assert torch.equal(half.image, Heat(0.2)(photograph, dice()).image)
    assert torch.equal(heat.image, Heat(0.4)(photograph, dice()).image)
    assert torch.equal(more.image, Chain((Heat(0.4), Gaussian(0.25)))(photograph, dice()).image)
    assert torch.equal(whole.image, PAIR(photograph, dice()).image)


@pytest.mark.parametrize("stages", [0, 1, 2, 4, 7])
def test_whatever_the_number_of_stages_every_link_is_burnt_to_its_end(photograph, stages):
    links = Chain((Heat(0.4), Gaussian(0.5), Brownian(0.3)))
    assert torch.equal(grown(links, photograph, stages)[-1].image, links(photograph, dice()).image)


# ------------------------------------------------------------------ held noise and the Markov chain


def noise_of(fire, image):
    return ((fire.image - fire.signal * image) / fire.noise).flatten()


def test_held_noise_is_one_veil_that_thickens(photograph):
    first, *others = (noise_of(fire, photograph) for fire in grown(Gaussian(0.6), photograph))
    for other in others:
        torch.testing.assert_close(first, other, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize("stages", [0, 2, 6])
def test_every_stage_of_the_markov_chain_has_the_law_of_one_burn(stages):
    image = torch.full((1, 3, 256, 256), 0.5)
    for fire in grown(MARKOV, image, stages):
        rest = fire.image - math.cos(math.pi * fire.temperature / 2) * image
        assert float(rest.mean()) == pytest.approx(0.0, abs=0.012)
        assert float(rest.var()) == pytest.approx(math.sin(math.pi * fire.temperature / 2) ** 2, rel=0.02)


def test_in_the_markov_chain_noise_remembers_noise_as_signal_over_signal():
    """Corr(eps_1, eps_2) = (a2 / a1) s1 / s2 = sigma_1 / sigma_2."""
    image = torch.zeros(1, 3, 256, 256)
    for cooler, hotter in itertools.pairwise(grown(MARKOV, image, 3)):
        remembered = np.corrcoef(noise_of(cooler, image), noise_of(hotter, image))[0, 1]
        assert remembered == pytest.approx(cooler.sigma / hotter.sigma, abs=0.01)


def test_what_is_added_knows_nothing_of_what_has_burnt():
    image = torch.zeros(1, 3, 256, 256)
    for cooler, hotter in itertools.pairwise(grown(MARKOV, image, 3)):
        fresh = hotter.image - hotter.signal / cooler.signal * cooler.image
        assert float((fresh * cooler.image).mean()) == pytest.approx(0.0, abs=0.01)


def test_the_restorer_is_told_the_picture_behind_it(photograph):
    burnt = burn(MARKOV, photograph, dice, 3)
    assert burnt.source is photograph
    assert (burnt.signal, burnt.noise) == pytest.approx((math.cos(0.3 * math.pi), math.sin(0.3 * math.pi)))


@given(temperature=st.floats(0.0, 1.0))
def test_without_stages_the_chain_is_one_burn(temperature):
    image = torch.ones(1, 3, 4, 4)
    held, fresh = (burn(Gaussian(temperature, kind), image, dice) for kind in ("held", "markov"))
    torch.testing.assert_close(held.image, fresh.image)
    assert (held.signal, held.noise, held.sigma) == (fresh.signal, fresh.noise, fresh.sigma)


def test_walking_towards_the_cold_is_refused(photograph, rng):
    with pytest.raises(BurnError, match=r"cannot cool an image from 0\.5 to 0\.4"):
        list(walk(photograph, [0.5, 0.4], rng))
