"""Frames that wait for the moment at which every machine shows them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cluster.due import Due, Tally

MOMENTS = st.integers(0, 1000)
#: What may happen to a queue: a frame comes that is due at a moment, or somebody looks whether one is due.
EVENTS = st.lists(st.tuples(st.sampled_from(("put", "take")), MOMENTS), max_size=80)
TOLERANCES = st.integers(0, 300)


def played(due, events):
    """The frames that were shown with the moments at which they were: each frame is its own presentation time."""
    shown = []
    for what, moment in events:
        if what == "put":
            due.put(moment, moment)
        elif (frame := due.take(moment)) is not None:
            shown.append((moment, frame))
    return shown


@given(EVENTS, TOLERANCES)
def test_no_frame_is_shown_before_it_is_due_or_later_than_the_tolerance(events, tolerance):
    assert all(0 <= now - frame <= tolerance for now, frame in played(Due(tolerance), events))


@given(EVENTS, TOLERANCES)
def test_what_is_shown_never_goes_back(events, tolerance):
    shown = [frame for _, frame in played(Due(tolerance), events)]
    assert shown == sorted(shown)


@given(EVENTS, TOLERANCES, st.integers(2, 5))
def test_every_frame_is_shown_dropped_with_a_reason_or_waits(events, tolerance, most):
    due: Due[Any] = Due(tolerance, most)
    shown = played(due, events)
    assert due.tally.shown == len(shown)
    assert due.tally.shown + due.tally.dropped + len(due) == sum(what == "put" for what, _ in events)


@given(EVENTS, st.integers(2, 5))
def test_no_more_wait_than_there_is_room_for(events, most):
    due: Due[Any] = Due(0, most)
    for event in events:
        played(due, [event])
        assert len(due) <= most


@given(st.lists(MOMENTS, min_size=1, max_size=8), MOMENTS)
def test_the_newest_of_those_that_are_due_is_shown(moments, now):
    due: Due[Any] = Due(tolerance_ns=1000)
    for moment in moments:
        due.put(moment, moment)
    assert due.take(now) == max((moment for moment in moments if moment <= now), default=None)


@given(st.lists(MOMENTS, min_size=2, max_size=30), st.integers(2, 4))
def test_a_crowd_keeps_what_is_due_next_and_what_is_newest(moments, most):
    due: Due[Any] = Due(tolerance_ns=1000, most=most)
    for moment in moments:
        due.put(moment, moment)
    assert due.next_ns == min(moments)
    assert due.take(1000) == max(moments)


@given(st.permutations(range(6)))
def test_the_order_in_which_frames_come_does_not_matter(order):
    due: Due[Any] = Due(tolerance_ns=10)
    for moment in order:
        due.put(moment, moment)
    assert [due.take(now) for now in range(6)] == list(range(6))


def test_of_two_that_are_due_at_once_the_later_one_is_shown():
    due: Due[Any] = Due(0)
    due.put(5, "first")
    due.put(5, "second")
    assert due.take(5) == "second"
    assert due.tally == Tally(shown=1, overtaken=1)


def test_a_frame_is_shown_once():
    due: Due[Any] = Due(100)
    due.put(5, "frame")
    assert (due.take(5), due.take(6), due.next_ns) == ("frame", None, None)


def test_a_late_frame_is_counted_as_late_and_what_comes_after_a_newer_one_as_overtaken():
    due: Due[Any] = Due(tolerance_ns=10)
    due.put(0, "late")
    assert due.take(11) is None
    due.put(20, "newer")
    due.take(20)
    due.put(19, "older")
    assert due.tally == Tally(shown=1, late=1, overtaken=1)
    assert due.tally.dropped == 2


def test_two_machines_whose_clocks_agree_show_the_same_frame_whatever_their_networks_do():
    near: Due[int] = Due(5)
    far: Due[int] = Due(5)
    for stamp in range(0, 100, 10):
        near.put(stamp + 50, stamp)
        far.put(stamp + 50, stamp)
        assert near.take(stamp + 2) == far.take(stamp + 2)


@pytest.mark.parametrize(("tolerance", "most"), [(-1, 8), (0, 1)])
def test_a_queue_that_could_show_nothing_is_refused(tolerance, most):
    with pytest.raises(ValueError, match="2 frames or more"):
        Due(tolerance, most)
