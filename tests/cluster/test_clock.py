"""What is known of another machine's clock, on clocks and networks that are made up and therefore known."""

import math
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cluster import clock
from installation.cluster.clock import Acquaintance, Exchange, Reckoning

SECOND = 10**9
MS = 10**6
HALF_A_FRAME = 8.3 * MS
OFFSETS = st.integers(-5 * SECOND, 5 * SECOND)
WAYS = st.integers(0, 50 * MS)


def met(at, offset, there=MS, back=MS, thought=0):
    """An exchange at ``at`` of our clock with one that is ``offset`` ahead, over a network that takes so long."""
    heard, answered = at + there + offset, at + there + thought + offset
    return Exchange(at, heard, answered, at + there + thought + back)


def watched(drift_ppm, seconds=60, jitter=lambda _: 0):
    """One exchange a second with a clock that runs fast by so much."""
    return [met(s * SECOND, round(s * SECOND * drift_ppm / 1e6) + jitter(s)) for s in range(seconds)]


@given(OFFSETS, WAYS, WAYS, st.integers(0, SECOND))
def test_the_true_offset_lies_within_half_the_round_trip_however_unlike_both_ways_are(offset, there, back, thought):
    exchange = met(0, offset, there, back, thought)
    assert abs(exchange.offset_ns - offset) <= exchange.round_trip_ns / 2
    assert exchange.round_trip_ns == there + back


@given(OFFSETS, WAYS)
def test_where_both_ways_take_as_long_the_offset_is_exact(offset, way):
    assert met(0, offset, way, way).offset_ns == offset


@given(st.lists(st.tuples(WAYS, WAYS), min_size=1, max_size=clock.RECENT), OFFSETS)
def test_the_quickest_exchange_is_believed(ways, offset):
    exchanges = [met(place * SECOND, offset, *both) for place, both in enumerate(ways)]
    found = clock.reckon(exchanges, exchanges[-1].returned_ns)
    assert found.round_trip_ns == min(map(sum, ways))
    assert abs(found.offset_ns - offset) <= found.error_ns


def test_of_equally_quick_exchanges_the_newest_is_believed():
    assert clock.quickest([met(0, 0), met(SECOND, 7)]).offset_ns == 7


def test_an_old_quick_exchange_is_forgotten_by_the_filter():
    exchanges = [met(0, 0, 1, 1), *(met(place * SECOND, 5) for place in range(1, clock.RECENT + 1))]
    assert clock.reckon(exchanges, exchanges[-1].returned_ns).offset_ns == 5


def test_the_error_grows_by_what_clocks_may_wander():
    exchange = met(0, 0, MS, MS)
    later = clock.reckon([exchange], exchange.returned_ns + 100 * SECOND)
    assert later.error_ns == pytest.approx(MS + 100 * SECOND * clock.WANDER)


def reckoned_by(known, now):
    found = known.reckon(now)
    assert found is not None
    return found


@given(st.floats(-200, 200))
def test_drift_is_the_rate_at_which_the_clocks_part(ppm):
    assert clock.drift(watched(ppm)) == pytest.approx(ppm, abs=0.01)


def test_a_quarter_of_wild_letters_does_not_move_the_drift():
    wild = watched(40.0, jitter=lambda second: 30 * MS if second % 5 == 0 else 0)
    assert clock.drift(wild) == pytest.approx(40.0, abs=5.0)


def test_drift_is_not_told_before_it_can_be():
    assert clock.drift([]) is None
    assert clock.drift(watched(40.0, seconds=9)) is None


@given(st.integers(-3600, 3600).filter(bool))
def test_what_was_known_is_forgotten_when_a_clock_was_set(jump):
    known = Acquaintance()
    for exchange in watched(0.0, seconds=30):
        known.add(exchange)
    known.add(met(30 * SECOND, jump * SECOND))
    found = known.reckon(30 * SECOND + 2 * MS)
    assert found == Reckoning(jump * SECOND, MS, 2 * MS, None)


def test_a_slow_letter_is_no_clock_that_was_set():
    known = Acquaintance()
    known.add(met(0, 0))
    known.add(met(SECOND, 0, 50 * MS, 0))
    assert reckoned_by(known, SECOND).offset_ns == 0


def test_nothing_is_known_before_the_first_exchange():
    assert Acquaintance().reckon(0) is None


def test_a_window_is_bounded():
    known = Acquaintance(window=4)
    for exchange in watched(0.0, seconds=40):
        known.add(exchange)
    assert reckoned_by(known, 40 * SECOND).drift_ppm is None  # four seconds of letters say nothing of drift


def reckoned(offset_ms, error_ms=1.0):
    return Reckoning(offset_ms * MS, error_ms * MS, round(2 * error_ms * MS), None)


@pytest.mark.parametrize(("offset", "error"), [(0.0, 0.5), (8.0, 1.0), (-9.0, 1.0), (40.0, 50.0)])
def test_clocks_that_may_agree_within_half_a_frame_are_believed_and_not_complained_of(offset, error):
    known = reckoned(offset, error)
    assert known.correction_ns(HALF_A_FRAME) == 0
    assert known.complaint("left", HALF_A_FRAME) == ""


@pytest.mark.parametrize(("offset", "side"), [(40.0, "40.0 ms ahead of"), (-25.0, "25.0 ms behind")])
def test_clocks_that_are_certainly_apart_are_corrected_and_complained_of(offset, side):
    known = reckoned(offset)
    assert known.correction_ns(HALF_A_FRAME) == offset * MS
    sentence = known.complaint("left", HALF_A_FRAME)
    assert f"The clock of left is {side} this machine's" in sentence
    assert "8.3 ms of half a frame" in sentence


@given(OFFSETS, WAYS, WAYS)
def test_after_the_correction_the_clocks_agree_within_the_error_and_the_tolerance(offset, there, back):
    exchange = met(0, offset, there, back)
    known = clock.reckon([exchange], exchange.returned_ns)
    assert abs(known.correction_ns(HALF_A_FRAME) - offset) <= HALF_A_FRAME + 2 * known.error_ns + 1


def test_an_exchange_reads_our_clock_as_the_letter_leaves_and_when_the_answer_is_there():
    ours = iter((10, 30))
    answer: Future[clock.Times] = Future()
    met = clock.exchange(lambda: answer, lambda: next(ours))
    assert not met.done()
    answer.set_result((115, 120))
    assert met.result(0) == Exchange(10, 115, 120, 30)


def test_a_letter_that_is_lost_is_no_exchange():
    answer: Future[clock.Times] = Future()
    met = clock.exchange(lambda: answer, lambda: 0)
    answer.set_exception(ConnectionError("gone"))
    assert isinstance(met.exception(0), ConnectionError)


def test_a_clock_that_was_set_during_an_exchange_makes_no_negative_round_trip():
    assert Exchange(100, 100, 100, 50).round_trip_ns == 0
    assert math.isfinite(Exchange(100, 100, 100, 50).offset_ns)
