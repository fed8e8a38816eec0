"""The picture held to ransom: which state follows which event, with the time and the key as arguments.

free -> held -> free (paid, or the key was found) or auction -> burning -> leafing (another picture is sought) -> free.
Held, the picture is encrypted; whoever has the key, whether it was bought, found or auctioned, has the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from installation.errors import Refusal
from installation.stakes import Phase, Ransom

MOST_MONEY = 1e6  # credits at once: sums stay numbers
LEAFING = 4.0  # seconds in which pictures of the album follow each other


class RansomError(Refusal):
    """A payment, a bid or an attack for which it is too early or too late."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """How things stand. ``until`` is when the phase ends by itself; ``tick`` is the key's, as long as it is locked.

    ``paid`` is what was paid for this picture, ``bid`` the highest bid, ``bidder`` whose. The rest counts since the
    scene began: what was ``collected``, and how many pictures were ``freed`` and ``burnt``.
    """

    phase: Phase = "free"
    until: float = 0.0
    tick: int | None = None
    paid: float = 0.0
    bid: float = 0.0
    bidder: str = ""
    collected: float = 0.0
    freed: int = 0
    burnt: int = 0

    @property
    def is_locked(self) -> bool:
        """Whether the picture is encrypted."""
        return self.tick is not None


def begun(terms: Ransom, now: float) -> Ticket:
    """Nothing has happened yet; the picture is free for a while."""
    return Ticket(until=now + terms.lease)


def passed(ticket: Ticket, terms: Ransom, now: float, tick: int) -> Ticket:
    """What has become of it by ``now``. ``tick`` is the key's, should the picture be seized."""
    if now < ticket.until:
        return ticket
    match ticket.phase:
        case "free":
            return replace(ticket, phase="held", until=now + terms.ticket, tick=tick, paid=0.0, bid=0.0, bidder="")
        case "held":
            return replace(ticket, phase="auction", until=now + terms.auction)
        case "auction":
            sold = None if ticket.bid else ticket.tick  # unsold, it burns unseen
            collected = ticket.collected + ticket.bid
            return replace(ticket, phase="burning", until=now + terms.burning, tick=sold, collected=collected)
        case "burning":
            return replace(ticket, phase="leafing", until=now + LEAFING, tick=None, burnt=ticket.burnt + 1)
        case "leafing":
            return replace(ticket, phase="free", until=now + terms.lease)


def payment(ticket: Ticket, terms: Ransom, amount: float, now: float) -> Ticket:
    """Somebody pays a part of the ransom, or all of it. Raises ``RansomError`` unless it is held."""
    if ticket.phase != "held":
        raise RansomError("There is nothing to pay for now. Keep your money until the picture is gone.")
    _require_money(amount)
    paid = replace(ticket, paid=ticket.paid + amount, collected=ticket.collected + amount)
    return _freed(paid, terms, now) if paid.paid >= terms.price else paid


def bid(ticket: Ticket, who: str, amount: float) -> Ticket:
    """Somebody bids. Raises ``RansomError`` unless it is being auctioned, and for less than the highest bid."""
    if ticket.phase != "auction":
        raise RansomError("Nothing is being auctioned. What nobody pays for will be.")
    _require_money(amount)
    if amount <= ticket.bid:
        raise RansomError(f"{ticket.bid:.2f} credits are bid already; say more.")
    return replace(ticket, bid=amount, bidder=who)


def found(ticket: Ticket, terms: Ransom, tick: int, now: float) -> Ticket:
    """Somebody has found a key; the right one opens the picture, any other is none."""
    return _freed(ticket, terms, now) if ticket.phase == "held" and tick == ticket.tick else ticket


def remembered(ticket: Ticket, terms: Ransom, now: float) -> Ticket:
    """The piece has begun again from its origin, whatever was done to the picture; what was counted stays."""
    return replace(ticket, phase="free", until=now + terms.lease, tick=None)


def expected(bits: int, rate: float) -> float:
    """How long a search through 2^bits keys takes on average, in seconds, at so many keys a second.

    The key is as likely in any place, so half of them are tried: 2^(bits - 1) / rate.
    """
    return 2.0 ** (bits - 1) / rate


def _freed(ticket: Ticket, terms: Ransom, now: float) -> Ticket:
    return replace(ticket, phase="free", until=now + terms.lease, tick=None, freed=ticket.freed + 1)


def _require_money(amount: float) -> None:
    if not 0.0 < amount <= MOST_MONEY:
        raise RansomError(f"Money is above 0, and at most {MOST_MONEY:,.0f} credits.")
