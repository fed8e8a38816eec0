"""The house's book: hedging comes out even in a world that creeps, and ruins whoever believes in one when it jumps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.market.book import Book
from installation.market.options import RIGHTS, payoff, quote
from installation.randomness import generator

VOLATILITY, STEPS = 0.2, 50
BOOKS = st.builds(Book, st.floats(-50, 50), st.floats(-20, 20), st.integers(0, 30), st.integers(0, 30))
STRIKES = st.floats(3.0, 12.0)


def quotes(spot, strike=100.0, years=1.0, volatility=VOLATILITY):
    return {right: quote(right, spot, strike, years, volatility) for right in RIGHTS}


def paths(number, steps=STEPS, volatility=VOLATILITY):
    """Geometric Brownian motion from 100 over a year, without interest: number x steps + 1."""
    returns = generator(3, 0).normal(-0.5 * volatility**2 / steps, volatility / math.sqrt(steps), (number, steps))
    return 100.0 * np.exp(np.cumsum(np.pad(returns, ((0, 0), (1, 0))), axis=1))


def profit(path):
    """What is left of one call, sold at its price and hedged at every step of a path."""
    book = Book(0.0).write("call", 1, quotes(100.0)["call"].price)
    for step, spot in enumerate(path[:-1]):
        book = book.hedged(spot, quotes(spot, years=1.0 - step / (len(path) - 1)))
    end = float(path[-1])
    return book.cash + book.shares * end - payoff("call", end, 100.0)


@pytest.fixture(scope="module")
def profits():
    return np.array([profit(path) for path in paths(600)])


def test_the_hedged_house_neither_wins_nor_loses_on_average(profits):
    assert profits.mean() == pytest.approx(0.0, abs=4 * profits.std() / math.sqrt(len(profits)))


def test_what_hedging_now_and_then_leaves_to_chance_is_what_theory_says(profits):
    """Kamal & Derman 1999: sqrt(pi / 4) x vega x volatility / sqrt(number of hedges), a tenth of the premium here."""
    theory = math.sqrt(math.pi / 4) * quote("call", 100.0, 100.0, 1.0, VOLATILITY).vega * VOLATILITY / math.sqrt(STEPS)
    assert profits.std() == pytest.approx(theory, rel=0.12)


def test_a_jump_costs_more_than_any_creeping_ever_did(profits):
    fallen = paths(50)
    fallen[:, STEPS // 2 :] *= 0.4  # the loop reignites: 60 % at once
    losses = np.array([profit(path) for path in fallen])
    premium = quotes(100.0)["call"].price
    assert losses.mean() < -2 * premium < profits.min()


@given(spot=st.floats(3.0, 12.0), strike=STRIKES, calls=st.integers(0, 30), puts=st.integers(0, 30))
def test_a_hedged_book_does_not_feel_a_small_movement(spot, strike, calls, puts):
    def priced(at):
        return quotes(at, strike, 0.5, 0.5)

    book, step = Book(10.0, 0.0, calls, puts).hedged(spot, priced(spot)), 1e-5 * spot
    slope = (book.equity(spot + step, priced(spot + step)) - book.equity(spot - step, priced(spot - step))) / (2 * step)
    assert slope == pytest.approx(0.0, abs=1e-6)


@given(book=BOOKS, spot=STRIKES, strike=STRIKES, number=st.integers(1, 20), right=st.sampled_from(RIGHTS))
def test_to_hedge_or_to_trade_at_the_price_changes_nothing_about_what_one_has(book, spot, strike, number, right):
    prices = quotes(spot, strike)
    before = book.equity(spot, prices)
    assert book.hedged(spot, prices).equity(spot, prices) == pytest.approx(before)
    assert book.write(right, number, prices[right].price).equity(spot, prices) == pytest.approx(before)


@given(book=BOOKS, right=st.sampled_from(RIGHTS), number=st.integers(1, 20), price=st.floats(0.0, 5.0))
def test_what_was_sold_can_be_bought_back(book, right, number, price):
    back = book.write(right, number, price).write(right, -number, price)
    assert (back.calls, back.puts) == (book.calls, book.puts)
    assert back.cash == pytest.approx(book.cash)
