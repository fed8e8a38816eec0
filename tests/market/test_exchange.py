"""The exchange: credits add up, orders move prices and are forgotten, and the house is saved when it falls."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.market.exchange import (
    MOST_ACCOUNTS,
    WILDEST,
    Account,
    MarketError,
    after,
    opened,
    order,
    traded,
)
from installation.market.options import RIGHTS, payoff
from installation.stakes import Casino

TERMS = Casino(life=20, window=20, floated=5, rehedge=2, noise=0.0)
CREEPING = [7.0, 7.02, 6.99, 7.01, 7.05, 7.03, 7.0, 6.97, 6.98, 7.0]
SEEN = 6  # of them before the casino opens
ORDERS = st.lists(
    st.tuples(st.sampled_from(["ann", "bob", "cem"]), st.sampled_from(RIGHTS), st.integers(-9, 9)), max_size=12
)
SPOTS = st.lists(st.floats(0.0, 8.0), min_size=1, max_size=30)


def trading(spots=CREEPING, terms=TERMS):
    exchange = opened(terms, spots[:SEEN])
    for spot in spots[SEEN:]:
        exchange = after(exchange, spot)
    return exchange


def tried(exchange, who, right, number):
    """The exchange after an order, or as it was where that is refused."""
    try:
        return traded(exchange, who, right, number)
    except MarketError:
        return exchange


def wealth(exchange):
    """What everybody has together, in credits, the house included."""
    quotes = exchange.quotes
    held = sum(a.cash + sum(a.held(r) * quotes[r].price for r in RIGHTS) for a in exchange.accounts.values())
    return held + exchange.equity


def test_a_new_series_is_at_the_money_and_hedged():
    exchange = opened(TERMS, CREEPING)
    assert (exchange.strike, exchange.left) == (7.0, 20)
    assert (exchange.book.calls, exchange.book.puts) == (5, 5)
    assert exchange.equity == pytest.approx(TERMS.capital)
    assert exchange.book.shares == pytest.approx(sum(5 * exchange.quotes[right].delta for right in RIGHTS))


@given(orders=ORDERS)
def test_no_order_makes_or_destroys_money(orders):
    exchange = trading()
    for who, right, number in orders:
        newcomer = 0.0 if who in exchange.accounts else TERMS.purse
        after_it = tried(exchange, who, right, number)
        if after_it is not exchange:
            moved = replace(exchange, pressure=after_it.pressure)  # at the prices that the order has made
            assert wealth(after_it) == pytest.approx(wealth(moved) + newcomer)
        exchange = after_it


@given(orders=ORDERS)
def test_nobody_but_the_house_ever_owes_anything(orders):
    exchange = trading()
    for each in orders:
        exchange = tried(exchange, *each)
    for account in exchange.accounts.values():
        assert account.cash >= 0.0
        assert min(account.calls, account.puts) >= 0


@given(orders=ORDERS)
def test_the_house_owes_what_the_public_and_the_players_have(orders):
    exchange = trading()
    for each in orders:
        exchange = tried(exchange, *each)
    for right in RIGHTS:
        held = sum(account.held(right) for account in exchange.accounts.values())
        assert exchange.book.written(right) == TERMS.floated + held


def test_buying_raises_the_price_for_everybody_and_selling_lowers_it():
    before = trading()
    bought = traded(before, "ann", "call", 3)
    sold = traded(bought, "ann", "call", 3 * -1)
    assert bought.implied > before.implied
    assert all(bought.quotes[right].price > before.quotes[right].price for right in RIGHTS)
    assert sold.implied == pytest.approx(before.implied)


@given(right=st.sampled_from(RIGHTS), number=st.integers(1, 9))
def test_to_buy_and_to_sell_at_once_costs_money(right, number):
    exchange = traded(traded(trading(), "ann", right, number), "ann", right, -number)
    assert exchange.account("ann").cash < TERMS.purse


def test_half_of_an_order_is_forgotten_after_its_memory():
    exchange = traded(trading(terms=replace(TERMS, memory=3)), "ann", "put", 4)
    pressure = exchange.pressure
    for _ in range(3):
        exchange = after(exchange, 7.0)
    assert exchange.pressure == pytest.approx(pressure / 2)


@given(spots=SPOTS)
def test_whatever_is_measured_every_number_stays_finite(spots):
    exchange = trading(spots)
    assert 0.0 < exchange.implied <= 4 * WILDEST
    assert abs(exchange.equity) < 1e6
    assert exchange.book.calls == exchange.book.puts == TERMS.floated


def test_at_expiry_everybody_has_what_the_options_pay_and_a_new_series_begins():
    exchange = traded(opened(TERMS, [*CREEPING, 7.0]), "ann", "call", 2)
    cash = exchange.account("ann").cash
    for spot in [7.1] * exchange.left:
        exchange = after(exchange, spot)
    assert exchange.account("ann") == Account(exchange.account("ann").cash)
    assert exchange.account("ann").cash == pytest.approx(cash + 2 * payoff("call", 7.1, 7.0))
    assert (exchange.strike, exchange.left) == (7.1, 20)


def test_what_the_house_has_above_its_capital_at_expiry_its_owners_have():
    still = trading([*CREEPING[:SEEN], *[7.03] * 20])  # nothing happens, and the public has paid for its fear
    assert still.bonus > 0.0
    assert still.equity == pytest.approx(TERMS.capital)


def test_a_jump_ruins_the_house_everybody_pays_and_it_begins_again():
    terms = replace(TERMS, capital=5.0, floated=50)
    exchange = after(trading(terms=terms), 2.0)
    assert exchange.failures == 1
    assert exchange.bailout > terms.capital
    assert exchange.equity == pytest.approx(terms.capital)
    assert (exchange.strike, exchange.left) == (2.0, terms.life)


def test_whoever_had_bet_on_the_jump_is_paid_by_everybody():
    terms = replace(TERMS, capital=5.0, floated=50)
    exchange = after(traded(trading(terms=terms), "ann", "put", 2), 2.0)
    assert exchange.account("ann").cash > TERMS.purse + 2 * 4.0
    assert not exchange.account("ann").puts


def test_what_one_does_not_have_one_can_neither_sell_nor_pay_with():
    exchange = trading(terms=replace(TERMS, purse=0.1))
    with pytest.raises(MarketError, match=r"You have 0 puts to sell\. /casino/account/puts"):
        traded(exchange, "ann", "put", -1)
    with pytest.raises(MarketError, match=r"100 calls cost .* credits; you have 0.10"):
        traded(exchange, "ann", "call", 100)


def test_of_too_many_accounts_the_one_that_has_not_traded_longest_is_closed():
    exchange = trading()
    for number in range(MOST_ACCOUNTS + 1):
        exchange = traded(exchange, f"peer {number}", "call", 1) if number else tried(exchange, "peer 0", "put", 1)
    assert len(exchange.accounts) == MOST_ACCOUNTS
    assert "peer 0" not in exchange.accounts
    assert exchange.book.puts == TERMS.floated


@pytest.mark.parametrize(
    ("arguments", "understood"),
    [(("call",), ("call", 1)), (("put", 3), ("put", 3)), (("call", 2.0), ("call", 2))],
)
def test_an_order_has_a_kind_and_a_number(arguments, understood):
    assert order(arguments) == understood


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "not nothing"),
        (("cal", 1), "Did you mean call?"),
        (("put", 0), "1 to 100 contracts"),
        (("call", float("nan")), "1 to 100 contracts"),
        (("call", "many"), "1 to 100 contracts"),
    ],
)
def test_any_other_order_is_refused_with_what_to_say(arguments, sentence):
    with pytest.raises(MarketError, match=sentence.replace("?", r"\?")):
        order(arguments)
