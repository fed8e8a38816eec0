"""A picture for dice: what an option would cost if the pixels of a picture threw the chance that drives the market.

The price of a stock takes a step for every pixel of a row, up where it is bright and down where it is dark. With
pixels that know nothing of each other the mean payoff is Black and Scholes' price; in a picture neighbours agree, the
steps add up, and the option costs more: order is dear.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from installation.readings.register import reading

if TYPE_CHECKING:
    from installation.readings.look import Look

STRAY = 0.2  # of the price until expiry, standard deviation of its logarithm: 20 % a year, for a year
PATH = 16  # pixels of a row that make one path
LEVELS = 256
FAIR = math.erf(STRAY / math.sqrt(8.0))  # N(d1) - N(d2) at the money without interest: 0.0797


@reading(
    "/reading/dice-price",
    of="picture",
    unit="%",
    high=40.0,
    doc="Price of an option at the money, in percent of the stock, if the picture's pixels were the dice: 7.97 with "
    "chance that is none but chance, more the more order there is.",
    source="Black & Scholes 1973",
    cost=1.5,
)
def dice_price(present: Look, origin: Look) -> float:  # noqa: ARG001 - every reading of a picture gets both
    """100 times ``price_by`` the picture's ranked brightness; NaN where it has no row of 16."""
    return 100.0 * price_by(ranked(present.luma)) if present.luma.shape[1] >= PATH else math.nan


def price_by(dice: np.ndarray) -> float:
    """The mean payoff of a call at the money, as a share of the spot price; without interest.

    ``dice`` is H x W of mean 0 and variance 1, W at least 16. ln S_T = sum of 16 neighbours s / 4 - s^2 / 2. The stock
    is scaled to be worth its own price (a martingale), whatever the dice.
    """
    rows = dice[:, : dice.shape[1] // PATH * PATH].reshape(-1, PATH)
    stock = np.exp(STRAY / math.sqrt(PATH) * rows.sum(axis=1))
    stock /= stock.mean()
    return float(np.maximum(stock - 1.0, 0.0).mean())


def ranked(levels: np.ndarray) -> np.ndarray:
    """H x W uint8 levels as normal scores: each the inverse normal CDF of its mean rank, scaled to variance 1.

    NaN for a flat field, which has no ranks.
    """
    counts = np.bincount(levels.reshape(-1), minlength=LEVELS)
    ranks = (counts.cumsum() - counts / 2.0) / levels.size
    normal = NormalDist()
    scores = np.array([normal.inv_cdf(rank) if 0.0 < rank < 1.0 else 0.0 for rank in ranks], np.float32)
    found: np.ndarray = scores[levels]  # 0 and 1 are ranks of levels that nobody has
    spread = float(found.std())
    return (found - found.mean()) / spread if spread else np.full(levels.shape, math.nan)
