"""The picture held to ransom: which state follows which event, and what searching for a key takes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.market.ransom import (
    LEAFING,
    RansomError,
    Ticket,
    begun,
    bid,
    expected,
    found,
    passed,
    payment,
    remembered,
)
from installation.randomness import generator
from installation.stakes import PHASES, Ransom

TERMS = Ransom(price=10.0, bits=8, ticket=30.0, lease=5.0, auction=6.0, burning=3.0)
KEY = 77
TICKETS = st.builds(
    Ticket, st.sampled_from(PHASES), st.floats(0.0, 50.0), st.none() | st.integers(0, 255), bid=st.floats(0.0, 5.0)
)


def held():
    return passed(begun(TERMS, 0.0), TERMS, 5.0, KEY)


def auctioned():
    return passed(held(), TERMS, 35.0, 1)


def test_a_picture_that_is_free_is_seized_when_its_lease_is_over():
    assert passed(begun(TERMS, 0.0), TERMS, 4.9, KEY).phase == "free"
    assert (held().phase, held().tick, held().until) == ("held", KEY, 35.0)


def test_unpaid_it_is_auctioned_burnt_and_followed_by_another():
    ticket, seen = begun(TERMS, 0.0), []
    while not ticket.burnt or ticket.phase != "free":
        seen.append((ticket.phase, ticket.until))
        ticket = passed(ticket, TERMS, ticket.until, KEY)
    assert seen == [("free", 5.0), ("held", 35.0), ("auction", 41.0), ("burning", 44.0), ("leafing", 44.0 + LEAFING)]
    assert (ticket.freed, ticket.burnt, ticket.is_locked) == (0, 1, False)


@given(ticket=TICKETS, now=st.floats(0.0, 49.0))
def test_nothing_happens_before_its_time(ticket, now):
    after = passed(ticket, TERMS, now, KEY)
    assert (after is ticket) == (now < ticket.until)
    assert after.until >= ticket.until or now >= ticket.until


@given(parts=st.lists(st.floats(0.5, 4.0), min_size=1, max_size=40))
def test_it_is_free_again_as_soon_as_what_was_paid_comes_to_the_price(parts):
    ticket, paid = held(), 0.0
    for part in parts:
        ticket, paid = payment(ticket, TERMS, part, 9.0), paid + part
        assert (ticket.phase == "free") == (paid >= TERMS.price)
        if ticket.phase == "free":
            assert (ticket.until, ticket.freed, ticket.is_locked) == (14.0, 1, False)
            break
    assert ticket.collected == pytest.approx(paid)


def test_whoever_finds_the_key_has_the_picture_for_nothing():
    ticket = found(held(), TERMS, KEY, 9.0)
    assert (ticket.phase, ticket.freed, ticket.collected) == ("free", 1, 0.0)


@given(ticket=TICKETS)
def test_a_wrong_key_or_one_that_comes_too_late_opens_nothing(ticket):
    wrong = 256 if ticket.phase == "held" else ticket.tick or 0
    assert found(ticket, TERMS, wrong, 9.0) is ticket


def test_the_picture_is_its_buyers_and_is_burnt_in_the_open():
    sold = passed(bid(auctioned(), "ann", 4.0), TERMS, 41.0, 1)
    assert (sold.phase, sold.is_locked, sold.collected) == ("burning", False, 4.0)


def test_what_nobody_wants_burns_unseen():
    assert passed(auctioned(), TERMS, 41.0, 1).tick == KEY


def test_only_a_higher_bid_is_one():
    ticket = bid(auctioned(), "ann", 4.0)
    with pytest.raises(RansomError, match=r"4\.00 credits are bid already; say more"):
        bid(ticket, "bob", 4.0)
    assert bid(ticket, "bob", 4.5).bidder == "bob"


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "held"])
def test_only_for_what_is_held_may_be_paid(phase):
    with pytest.raises(RansomError, match="nothing to pay for"):
        payment(Ticket(phase), TERMS, 1.0, 0.0)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "auction"])
def test_only_for_what_is_auctioned_may_be_bid(phase):
    with pytest.raises(RansomError, match="Nothing is being auctioned"):
        bid(Ticket(phase), "ann", 1.0)


@given(ticket=TICKETS)
def test_when_the_piece_remembers_its_origin_only_what_was_counted_is_left(ticket):
    free = remembered(ticket, TERMS, 60.0)
    assert (free.phase, free.until, free.is_locked) == ("free", 65.0, False)
    assert (free.collected, free.freed, free.burnt) == (ticket.collected, ticket.freed, ticket.burnt)


@pytest.mark.parametrize("amount", [0.0, -3.0, 1e300])
def test_neither_debts_nor_all_the_money_there_is_are_money(amount):
    with pytest.raises(RansomError, match="Money is above 0"):
        payment(held(), TERMS, amount, 0.0)
    with pytest.raises(RansomError, match="Money is above 0"):
        bid(auctioned(), "ann", amount)


def test_a_search_takes_half_of_all_keys_on_average():
    """Over all keys 2^(n - 1) of them are wrong ones tried before, but for one half; over 4,000 that are drawn, too."""
    bits, rate = 12, 500.0
    every = np.arange(2**bits)
    assert (every.mean() + 0.5) / rate == expected(bits, rate)
    drawn = generator(1, 0).integers(0, 2**bits, 4000)
    error = 2**bits / np.sqrt(12 * 4000)
    assert drawn.mean() == pytest.approx(rate * expected(bits, rate), abs=4 * error)


def test_a_bit_more_takes_twice_as_long_and_a_machine_twice_as_fast_half():
    assert expected(21, 100.0) == 2 * expected(20, 100.0) == 4 * expected(20, 200.0)


def test_a_second_picture_owes_its_own_ransom():
    first = payment(payment(held(), TERMS, 4.0, 9.0), TERMS, 6.0, 9.0)
    second = passed(first, TERMS, first.until, 3)
    assert (second.phase, second.paid, second.collected) == ("held", 0.0, 10.0)
    assert payment(second, TERMS, 9.0, 20.0) == replace(second, paid=9.0, collected=19.0)
