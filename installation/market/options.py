"""What an option is worth, in closed form, and how much its price would move with everything it depends on.

``burns.black_scholes`` solves the same equation for a whole picture of payoffs; the tests hold one against the other.
Entropy is bounded and comes back to where it was, so geometric Brownian motion is the wrong model for it, as it is for
everything that was ever priced with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, stdev
from typing import Literal

Right = Literal["call", "put"]
RIGHTS: tuple[Right, Right] = ("call", "put")
_NORMAL = NormalDist()
_TWICE = 3  # spots at least: two returns, of which there is a spread


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and its derivatives: by the spot once (delta) and twice (gamma), by volatility (vega) and time (theta).

    Theta is what a year takes from the price, mostly negative.
    """

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def payoff(right: Right, spot: float, strike: float) -> float:
    """What the right to buy (call) or to sell (put) at ``strike`` is worth at expiry."""
    return max(spot - strike, 0.0) if right == "call" else max(strike - spot, 0.0)


def quote(right: Right, spot: float, strike: float, years: float, volatility: float, *, rate: float = 0.0) -> Quote:
    """The European option of Black & Scholes (1973). Spot and strike are above 0; volatility and rate are a year's.

    Without time or volatility left the future is known, and the price is the discounted payoff of the forward.
    """
    sign, discount = (1.0 if right == "call" else -1.0), math.exp(-rate * years)
    strays = volatility * math.sqrt(years)
    if strays <= 0.0:
        worth = payoff(right, spot, strike * discount)
        held = sign if worth > 0.0 else 0.0
        return Quote(worth, held, 0.0, 0.0, -held * rate * strike * discount)
    d1 = (math.log(spot / strike) + rate * years) / strays + strays / 2.0
    d2 = d1 - strays
    density = _NORMAL.pdf(d1)
    taken = sign * _NORMAL.cdf(sign * d2) * strike * discount
    delta = sign * _NORMAL.cdf(sign * d1)
    decay = -spot * density * volatility / (2.0 * math.sqrt(years)) - rate * taken
    return Quote(spot * delta - taken, delta, density / (spot * strays), spot * density * math.sqrt(years), decay)


def realised(spots: Sequence[float], year: float) -> float:
    """The volatility that was: the standard deviation of log-returns, times the root of how many make a year.

    ``spots`` are above 0 and equally far apart, ``year`` counts such steps. 0 for fewer than three of them.
    """
    if len(spots) < _TWICE:
        return 0.0
    return stdev(math.log(after / before) for before, after in pairwise(spots)) * math.sqrt(year)
