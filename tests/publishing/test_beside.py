"""What is done beside the caller is done in order, a little behind, and what went wrong is heard."""

import threading

import pytest

from installation.machine.files import StorageError
from installation.publishing.beside import BEHIND, Beside

LONG = 30.0  # seconds: no test waits that long


@pytest.fixture
def beside():
    thread = Beside()
    yield thread
    thread.close()


def refuse():
    raise StorageError("The disk is full.")


def test_everything_is_done_in_the_order_in_which_it_was_given(beside):
    done: list[object] = []
    for number in range(3 * BEHIND):
        beside.do(done.append, number)
    beside.settle()
    assert done == list(range(3 * BEHIND))


def test_it_is_done_by_one_other_thread(beside):
    threads = set()
    for _ in range(4):
        beside.do(lambda: threads.add(threading.current_thread()))
    beside.settle()
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_the_caller_goes_on_while_it_is_done_and_waits_when_too_much_is_left(beside):
    gate, done = threading.Event(), list[int | str]()
    beside.do(gate.wait, LONG)
    for number in range(BEHIND - 1):
        beside.do(done.append, number)
    assert done == []
    caller = threading.Thread(target=beside.do, args=(done.append, "last"))
    caller.start()
    assert caller.is_alive()
    gate.set()
    caller.join(LONG)
    beside.settle()
    assert done == [*range(BEHIND - 1), "last"]


def test_what_went_wrong_is_raised_and_what_followed_is_left_undone(beside):
    gate, done = threading.Event(), list[int | str]()
    beside.do(gate.wait, LONG)
    beside.do(refuse)
    beside.do(done.append, 1)
    gate.set()
    with pytest.raises(StorageError, match="full"):
        beside.settle()
    beside.do(done.append, 2)
    beside.settle()
    assert done in ([2], [1, 2])  # what was begun already cannot be taken back


def test_whoever_closes_waits_for_what_is_begun_only():
    thread, gate, begun, done = Beside(), threading.Event(), threading.Event(), []

    def work():
        begun.set()
        gate.wait(LONG)
        done.append("begun")

    thread.do(work)
    thread.do(done.append, "waiting")
    assert begun.wait(LONG)
    closing = threading.Thread(target=thread.close)
    closing.start()
    gate.set()
    closing.join(LONG)
    assert done[0] == "begun"
