"""Options, held against parity, against finite differences, against other people's program and against the fire."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import black_scholes
from installation.market.options import RIGHTS, payoff, quote, realised
from installation.randomness import generator

SPOTS = st.floats(1.0, 20.0)
YEARS = st.floats(0.01, 3.0)
VOLATILITIES = st.floats(0.05, 2.0)
RATES = st.floats(-0.1, 0.2)
TEXTBOOK = {"spot": 100.0, "strike": 100.0, "years": 1.0, "volatility": 0.2}


def test_the_call_at_the_money_and_its_greeks_are_those_of_the_textbook():
    call = quote("call", **TEXTBOOK, rate=0.05)
    assert call.price == pytest.approx(10.450584, abs=1e-6)
    assert call.delta == pytest.approx(0.636831, abs=1e-6)
    assert call.gamma == pytest.approx(0.018762, abs=1e-6)
    assert call.vega == pytest.approx(37.524035, abs=1e-6)
    assert call.theta == pytest.approx(-6.414028, abs=1e-6)


@given(spot=SPOTS, strike=SPOTS, years=YEARS, volatility=VOLATILITIES, rate=RATES)
def test_a_call_less_a_put_is_the_thing_itself_less_its_price_later(spot, strike, years, volatility, rate):
    call, put = (quote(right, spot, strike, years, volatility, rate=rate) for right in RIGHTS)
    assert call.price - put.price == pytest.approx(spot - strike * math.exp(-rate * years), abs=1e-9)
    assert call.delta - put.delta == pytest.approx(1.0)
    assert (call.gamma, call.vega) == (put.gamma, put.vega)


@given(spot=SPOTS, strike=SPOTS, years=YEARS, volatility=VOLATILITIES, rate=RATES)
def test_no_price_can_be_improved_upon_without_risk(spot, strike, years, volatility, rate):
    for right in RIGHTS:
        price = quote(right, spot, strike, years, volatility, rate=rate).price
        later = strike * math.exp(-rate * years)
        assert payoff(right, spot, later) - 1e-9 <= price <= max(spot, later) + 1e-9


@given(right=st.sampled_from(RIGHTS), strike=st.floats(4.0, 12.0), rate=RATES)
def test_the_greeks_are_the_slopes_of_the_price(right, strike, rate):
    def price(spot=7.0, years=0.5, volatility=0.6):
        return quote(right, spot, strike, years, volatility, rate=rate).price

    here, step = quote(right, 7.0, strike, 0.5, 0.6, rate=rate), 1e-4
    assert here.delta == pytest.approx((price(spot=7 + step) - price(spot=7 - step)) / (2 * step), abs=1e-6)
    bend = price(spot=7 + step) - 2 * price() + price(spot=7 - step)
    assert here.gamma == pytest.approx(bend / step**2, abs=1e-4)
    rise = price(volatility=0.6 + step) - price(volatility=0.6 - step)
    assert here.vega == pytest.approx(rise / (2 * step), abs=1e-5)
    passing = price(years=0.5 - step) - price(years=0.5 + step)
    assert here.theta == pytest.approx(passing / (2 * step), abs=1e-5)


@given(spot=SPOTS, strike=SPOTS, years=YEARS, volatility=VOLATILITIES, rate=RATES)
def test_the_greeks_obey_the_equation_of_black_and_scholes(spot, strike, years, volatility, rate):
    """V_t + s^2 S^2 V_SS / 2 + r S V_S - r V = 0."""
    for right in RIGHTS:
        q = quote(right, spot, strike, years, volatility, rate=rate)
        drift = rate * spot * q.delta - rate * q.price
        assert q.theta + 0.5 * volatility**2 * spot**2 * q.gamma + drift == pytest.approx(0.0, abs=1e-8)


@given(right=st.sampled_from(RIGHTS), spot=SPOTS, strike=SPOTS, volatility=VOLATILITIES)
def test_at_expiry_an_option_is_worth_what_it_pays(right, spot, strike, volatility):
    assert quote(right, spot, strike, 0.0, volatility).price == payoff(right, spot, strike)
    assert quote(right, spot, strike, 1e-12, volatility).price == pytest.approx(payoff(right, spot, strike), abs=1e-4)


@given(right=st.sampled_from(RIGHTS), spot=SPOTS, strike=SPOTS, years=YEARS, rate=RATES)
def test_without_volatility_the_future_is_known(right, spot, strike, years, rate):
    sure = quote(right, spot, strike, years, 0.0, rate=rate)
    assert sure.price == payoff(right, spot, strike * math.exp(-rate * years))
    assert quote(right, spot, strike, years, 1e-6, rate=rate).price == pytest.approx(sure.price, abs=1e-4)


@given(right=st.sampled_from(RIGHTS), strike=st.floats(3.0, 15.0), years=YEARS, volatility=VOLATILITIES, rate=RATES)
def test_other_peoples_program_gives_the_same(right, strike, years, volatility, rate):
    ql = pytest.importorskip("QuantLib", reason="pip: QuantLib")
    deviation, discount = volatility * math.sqrt(years), math.exp(-rate * years)
    kind = ql.PlainVanillaPayoff(ql.Option.Call if right == "call" else ql.Option.Put, strike)
    theirs = ql.BlackCalculator(kind, 7.0 / discount, deviation, discount)
    ours = quote(right, 7.0, strike, years, volatility, rate=rate)
    assert ours.price == pytest.approx(theirs.value(), abs=1e-10)
    assert ours.delta == pytest.approx(theirs.delta(7.0), abs=1e-10)
    assert ours.gamma == pytest.approx(theirs.gamma(7.0), abs=1e-10)
    assert ours.vega == pytest.approx(theirs.vega(years), abs=1e-10)
    assert ours.theta == pytest.approx(theirs.theta(7.0, years), abs=1e-9)


@pytest.mark.parametrize("right", RIGHTS)
def test_the_fire_that_burns_pictures_prices_it_the_same(right):
    """One equation: a row of a picture that is a payoff burns to what the options cost."""
    pixel = 0.0021
    spots = 100.0 * (pixel * (torch.arange(1921, dtype=torch.float64) - 960)).exp()
    paid = (spots - 100.0).clamp(min=0.0) if right == "call" else (100.0 - spots).clamp(min=0.0)
    burnt = black_scholes.price(paid, 1.0, 0.2, 0.05, pixel)
    for column in (800, 960, 1100):
        ours = quote(right, float(spots[column]), 100.0, 1.0, 0.2, rate=0.05).price
        assert float(burnt[column]) == pytest.approx(ours, abs=2e-4)


@pytest.mark.parametrize("volatility", [0.1, 0.5])
def test_the_volatility_of_a_path_is_found_again(volatility):
    """The standard deviation of n normal numbers is off by 1 / sqrt(2 n) of itself; here within four of those."""
    steps, year = 4000, 250.0
    returns = generator(1, 0).normal(0.0, volatility / math.sqrt(year), steps)
    spots = [100.0, *(100.0 * math.exp(x) for x in returns.cumsum())]
    assert realised(spots, year) == pytest.approx(volatility, rel=4 / math.sqrt(2 * steps))


@given(scale=st.floats(0.1, 10.0), year=st.floats(1.0, 1e5))
def test_volatility_knows_neither_currency_nor_how_time_is_counted(scale, year):
    spots = [5.0, 5.5, 5.2, 6.0]
    assert realised([scale * spot for spot in spots], year) == pytest.approx(math.sqrt(year) * realised(spots, 1.0))


def test_of_fewer_than_two_returns_there_is_no_spread():
    assert realised([], 1.0) == realised([5.0], 1.0) == realised([5.0, 6.0], 1.0) == 0.0
