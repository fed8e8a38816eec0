"""The casino as the conductor's guest: it looks at what the piece measures, and everybody may trade on that.

What comes of it are readings; a scene lets them back into the fire with a follower, as ``camera-casino`` does.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from installation.control.commands import COMMANDS, places
from installation.control.guest import Guest
from installation.market import readings
from installation.market.exchange import Exchange, MarketError, after, opened, order, traded
from installation.market.options import RIGHTS
from installation.randomness import generator
from installation.readings.register import Taken, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installation.control.guest import House
    from installation.records import Message
    from installation.scenes import Scene
    from installation.stakes import Casino

log = logging.getLogger(__name__)

SIGNS = {"/casino/buy": 1, "/casino/sell": -1}
ACCOUNT = "/casino/account/{what}"
STREAM = 8  # of a generation's random numbers: nothing in the loop draws from it
OPENING = 12  # spots that are watched before anything is sold
MOST_NOISE = 4  # contracts at a time of those who trade for no reason


class CasinoGuest(Guest):
    """Opens an exchange wherever a scene has a ``[casino]``, once its underlying was watched for a while."""

    _house: House

    def __init__(self) -> None:
        """Closed."""
        self.exchange: Exchange | None = None
        self._scene: Scene | None = None
        self._watched: tuple[float, ...] = ()
        self._serial = 0

    def open(self, house: House) -> None:
        """Come in."""
        self._house = house

    def hear(self, message: Message, now: float) -> bool:  # noqa: ARG002 - the market's time is generations
        """``/casino/…``: an order, or a question about one's account. Raises ``MarketError``."""
        address = COMMANDS[message.address].address
        if not address.startswith("/casino/"):
            return False
        exchange = self._require_open()
        if address == ACCOUNT:
            self._answer(exchange, message)
            return True
        right, number = order(message.arguments)
        self.exchange = traded(exchange, message.source, right, SIGNS[address] * number)
        return True

    def look(self, now: float) -> None:  # noqa: ARG002 - see above
        """A generation later the spot has moved."""
        if self._house.scene is not self._scene:
            self._scene, self.exchange, self._watched, self._serial = self._house.scene, None, (), 0
        terms, serial = self._house.scene.casino, self._house.serial
        if terms is None or serial == self._serial:
            return
        self._serial = serial
        taken = self._house.readings.get(terms.underlying)
        if isinstance(taken, Value):
            self._trade(terms, taken.number, serial)

    def readings(self) -> Mapping[str, Taken]:
        """The ticker."""
        return ticker(self.exchange) if self.exchange else {}

    def _trade(self, terms: Casino, spot: float, serial: int) -> None:
        if self.exchange is None:
            self._watched += (spot,)
            self.exchange = opened(terms, self._watched) if len(self._watched) >= OPENING else None
            return
        before = self.exchange
        self.exchange = with_noise(after(before, spot), self._house.scene.seed or 0, serial)
        if self.exchange.failures > before.failures:
            lost = self.exchange.bailout - before.bailout
            log.info(
                "From %.2f to %.2f: the house could not pay. Everybody did, %.1f credits.", before.spot, spot, lost
            )

    def _require_open(self) -> Exchange:
        if self.exchange is None:
            raise MarketError("The casino is closed. A scene with a [casino], like camera-casino, opens it.")
        return self.exchange

    def _answer(self, exchange: Exchange, message: Message) -> None:
        account = exchange.account(message.source)
        known = {"cash": account.cash, "calls": float(account.calls), "puts": float(account.puts)}
        (what,) = places(ACCOUNT, message.address)
        if what not in known:
            raise MarketError(f"An account has {', '.join(known)}, and no {what[:20]}.")
        self._house.doors.answer(message, known[what])


def with_noise(exchange: Exchange, seed: int, serial: int) -> Exchange:
    """After somebody has traded for no reason, if the dice of this generation say so; who cannot pay does not."""
    rng = generator(seed, serial, STREAM)
    if rng.random() >= exchange.terms.noise:
        return exchange
    right, number = RIGHTS[int(rng.integers(2))], int(rng.integers(1, MOST_NOISE + 1))
    sold = min(number, exchange.account("noise").held(right)) if rng.integers(2) else 0
    try:
        return traded(exchange, "noise", right, -sold or number)
    except MarketError:
        return exchange


def ticker(exchange: Exchange) -> dict[str, Taken]:
    """Everything that is quoted, by the addresses of its readings. The greeks are the call's."""
    call, put = (exchange.quotes[right] for right in RIGHTS)
    numbers = {
        readings.SPOT: exchange.spot,
        readings.STRIKE: exchange.strike,
        readings.EXPIRY: exchange.left,
        readings.REALISED: exchange.realised,
        readings.IMPLIED: exchange.implied,
        readings.CALL: call.price,
        readings.PUT: put.price,
        readings.DELTA: call.delta,
        readings.GAMMA: call.gamma,
        readings.VEGA: call.vega,
        readings.THETA: call.theta,
        readings.EQUITY: exchange.equity,
        readings.BONUS: exchange.bonus,
        readings.BAILOUT: exchange.bailout,
        readings.FAILURES: exchange.failures,
    }
    return {address: Value(float(number)) for address, number in numbers.items()}
