"""The stopwatch counts what it times, and turns the real loop."""

from installation.loop.stopwatch import WARM_UP, timed, turn_seconds
from tests.support import Wiener


def test_the_first_calls_do_not_count():
    calls = []
    assert len(timed(lambda: calls.append(1), 4)) == 4
    assert len(calls) == 4 + WARM_UP


def test_every_generation_takes_some_time(photograph):
    taken = turn_seconds(Wiener(), photograph, 2, 3)
    assert len(taken) == 3
    assert all(seconds > 0.0 for seconds in taken)
