"""The wings: what is made ready beside the loop comes on between two generations, in order, and never holds it up."""

import threading

import pytest

from installation.errors import Refusal
from installation.restorers.wings import Wings, Wish
from tests.support import until


@pytest.fixture
def wings():
    return Wings(60.0)


def noting(told, what, enter=lambda: None):
    """Making something ready: what is done then is told."""

    def make():
        told.append(what())
        return enter

    return make


def come(wings, *, between=True):
    return until(lambda: wings.come(between=between))


def test_what_takes_long_is_done_in_another_thread_and_the_exchange_in_ours(wings):
    made: list[object] = []
    entered: list[object] = []
    wings.ask(Wish("play", noting(made, threading.current_thread, lambda: entered.append(1))))
    wish, enter = come(wings)
    assert (wish.name, entered) == ("play", [])
    enter()
    assert entered == [1]
    assert made != [threading.current_thread()]


def test_nothing_comes_before_it_is_ready(wings):
    gate = threading.Event()
    wings.ask(Wish("play", waiting(gate)))
    for _ in range(100):
        assert wings.come(between=True) is None
    assert wings.holds("play")
    gate.set()
    assert come(wings)
    assert not wings.holds()


def test_in_the_midst_of_a_generation_only_that_comes_which_need_not_wait(wings):
    made = threading.Event()
    wings.ask(Wish("wear", noting([], made.set)))
    wings.ask(Wish("play", lambda: lambda: None, at_once=True))
    assert made.wait(60.0)
    assert [wings.come(between=False) for _ in range(100)] == [None] * 100
    assert come(wings)[0].name == "wear"
    assert come(wings, between=False)[0].name == "play"


def test_one_thing_is_made_at_a_time_in_the_order_of_asking(wings):
    made: list[object] = []
    for name in ("a", "b", "c"):
        wings.ask(Wish(name, noting(made, lambda name=name: name)))
    assert [come(wings)[0].name for _ in range(3)] == made == ["a", "b", "c"]


def test_of_two_wishes_that_still_wait_the_later_is_meant(wings):
    gate = threading.Event()
    wings.ask(Wish("play", waiting(gate)))
    entered: list[str] = []
    wings.ask(Wish("wear", lambda: lambda: entered.append("first")))
    wings.ask(Wish("wear", lambda: lambda: entered.append("second")))
    gate.set()
    assert come(wings)[0].name == "play"
    come(wings)[1]()
    assert entered == ["second"]
    assert not wings.holds()


def fail():
    raise ZeroDivisionError


def waiting(gate):
    """What is not made ready before a gate is opened."""

    def make():
        assert gate.wait(60.0)
        return lambda: None

    return make


def refuse():
    raise Refusal("It is broken. Mend it.")


def test_a_refusal_comes_at_once_and_the_next_wish_is_made(wings):
    wings.ask(Wish("wear", refuse))
    wings.ask(Wish("play", lambda: lambda: None))
    wish, refusal = come(wings, between=False)
    assert (wish.name, str(refusal)) == ("wear", "It is broken. Mend it.")
    assert come(wings)[0].name == "play"


def test_a_fault_of_ours_is_a_refusal_for_the_loop_and_a_traceback_for_the_log(wings, caplog):
    wings.ask(Wish("wear", fail))
    assert "ZeroDivisionError" in str(come(wings)[1])
    assert "Traceback" in caplog.text


def test_what_is_late_is_said_once_and_comes_all_the_same():
    gate, wings = threading.Event(), Wings(0.0)
    wings.ask(Wish("control", waiting(gate)))
    assert "What /control asked for is not ready after 0 s" in until(wings.late)
    assert wings.late() is None
    gate.set()
    assert come(wings)[0].name == "control"
    assert wings.late() is None
