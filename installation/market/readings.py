"""What the market measures of itself: declared here, told by its two guests."""

from __future__ import annotations

from installation.readings.register import told

_BLACK_SCHOLES = "Black & Scholes 1973"

SPOT = told("/reading/casino/spot", unit="credits", high=8.0, doc="What the underlying stands at.")
STRIKE = told("/reading/casino/strike", unit="credits", high=8.0, doc="The price at which options may be exercised.")
EXPIRY = told("/reading/casino/expiry", unit="generations", high=120.0, doc="Generations until the options expire.")
REALISED = told("/reading/casino/realised", unit="a year", high=10.0, doc="Volatility of the underlying, as it was.")
IMPLIED = told(
    "/reading/casino/implied",
    unit="a year",
    high=10.0,
    doc="Volatility that orders have made of it: options cost that.",
)
CALL = told("/reading/casino/call", unit="credits", high=2.0, doc="Price of a call.", source=_BLACK_SCHOLES)
PUT = told("/reading/casino/put", unit="credits", high=2.0, doc="Price of a put.", source=_BLACK_SCHOLES)
DELTA = told("/reading/casino/delta", doc="What a call gains when the spot rises by 1.", source=_BLACK_SCHOLES)
GAMMA = told("/reading/casino/gamma", high=4.0, doc="What delta gains by that.", source=_BLACK_SCHOLES)
VEGA = told(
    "/reading/casino/vega", high=0.5, doc="What a call gains when the volatility rises by 1.", source=_BLACK_SCHOLES
)
THETA = told(
    "/reading/casino/theta",
    unit="a year",
    low=-1e3,
    high=0.0,
    doc="What a call loses with time.",
    source=_BLACK_SCHOLES,
)
EQUITY = told("/reading/casino/equity", unit="credits", high=20.0, doc="What the house is worth.")
BONUS = told("/reading/casino/bonus", unit="credits", high=100.0, doc="What the house has paid to its owners.")
BAILOUT = told("/reading/casino/bailout", unit="credits", high=100.0, doc="What everybody has paid for the house.")
FAILURES = told("/reading/casino/failures", high=10.0, doc="How often the house was saved.")

DEADLINE = told("/reading/prometheus/deadline", unit="s", high=60.0, doc="Time until what must come comes.")
OWED = told("/reading/prometheus/owed", unit="credits", high=100.0, doc="What is still asked for the picture.")
BID = told("/reading/prometheus/bid", unit="credits", high=100.0, doc="The highest bid.")
COLLECTED = told("/reading/prometheus/collected", unit="credits", high=1000.0, doc="What pictures have brought in.")
FREED = told("/reading/prometheus/freed", high=10.0, doc="Pictures that came back.")
BURNT = told("/reading/prometheus/burnt", high=10.0, doc="Pictures that did not.")
TRIED = told("/reading/prometheus/tried", unit="keys", high=2.0**20, doc="Keys tried so far.")
RATE = told("/reading/prometheus/rate", unit="keys/s", high=1e5, doc="Keys that the machine tries a second.")
EXPECTED = told(
    "/reading/prometheus/expected", unit="s", high=60.0, doc="How long trying takes on average: 2^(bits - 1) / rate."
)
SEARCHED = told("/reading/prometheus/searched", doc="Share of all keys that were tried.")
