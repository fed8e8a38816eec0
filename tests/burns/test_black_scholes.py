"""The Black-Scholes equation, held against its closed forms."""

import math
from statistics import NormalDist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.black_scholes import (
    HOTTEST_YEARS,
    BlackScholes,
    Market,
    _by_fft,
    _by_waves,
    maturity,
    price,
    price_of_two,
)
from installation.burns.heat import covering_sigma
from installation.randomness import generator

RATE, VOLATILITY, PIXEL = 0.05, 0.2, 0.0021
SIZE, MIDDLE = 1921, 960
LOG_PRICES = math.log(100.0) + PIXEL * (torch.arange(SIZE, dtype=torch.float64) - MIDDLE)
PRICES = LOG_PRICES.exp()
YEARS = st.floats(0.01, 6.0)
VOLATILITIES = st.floats(0.05, 0.4)
RATES = st.floats(-0.1, 0.2)
CORRELATIONS = st.floats(-0.95, 0.95)


def worth(payoff, years=1.0):
    return price(payoff, years, VOLATILITY, RATE, PIXEL)


def picture(height, width, seed=0):
    return torch.from_numpy(generator(seed, 0).uniform(0.0, 1.0, (1, 3, height, width)))


def bump(size, wide=6.0):
    """A payoff that is nothing near its edges: what its surroundings are, is then known."""
    return torch.exp(-0.5 * ((torch.arange(size, dtype=torch.float64) - size // 2) / wide) ** 2)


def close(one, other, tolerance=1e-12):
    torch.testing.assert_close(one, other, atol=tolerance, rtol=0.0)


def test_the_call_at_the_money_has_its_textbook_price():
    assert float(worth((PRICES - 100.0).clamp(min=0.0))[MIDDLE]) == pytest.approx(10.450584, abs=1e-4)


def test_haug_s_call_has_the_price_printed_in_his_book():
    """Stock 60, strike 65, three months, 8 % interest, 30 % volatility: 2.1334 (Haug 1998, chapter 1)."""
    stock = 0.6 * PRICES  # 60 in the middle of the grid
    call = price((stock - 65.0).clamp(min=0.0), 0.25, 0.3, 0.08, PIXEL)
    assert float(call[MIDDLE]) == pytest.approx(2.1334, abs=1e-4)


def test_a_bet_on_the_price_has_its_textbook_price():
    half = torch.heaviside(LOG_PRICES - LOG_PRICES[MIDDLE], torch.tensor(0.5, dtype=torch.float64))
    assert float(worth(half)[MIDDLE]) == pytest.approx(0.532324, abs=1e-5)
    d2 = (RATE - VOLATILITY**2 / 2) / VOLATILITY
    assert math.exp(-RATE) * NormalDist().cdf(d2) == pytest.approx(0.532324, abs=1e-6)


def test_call_and_put_keep_their_parity():
    call, put = worth((PRICES - 100.0).clamp(min=0.0)), worth((100.0 - PRICES).clamp(min=0.0))
    assert float((call - put)[MIDDLE]) == pytest.approx(100.0 - 100.0 * math.exp(-RATE), abs=1e-9)


def test_the_stock_prices_itself():
    away = slice(MIDDLE - 200, MIDDLE + 200)
    torch.testing.assert_close(worth(PRICES)[away], PRICES[away], atol=0.0, rtol=1e-10)


@given(years=YEARS, volatility=VOLATILITIES, rate=RATES, level=st.floats(0.0, 1.0))
def test_a_sure_payment_is_worth_its_discount(years, volatility, rate, level):
    sure = torch.full((1, 3, 4, 24), level, dtype=torch.float64)
    close(price(sure, years, volatility, rate, 1 / 24), sure * math.exp(-rate * years))


@given(first=st.floats(0.01, 1.0), second=st.floats(0.01, 1.0))
def test_waiting_twice_is_waiting_once(first, second):
    payoff = torch.exp(-0.5 * ((LOG_PRICES - LOG_PRICES[MIDDLE]) / 0.1) ** 2)
    away = slice(MIDDLE - 200, MIDDLE + 200)
    close(worth(worth(payoff, first), second)[away], worth(payoff, first + second)[away], 1e-8)


@given(years=st.floats(0.2, 6.0), volatility=VOLATILITIES, rate=RATES)
def test_the_value_is_an_expectation_and_leaves_the_range_of_payoffs_nowhere(years, volatility, rate):
    steps = (torch.arange(96) // 24 % 2).double().expand(1, 3, 2, 96)
    value = price(steps, years, volatility, rate, 1 / 96) * math.exp(rate * years)
    assert -1e-6 < float(value.min()) <= float(value.max()) < 1.0 + 1e-6


@given(years=YEARS, volatility=VOLATILITIES, rate=RATES)
def test_a_bump_drifts_against_interest_and_widens(years, volatility, rate):
    pixel, size = 0.02, 1024
    value = price(bump(size), years, volatility, rate, pixel) * math.exp(rate * years)
    at = torch.arange(size, dtype=torch.float64) - size // 2
    drift = (rate - volatility**2 / 2) * years / pixel
    wide = math.hypot(6.0, volatility * math.sqrt(years) / pixel)
    close(value, 6.0 / wide * torch.exp(-0.5 * ((at + drift) / wide) ** 2), 1e-6)


def test_what_is_beyond_one_edge_never_comes_in_at_the_other():
    dark_then_light = torch.cat([torch.zeros(40), torch.ones(10)]).double()
    assert float(price(dark_then_light, 0.1, 0.2, 0.0, 0.02)[0]) < 1e-6


@given(years=YEARS, volatility=VOLATILITIES, rate=RATES)
def test_two_strangers_are_priced_one_after_the_other(years, volatility, rate):
    payoff = picture(9, 14)
    across = price(payoff, years, volatility, rate, 0.1)
    both = price(across.transpose(-1, -2), years, volatility, rate, 0.1).transpose(-1, -2) * math.exp(rate * years)
    close(price_of_two(payoff, years, volatility, rate, 0.1, correlation=0.0), both, 1e-6)


@given(years=YEARS, volatility=VOLATILITIES, rate=RATES, correlation=CORRELATIONS)
def test_two_assets_may_change_places(years, volatility, rate, correlation):
    payoff = picture(9, 14)
    value, changed = (
        price_of_two(each, years, volatility, rate, 0.1, correlation=correlation)
        for each in (payoff, payoff.transpose(-1, -2))
    )
    close(value, changed.transpose(-1, -2), 1e-6)


@given(years=YEARS, correlation=CORRELATIONS)
def test_a_sure_payment_is_sure_whatever_two_assets_do(years, correlation):
    sure = torch.full((1, 3, 8, 12), 0.7, dtype=torch.float64)
    close(price_of_two(sure, years, 0.2, 0.05, 0.1, correlation=correlation), sure * math.exp(-0.05 * years))


@given(correlation=CORRELATIONS)
def test_two_assets_stray_together_as_much_as_they_are_correlated(correlation):
    point = torch.zeros(1, 1, 129, 129, dtype=torch.float64)
    point[..., 64, 64] = 1.0
    density = price_of_two(point, 1.0, 0.2, 0.02, 0.02, correlation=correlation)[0, 0]
    density = density / density.sum()
    at = torch.arange(129, dtype=torch.float64) - 64
    second, first, both = ((density * what).sum() for what in (at[:, None] ** 2, at**2, at[:, None] * at))
    assert float(first) == pytest.approx(100.0, rel=1e-4)
    assert float(second) == pytest.approx(100.0, rel=1e-4)
    assert float(both) == pytest.approx(100.0 * correlation, abs=0.02)


def test_the_spread_of_two_assets_has_the_price_of_margrabe():
    pixel, size = 0.02, 161
    prices = torch.exp(pixel * (torch.arange(size, dtype=torch.float64) - 80))
    exchange = (prices - prices[:, None]).clamp(min=0.0).expand(1, 1, size, size)
    value = float(price_of_two(exchange, 1.0, 0.2, 0.05, pixel, correlation=0.5)[0, 0, 80, 80])
    strays = 0.2 * math.sqrt(2 - 2 * 0.5)
    assert value == pytest.approx(2 * NormalDist().cdf(strays / 2) - 1, abs=1e-4)


@pytest.mark.parametrize("years", [0.05, 0.5, 6.0])
@pytest.mark.parametrize("correlation", [None, 0.0, 0.5, -0.5])
def test_a_few_waves_and_a_whole_fft_give_the_same(years, correlation):
    market, payoff = Market(0.2 * math.sqrt(years), 0.02 * years, 1 / 130, correlation), picture(90, 130)
    few = [market.waves(side, 1e-17) or 0 for side in payoff.shape[-2:]]
    close(_by_waves(payoff, market, few, back=False), _by_fft(payoff, market, back=False), 1e-6)


def test_the_hottest_market_needs_no_more_memory_than_the_picture(rng):
    """Five standard deviations beyond every edge of 1080p would be 120 million samples a colour."""
    burnt = BlackScholes(1.0)(picture(54, 96).float().repeat(1, 1, 20, 20), rng)
    assert burnt.image.isfinite().all()


def test_a_correlation_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="between -1 and 1"):
        price_of_two(picture(4, 4), 1.0, 0.2, 0.05, 0.1, correlation=1.5)


def test_expiry_is_at_no_temperature_and_far_away_at_the_hottest():
    assert [maturity(temperature) for temperature in (0.0, 0.5, 1.0)] == [0.0, HOTTEST_YEARS / 64, HOTTEST_YEARS]


def test_at_the_hottest_the_price_strays_by_half_the_picture(photograph, rng):
    assert BlackScholes(1.0)(photograph, rng).sigma == pytest.approx(covering_sigma(32.0))


def test_a_livelier_market_blurs_more_and_asks_for_more_noise(photograph, rng):
    calm, lively = (BlackScholes(0.6, volatility=volatility)(photograph, rng) for volatility in (0.1, 0.4))
    assert calm.sigma < lively.sigma
    assert float(calm.image.std()) > float(lively.image.std())


def test_the_discount_fades_towards_black_and_can_be_left_out(photograph, rng):
    faded, kept = (BlackScholes(0.8, discount=discount)(photograph, rng).image for discount in (True, False))
    close((kept + 1.0) * math.exp(-0.05 * maturity(0.8)), faded + 1.0, 1e-5)


def test_one_asset_leaves_every_row_to_itself(photograph, rng):
    rows = photograph.clone()
    rows[..., 10, :] = -1.0
    whole, changed = (BlackScholes(0.6, assets="one")(image, rng).image for image in (photograph, rows))
    different = (whole != changed).any(-1).any(1)[0]
    assert different.nonzero().flatten().tolist() == [10]


def test_a_slanted_market_slants_the_blur(photograph, rng):
    rising, falling = (BlackScholes(0.6, correlation=rho)(photograph, rng).image for rho in (0.9, -0.9))
    assert float((rising - falling).abs().mean()) > 0.01


def test_the_market_needs_no_dice(photograph):
    one, other = (BlackScholes(0.4)(photograph, generator(seed, 1)).image for seed in (1, 2))
    assert torch.equal(one, other)


def test_float32_is_as_good_as_the_eye(photograph, rng):
    exact = BlackScholes(0.6)(photograph.double(), rng).image
    close(BlackScholes(0.6)(photograph, rng).image.double(), exact, 2e-5)
