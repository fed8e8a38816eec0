"""The house's book: the options it has written, and the underlying it holds against them.

Between two hedges it is exposed to the square of what the spot does, and is paid for it by time. That comes out even
as long as the spot creeps (Boyle & Emanuel 1980); when it jumps, nothing that was held a moment before helps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from installation.market.options import RIGHTS, Quote, Right

Quotes = Mapping[Right, Quote]


@dataclass(frozen=True, slots=True)
class Book:
    """Cash, units of the underlying (negative: sold short), and how many calls and puts are owed to others."""

    cash: float
    shares: float = 0.0
    calls: int = 0
    puts: int = 0

    def written(self, right: Right) -> int:
        """How many of a kind are owed."""
        return self.calls if right == "call" else self.puts

    def write(self, right: Right, number: int, price: float) -> Book:
        """Sell so many contracts at a price each; a negative number buys them back."""
        kind = "calls" if right == "call" else "puts"
        return replace(self, cash=self.cash + number * price, **{kind: self.written(right) + number})

    def hedged(self, spot: float, quotes: Quotes) -> Book:
        """Hold as much of the underlying as everything owed moves with it: for a moment nothing can happen."""
        wanted = sum(self.written(right) * quotes[right].delta for right in RIGHTS)
        return replace(self, cash=self.cash - (wanted - self.shares) * spot, shares=wanted)

    def equity(self, spot: float, quotes: Quotes) -> float:
        """What would be left if everything owed were bought back now."""
        owed = sum(self.written(right) * quotes[right].price for right in RIGHTS)
        return self.cash + self.shares * spot - owed

    def cleared(self, spot: float, quotes: Quotes) -> Book:
        """Everything bought back and sold: cash alone, as much as the equity was."""
        return Book(self.equity(spot, quotes))
