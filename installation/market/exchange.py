"""The exchange: one series of options at a time, who has how many of them, and the house that wrote them all.

Everything counts in generations and nothing is drawn here: the same spots and the same orders give the same prices.
What the house earns above its capital is paid out at every expiry; what it loses below nothing, everybody pays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from installation.errors import Refusal
from installation.knobs import nearest
from installation.market.book import Book
from installation.market.options import RIGHTS, Quote, Right, payoff, quote, realised
from installation.stakes import Casino

LEAST_SPOT = 0.01  # what is worth nothing has no logarithm
CALMEST, WILDEST = 0.05, 50.0  # volatility, for a year of the scene: a market that stands still has a price too
MOST_PRESSURE = math.log(4.0)  # orders move the implied volatility to four times the realised one, or a quarter
MOST_ACCOUNTS = 64
MOST_CONTRACTS = 100  # in one order


class MarketError(Refusal):
    """An order that nobody executes, with the reason."""


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody has: credits, calls and puts. Nobody owes anything but the house."""

    cash: float
    calls: int = 0
    puts: int = 0

    def held(self, right: Right) -> int:
        """How many contracts of a kind."""
        return self.calls if right == "call" else self.puts

    def with_more(self, right: Right, number: int, price: float) -> Account:
        """After buying so many at a price each; a negative number sells."""
        kind = "calls" if right == "call" else "puts"
        return replace(self, cash=self.cash - number * price, **{kind: self.held(right) + number})

    def settled(self, worth: Mapping[Right, float]) -> Account:
        """Its contracts turned into credits, at so much each."""
        return Account(self.cash + sum(self.held(right) * worth[right] for right in RIGHTS))


@dataclass(frozen=True, slots=True)
class Exchange:
    """``spots`` are the last of them, newest last; ``left`` is how many generations the series has until expiry.

    ``pressure`` is the logarithm of implied over realised volatility: what order flow has made of it. ``bonus`` was
    paid to the house's owners so far, ``bailout`` by everybody else, in ``failures`` instalments.
    """

    terms: Casino
    spots: tuple[float, ...]
    strike: float
    left: int
    book: Book
    pressure: float = 0.0
    accounts: Mapping[str, Account] = field(default_factory=dict)
    bonus: float = 0.0
    bailout: float = 0.0
    failures: int = 0

    @property
    def spot(self) -> float:
        """What the underlying stands at."""
        return self.spots[-1]

    @property
    def realised(self) -> float:
        """The volatility of the spots that are remembered, a year."""
        return min(max(realised(self.spots, self.terms.year), CALMEST), WILDEST)

    @property
    def implied(self) -> float:
        """The volatility that options are priced with, a year."""
        return self.realised * math.exp(self.pressure)

    @property
    def quotes(self) -> dict[Right, Quote]:
        """Both kinds, at the implied volatility."""
        years = self.left / self.terms.year
        return {right: quote(right, self.spot, self.strike, years, self.implied) for right in RIGHTS}

    @property
    def equity(self) -> float:
        """What the house is worth."""
        return self.book.equity(self.spot, self.quotes)

    def account(self, who: str) -> Account:
        """What somebody has; a newcomer has a purse."""
        return self.accounts.get(who, Account(self.terms.purse))


def opened(terms: Casino, spots: Sequence[float]) -> Exchange:
    """The first day: nobody has traded, and the house has its capital. ``spots`` are what was seen before, one or more.

    With fewer than a dozen nobody should write options: what was never seen to move is sold too cheaply.
    """
    seen = tuple(max(spot, LEAST_SPOT) for spot in spots)
    return listed(Exchange(terms, seen, seen[-1], terms.life, Book(terms.capital)))


def listed(exchange: Exchange) -> Exchange:
    """A new series at the money; the public takes what is floated, and the house hedges it."""
    floated = exchange.terms.floated
    fresh = replace(exchange, strike=exchange.spot, left=exchange.terms.life)
    book = fresh.book
    for right, quoted in fresh.quotes.items():
        book = book.write(right, floated, quoted.price)
    return replace(fresh, book=book.hedged(fresh.spot, fresh.quotes))


def after(exchange: Exchange, spot: float) -> Exchange:
    """A generation later: the spot has moved, orders are half forgotten, and the house looks after its book.

    It hedges if it is time to; a series that has expired is settled; a house that is worth less than nothing is saved.
    """
    terms = exchange.terms
    moved = replace(
        exchange,
        spots=(*exchange.spots, max(spot, LEAST_SPOT))[-terms.window - 1 :],
        left=exchange.left - 1,
        pressure=exchange.pressure * 0.5 ** (1.0 / terms.memory),
    )
    if moved.equity < 0.0:
        return saved(moved)
    if moved.left <= 0:
        return expired(moved)
    if moved.left % terms.rehedge == 0:
        return replace(moved, book=moved.book.hedged(moved.spot, moved.quotes))
    return moved


def expired(exchange: Exchange) -> Exchange:
    """Everybody is paid what the contracts turned out to be worth, the owners what is above the capital."""
    worth = {right: payoff(right, exchange.spot, exchange.strike) for right in RIGHTS}
    settled = _settled(exchange, worth)
    bonus = max(settled.book.cash - exchange.terms.capital, 0.0)
    book = Book(settled.book.cash - bonus)
    return listed(replace(settled, book=book, bonus=exchange.bonus + bonus))


def saved(exchange: Exchange) -> Exchange:
    """The house cannot pay. Others do: what is missing, and the capital to begin again with."""
    settled = _settled(exchange, {right: quoted.price for right, quoted in exchange.quotes.items()})
    missing = exchange.terms.capital - settled.book.cash
    whole = replace(settled, book=Book(exchange.terms.capital), bailout=exchange.bailout + missing)
    return listed(replace(whole, failures=exchange.failures + 1))


def traded(exchange: Exchange, who: str, right: Right, number: int) -> Exchange:
    """Somebody buys so many contracts, or with a negative number sells them, at what the order makes of the price.

    A buyer pays what the price is afterwards, and so does a seller get: to buy and sell at once costs money. Raises
    ``MarketError`` for what is not there to be sold or paid with.
    """
    account, pushed = exchange.account(who), exchange.pressure + exchange.terms.impact * number
    moved = replace(exchange, pressure=min(max(pushed, -MOST_PRESSURE), MOST_PRESSURE))
    price = moved.quotes[right].price
    if number > 0 and number * price > account.cash:
        raise MarketError(f"{number} {right}s cost {number * price:.2f} credits; you have {account.cash:.2f}.")
    if -number > account.held(right):
        raise MarketError(f"You have {account.held(right)} {right}s to sell. /casino/account/{right}s says how many.")
    book = moved.book.write(right, number, price)
    return _admitted(replace(moved, book=book), who, account.with_more(right, number, price))


def order(arguments: tuple[object, ...]) -> tuple[Right, int]:
    """The kind and the number of an order: ``call 3``, or ``put`` for one. Raises ``MarketError``."""
    match arguments:
        case ("call" | "put" as right,):
            return right, 1
        case ("call" | "put" as right, int() | float() as number) if 1 <= number <= MOST_CONTRACTS:
            return right, int(number)
        case ("call" | "put", *_):
            raise MarketError(f"An order is for 1 to {MOST_CONTRACTS} contracts: call 3.")
    said = str(arguments[0])[:20] if arguments else "nothing"
    raise MarketError(f"An order says call or put, and how many; not {said}.{nearest(said, RIGHTS)}")


def _settled(exchange: Exchange, worth: Mapping[Right, float]) -> Exchange:
    """Every contract turned into credits, the house's hedge sold."""
    accounts = {who: each.settled(worth) for who, each in exchange.accounts.items()}
    book = exchange.book
    owed = sum(book.written(right) * worth[right] for right in RIGHTS)
    return replace(exchange, accounts=accounts, book=Book(book.cash + book.shares * exchange.spot - owed))


def _admitted(exchange: Exchange, who: str, account: Account) -> Exchange:
    """With this account as the latest to trade. Where there are too many, who has not traded longest loses all."""
    accounts = {name: each for name, each in exchange.accounts.items() if name != who} | {who: account}
    book = exchange.book
    if len(accounts) > MOST_ACCOUNTS:
        gone = accounts.pop(next(iter(accounts)))
        book = replace(book, calls=book.calls - gone.calls, puts=book.puts - gone.puts)
    return replace(exchange, accounts=accounts, book=book)
