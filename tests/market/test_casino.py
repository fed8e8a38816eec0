"""The casino's guest: it opens with its scene, a generation moves the spot, peers trade, and the fire follows."""

from itertools import pairwise

import pytest

from installation.control.modulation import Modulations
from installation.market import readings
from installation.market.casino import OPENING, CasinoGuest, with_noise
from installation.market.exchange import opened
from installation.modulators import Follower
from installation.readings.register import Value, declared
from installation.stakes import Casino
from tests.control.rehearsal import HEAT, Rehearsal, scene

TERMS = Casino(noise=0.0, life=30, memory=1)
ENTROPY = TERMS.underlying
FOLLOWER = Follower(0.3, low=0.0, high=4.0, smoothing=2.0, reading="casino/implied")


class Floor:
    """A rehearsal with a casino, and what the instruments would do for it."""

    def __init__(self, terms=TERMS):
        self.casino = CasinoGuest()
        played = [scene("casino", casino=terms, modulators={HEAT.address: FOLLOWER}), scene("elsewhere")]
        self.house = Rehearsal(self.casino, Modulations(), scenes=played)
        self.now = 0.0

    def generation(self, spot):
        self.house.serial += 1
        self.house.readings = {ENTROPY: Value(spot), **self.casino.readings()}
        self.tick()

    def tick(self, seconds=0.5):
        self.now += seconds
        self.house.tick(self.now)

    def send(self, address, *arguments):
        return self.house.send(self.now, address, *arguments)

    def open(self):
        for generation in range(OPENING):
            self.generation(7.0 + 0.01 * (generation % 3))
        return self


@pytest.fixture
def floor():
    return Floor().open()


def test_it_opens_after_a_dozen_generations_and_closes_with_its_scene(floor):
    assert floor.casino.exchange.spot == pytest.approx(7.02)
    floor.send("/scene/load", "elsewhere")
    floor.generation(6.0)
    assert floor.casino.exchange is None
    assert floor.casino.readings() == {}


def test_before_that_and_elsewhere_it_is_closed():
    floor = Floor()
    assert "The casino is closed" in floor.send("/casino/buy", "call", 1)


def test_time_passes_with_generations_and_not_with_seconds(floor):
    left = floor.casino.exchange.left
    for _ in range(50):
        floor.tick()
    assert floor.casino.exchange.left == left
    floor.generation(7.0)
    assert floor.casino.exchange.left == left - 1


def test_what_was_not_measured_is_not_traded(floor):
    floor.house.readings = {}
    floor.house.serial += 1
    floor.tick()
    assert floor.casino.exchange.left == TERMS.life


def test_everything_that_it_quotes_is_a_declared_reading(floor):
    said = floor.casino.readings()
    assert set(said) == {address for address in declared("guest") if address.startswith("/reading/casino/")}
    assert said[readings.SPOT] == Value(7.02)
    assert said[readings.EQUITY].number == pytest.approx(TERMS.capital)


def test_a_peer_buys_sells_and_asks_what_it_has(floor):
    assert not floor.send("/casino/buy", "call", 3)
    floor.send("/casino/account/calls")
    assert floor.house.ear.values["/casino/account/calls"] == 3.0
    assert not floor.send("/casino/sell", "call", 2)
    floor.send("/casino/account/calls")
    assert floor.house.ear.values["/casino/account/calls"] == 1.0
    floor.send("/casino/account/cash")
    assert 0.0 < floor.house.ear.values["/casino/account/cash"] < TERMS.purse


def test_what_cannot_be_traded_is_refused_with_a_sentence(floor):
    assert "have 0 puts" in floor.send("/casino/sell", "put", 1)
    assert "call or put" in floor.send("/casino/buy", "calm", 1)
    assert "no debts" in floor.send("/casino/account/debts")


def test_an_order_heats_the_fire_and_nothing_jumps(floor):
    for _ in range(20):
        floor.tick()
    before = floor.house.at(floor.now)
    floor.send("/casino/buy", "call", 40)
    seen = []
    for _ in range(200):
        floor.house.readings = {ENTROPY: Value(7.0), **floor.casino.readings()}
        floor.tick(0.05)
        seen.append(floor.house.at(floor.now))
    assert seen[-1] > before + 0.01
    assert seen[-1] <= HEAT.default + FOLLOWER.depth
    assert max(abs(after - here) for here, after in pairwise([before, *seen])) < 0.02


def test_who_trades_for_no_reason_is_the_same_for_the_same_seed():
    exchange = opened(Casino(noise=1.0), [7.0, 7.1, 7.0])
    first, again = (with_noise(exchange, seed=1, serial=5) for _ in range(2))
    assert first == again != exchange
    assert with_noise(exchange, seed=2, serial=5) != first


def test_without_noise_nobody_does():
    exchange = opened(TERMS, [7.0, 7.1, 7.0])
    assert with_noise(exchange, seed=1, serial=5) is exchange


def test_who_has_spent_all_trades_no_more_and_nothing_is_refused():
    exchange = opened(Casino(noise=1.0, purse=0.5), [7.0, 9.0, 7.0])
    for serial in range(60):
        exchange = with_noise(exchange, seed=3, serial=serial)
    assert exchange.account("noise").cash >= 0.0
