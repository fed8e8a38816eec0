"""A picture for dice: with fair ones an option costs what Black and Scholes say, and order is dear."""

import math

import numpy as np
import pytest

from installation import images
from installation.burns.animorphosis import dealt, leopard
from installation.randomness import generator
from installation.readings import Look
from installation.readings.dice import FAIR, PATH, STRAY, dice_price, price_by, ranked


def test_fair_dice_cost_what_the_formula_says():
    d = STRAY / 2.0
    assert pytest.approx(math.erf(d / math.sqrt(2.0))) == FAIR  # N(d1) - N(d2), d1 = -d2 = s / 2
    fair = price_by(generator(1, 1).standard_normal((2048, 512)))
    assert fair == pytest.approx(FAIR, rel=0.02)


def test_dice_that_all_agree_cost_what_a_volatility_of_four_times_as_much_does():
    """Sixteen equal steps of s / 4 are one of 4 s: variance adds up as the square."""
    agreed = np.repeat(generator(1, 2).standard_normal((4096, 32)), PATH, axis=1)
    assert price_by(agreed) == pytest.approx(math.erf(4.0 * STRAY / math.sqrt(8.0)), rel=0.05)


def test_the_leopard_is_dear_and_grows_cheaper_the_more_it_is_dealt_out_until_it_is_chance():
    prices = []
    for portion in (0.0, 0.25, 0.5, 0.75, 1.0):
        picture = Look(images.to_pixels(dealt(leopard(128, 128), portion, 1, generator(1, 1))))
        prices.append(dice_price(picture, picture))
    assert prices == sorted(prices, reverse=True)
    assert prices[0] > 20.0
    assert prices[-1] == pytest.approx(100.0 * FAIR, rel=0.05)


def test_ranks_are_normal_whatever_the_levels_were():
    levels = generator(1, 3).integers(0, 256, (256, 256)).astype(np.uint8) // 2 + 100
    dice = ranked(levels)
    assert dice.mean() == pytest.approx(0.0, abs=1e-3)
    assert dice.std() == pytest.approx(1.0, abs=1e-3)
    assert np.mean(np.abs(dice) < 1.0) == pytest.approx(0.683, abs=0.01)


def test_a_flat_field_throws_nothing():
    flat = Look(np.full((64, 64, 3), 7, np.uint8))
    assert math.isnan(dice_price(flat, flat))
