"""How far two machines' clocks are apart, from letters that carry the times at which they were sent and received.

The on-wire protocol and the clock filter of NTP (RFC 5905, sections 8 and 10), as pure functions of what was written
down: the machines' own PTP or NTP set the clocks, this only looks. All times are nanoseconds of Unix time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import combinations
from statistics import median

RECENT = 8  # exchanges that the filter chooses from, as RFC 5905 (NSTAGE)
WINDOW = 64  # exchanges that drift is read from
WANDER = 15e-6  # seconds a second that a clock may drift while nobody looks, as RFC 5905 (PHI)
LEAST_SPAN_NS = 10 * 10**9  # drift over less is noise: 1 ms of jitter would be 100 ppm
MILLION = 1e6

Times = tuple[int, int]  # when the other side heard a letter, and when it answered


@dataclass(frozen=True, slots=True)
class Exchange:
    """One letter and its answer: asked and returned by our clock, heard and answered by theirs."""

    asked_ns: int
    heard_ns: int
    answered_ns: int
    returned_ns: int

    @property
    def offset_ns(self) -> float:
        """How far their clock is ahead of ours, if both ways took as long: theta of RFC 5905, section 8."""
        return ((self.heard_ns - self.asked_ns) + (self.answered_ns - self.returned_ns)) / 2

    @property
    def round_trip_ns(self) -> int:
        """What both ways took together: delta of RFC 5905, section 8; not below 0, where a clock was set meanwhile."""
        return max((self.returned_ns - self.asked_ns) - (self.answered_ns - self.heard_ns), 0)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What is known of another machine's clock. The true offset lies within ``error_ns`` of ``offset_ns``.

    The error is half the round trip, however unlike both ways are, and what clocks may wander since. Drift is in
    parts per million, positive where theirs runs faster; None where it was not watched for long enough.
    """

    offset_ns: float
    error_ns: float
    round_trip_ns: int
    drift_ppm: float | None

    @property
    def certainly_ns(self) -> float:
        """How far the clocks are apart at the least; 0 where they may agree."""
        return max(abs(self.offset_ns) - self.error_ns, 0.0)

    def correction_ns(self, tolerance_ns: float) -> int:
        """What to add to our clock to read theirs: nothing while the clocks may agree within a tolerance.

        The machines' own synchronisation is better than a letter can tell, so it is believed until it is disproved.
        """
        return round(self.offset_ns) if self.certainly_ns > tolerance_ns else 0

    def complaint(self, name: str, tolerance_ns: float) -> str:
        """A sentence for whoever is woken, where the clocks are certainly further apart than the tolerance; else ""."""
        if self.certainly_ns <= tolerance_ns:
            return ""
        side = "ahead of" if self.offset_ns > 0 else "behind"
        apart, error, most = (ns / 1e6 for ns in (abs(self.offset_ns), self.error_ns, tolerance_ns))
        return (
            f"The clock of {name} is {apart:.1f} ms {side} this machine's (within {error:.1f} ms), more than the "
            f"{most:.1f} ms of half a frame. Let chrony or PTP set both from the same source: chronyc tracking."
        )


class Acquaintance:
    """The last exchanges with one machine. Belongs to one thread."""

    def __init__(self, window: int = WINDOW) -> None:
        """Nothing was exchanged yet."""
        self._exchanges: deque[Exchange] = deque(maxlen=window)

    def add(self, exchange: Exchange) -> None:
        """Remember an exchange. Where either clock was set since the last, what was known before is forgotten."""
        if self._exchanges and _was_set(self._exchanges[-1], exchange):
            self._exchanges.clear()
        self._exchanges.append(exchange)

    def reckon(self, now_ns: int) -> Reckoning | None:
        """What follows from them at ``now_ns`` of our clock; None before the first."""
        return reckon(tuple(self._exchanges), now_ns) if self._exchanges else None


def reckon(exchanges: Sequence[Exchange], now_ns: int) -> Reckoning:
    """Offset, error and drift from exchanges in their order, at least one."""
    best = quickest(exchanges[-RECENT:])
    age_ns = max(now_ns - best.returned_ns, 0)
    error_ns = best.round_trip_ns / 2 + WANDER * age_ns
    return Reckoning(best.offset_ns, error_ns, best.round_trip_ns, drift(exchanges))


def quickest(exchanges: Sequence[Exchange]) -> Exchange:
    """The exchange that was under way for the shortest time, of several the newest: the clock filter of section 10.

    What holds a letter up seldom holds up its answer as long: the quickest is the least mistaken.
    """
    return min(reversed(exchanges), key=lambda exchange: exchange.round_trip_ns)


def drift(exchanges: Sequence[Exchange]) -> float | None:
    """How much faster their clock runs, in parts per million; None over less than ten seconds.

    The slope of Theil (1950) and Sen (1968): the median over all pairs, which a quarter of wild values cannot move.
    """
    if not exchanges or exchanges[-1].asked_ns - exchanges[0].asked_ns < LEAST_SPAN_NS:
        return None
    slopes = [
        (later.offset_ns - earlier.offset_ns) / (later.asked_ns - earlier.asked_ns)
        for earlier, later in combinations(exchanges, 2)
        if later.asked_ns > earlier.asked_ns
    ]
    return median(slopes) * MILLION


def exchange(ask: Callable[[], Future[Times]], clock: Callable[[], int]) -> Future[Exchange]:
    """One exchange: ``ask`` sends the letter, ``clock`` reads ours as it leaves and in the moment the answer is there.

    Whatever goes wrong with the answer goes wrong with the exchange.
    """
    asked_ns, met = clock(), Future[Exchange]()

    def returned(answer: Future[Times]) -> None:
        returned_ns = clock()
        if error := answer.exception():
            met.set_exception(error)
        else:
            met.set_result(Exchange(asked_ns, *answer.result(), returned_ns))

    ask().add_done_callback(returned)
    return met


def _was_set(before: Exchange, after: Exchange) -> bool:
    """Whether two offsets are further apart than both errors and any drift allow: somebody has set a clock."""
    jump = abs(after.offset_ns - before.offset_ns)
    passed = abs(after.asked_ns - before.asked_ns)
    return jump > (after.round_trip_ns + before.round_trip_ns) / 2 + 100 * WANDER * passed
