"""The backlog between the thread that drains and the one that reads: bounded, and kind to the newest."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from installation.control.reader import MOST_BYTES, MOST_JOBS, Backlog


def job(done, name):
    """Something to do that is told by its name."""
    return lambda: done.append(name)


def run(backlog, most=10 * MOST_JOBS):
    for each in backlog.take(most, 0.0):
        each()


def test_jobs_come_in_their_order_and_before_the_datagrams():
    backlog = Backlog()
    done: list[object] = []
    for name in range(10):
        backlog.put_datagrams([(job(done, f"datagram {name}"), 4)])
        backlog.put(job(done, name), 4)
    run(backlog)
    assert done == [*range(10), *(f"datagram {name}" for name in range(10))]


def test_of_too_many_datagrams_the_oldest_are_dropped_and_counted():
    backlog = Backlog()
    done: list[object] = []
    for name in range(MOST_JOBS + 5):
        backlog.put_datagrams([(job(done, name), 4)])
    run(backlog)
    assert done == list(range(5, MOST_JOBS + 5))
    assert backlog.dropped == 5


def test_of_too_large_datagrams_the_oldest_are_dropped_and_what_must_not_be_lost_is_not():
    backlog = Backlog()
    done: list[object] = []
    backlog.put(job(done, "stream"), 4)
    for name in range(400):
        backlog.put_datagrams([(job(done, name), 65_536)])
    run(backlog)
    assert done[0] == "stream"
    assert done[-1] == 399
    assert (len(done) - 1) * 65_536 <= MOST_BYTES


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 70_000)), max_size=60))
def test_whatever_was_taken_leaves_room_again(sizes):
    backlog = Backlog()
    done: list[object] = []
    for is_datagram, size in sizes:
        if is_datagram:
            backlog.put_datagrams([(job(done, size), size)])
        else:
            backlog.put(job(done, size), size)
    while jobs := backlog.take(7, 0.0):
        for each in jobs:
            each()
    assert sorted(done, key=str) == sorted((size for _, size in sizes), key=str)
    assert backlog._bytes == 0
    assert not backlog.is_crowded


def test_streams_are_to_wait_before_anything_of_theirs_could_be_lost():
    backlog = Backlog()
    while not backlog.is_crowded:
        backlog.put(lambda: None, 100)
    assert backlog.dropped == 0
    assert len(backlog.take(10 * MOST_JOBS, 0.0)) <= MOST_JOBS // 4 + 1


def test_whoever_waits_is_woken():
    backlog = Backlog()
    done: list[object] = []
    waiting = threading.Thread(target=lambda: [each() for each in backlog.take(10, 10.0)])
    waiting.start()
    backlog.put(job(done, "now"))
    waiting.join(10.0)
    assert done == ["now"]
