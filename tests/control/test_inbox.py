"""The inbox: the newest number of each knob, every event in its order, bundles whole, and nothing without bound."""

import math
import threading

from hypothesis import given
from hypothesis import strategies as st

from installation.control.inbox import BOUND, PER_TICK, Inbox
from installation.records import Message

KNOBS = ("/a", "/b", "/c")


def number(address, value):
    return Message(address, (value,))


def event(name):
    return Message(name)


def told(messages):
    return [(message.address, *message.arguments) for message in messages]


def test_of_many_numbers_for_a_knob_the_newest_counts():
    inbox = Inbox(KNOBS)
    for value in range(1000):
        inbox.post(number("/a", value))
        inbox.post(number("/b", -value))
    assert told(inbox.take(0.0)) == [("/a", 999), ("/b", -999)]
    assert inbox.take(0.0) == []


def test_events_keep_their_order_among_the_numbers():
    inbox = Inbox(KNOBS)
    for message in (number("/a", 1), event("/go"), number("/a", 2), number("/a", 3), event("/go"), event("/stop")):
        inbox.post(message)
    assert told(inbox.take(0.0)) == [("/a", 1), ("/go",), ("/a", 3), ("/go",), ("/stop",)]


POSTED = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KNOBS), st.integers(0, 3)).map(lambda pair: number(*pair)),
        st.sampled_from(["/go", "/stop"]).map(event),
    ),
    max_size=40,
)


@given(POSTED)
def test_what_is_taken_leads_to_where_everything_in_order_would_lead(posted):
    inbox = Inbox(KNOBS)
    for message in posted:
        inbox.post(message)
    assert _states_at_events(inbox.take(0.0)) == _states_at_events(posted)


def _states_at_events(messages):
    """What every knob stands at when each event is answered, and at the end."""
    state: dict[str, object] = {}
    seen = []
    for message in messages:
        if message.arguments:
            state[message.address] = message.arguments[0]
        else:
            seen.append((message.address, dict(state)))
    return [*seen, ("end", state)]


def test_words_and_numbers_that_are_none_never_hide_a_number():
    inbox = Inbox(KNOBS)
    for value in (0.5, "heat", math.nan, math.inf):
        inbox.post(number("/a", value))
    assert len(inbox.take(0.0)) == 4


def test_what_belongs_together_is_taken_in_one_tick():
    inbox = Inbox(KNOBS)
    for name in range(PER_TICK - 1):
        inbox.post(event(f"/{name}"))
    inbox.post(*[event("/together")] * 900)
    inbox.post(event("/after"))
    assert len(inbox.take(0.0)) == PER_TICK - 1 + 900
    assert told(inbox.take(0.0)) == [("/after",)]


def test_a_tick_takes_no_more_than_it_can_answer():
    inbox = Inbox(KNOBS)
    for name in range(PER_TICK * 2 + 1):
        inbox.post(event(f"/{name}"))
    assert [len(inbox.take(0.0)) for _ in range(3)] == [PER_TICK, PER_TICK, 1]


def test_a_full_inbox_says_so_counts_and_still_takes_the_newest_number():
    inbox = Inbox(KNOBS)
    for _ in range(BOUND - 1):
        assert inbox.post(event("/go"))
    assert inbox.post(number("/a", 1))
    assert not inbox.post(event("/go"), event("/go"))
    assert inbox.post(number("/a", 2))
    assert inbox.dropped == 2
    taken = [message for _ in range(BOUND // PER_TICK + 1) for message in inbox.take(0.0)]
    assert told(taken[-1:]) == [("/a", 2)]
    assert len(taken) == BOUND
    assert inbox.post(event("/go"))


def test_what_is_for_later_waits_for_its_moment_and_comes_whole():
    inbox = Inbox(KNOBS)
    inbox.post(number("/a", 1), event("/go"), due=10.0)
    assert inbox.take(9.99) == []
    assert told(inbox.take(10.0)) == [("/a", 1), ("/go",)]
    assert inbox.take(11.0) == []


@given(st.lists(st.integers(1, 20), max_size=20))
def test_moments_come_in_their_order_and_equal_ones_as_they_were_posted(moments):
    inbox = Inbox(KNOBS)
    for serial, due in enumerate(moments):
        inbox.post(Message("/go", (serial,)), due=float(due))
    taken = [message.arguments[0] for message in inbox.take(20.0)]
    assert taken == sorted(range(len(moments)), key=lambda serial: moments[serial])


def test_no_more_than_ten_thousand_wait_for_their_moment():
    inbox = Inbox(KNOBS)
    for _ in range(BOUND // 10):
        assert inbox.post(*[event("/go")] * 10, due=5.0)
    assert not inbox.post(event("/go"), due=5.0)
    assert inbox.dropped == 1
    assert inbox.post(event("/now"))
    assert len(inbox.take(0.0)) == 1


def test_threads_lose_nothing():
    inbox, taken = Inbox(KNOBS), []
    posting = [threading.Thread(target=lambda: [inbox.post(event("/go")) for _ in range(500)]) for _ in range(4)]
    for thread in posting:
        thread.start()
    while any(thread.is_alive() for thread in posting):
        taken += inbox.take(0.0)
    while more := inbox.take(0.0):
        taken += more
    assert len(taken) == 2000
