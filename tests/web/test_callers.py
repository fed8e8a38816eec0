"""A listener is never more than one value behind, and what waits for it is bounded."""

import asyncio
import json
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from installation.control.packets import bundles, decode, encode
from installation.web.callers import MOST_ANSWERS, Caller, Listener

if TYPE_CHECKING:
    from aiohttp.web import WebSocketResponse


class Ear:
    """The other end of a WebSocket."""

    def __init__(self):
        self.heard = []

    async def send_bytes(self, data):
        self.heard.append(decode(data))

    async def send_str(self, text):
        self.heard.append(json.loads(text))


def heard(*told):
    """What a listener gets that takes it all only now: packets are said, records told."""

    listener, ear = Listener(Caller("10.0.0.1", 5000)), Ear()
    for each in told:
        listener.say(each) if isinstance(each, bytes) else listener.tell(each)
    asyncio.run(listener._send(cast("WebSocketResponse", ear)))
    return ear.heard


@given(st.lists(st.tuples(st.sampled_from(["/a", "/b", "/c"]), st.integers(0, 9)), max_size=50))
def test_of_each_address_the_newest_value_arrives_and_only_that(values):
    said = [encode(address, (value,)) for address, value in values]
    assert dict(heard(*said)) == {address: (value,) for address, value in values}
    assert len(heard(*said)) == len(dict(values))


def test_a_bundle_arrives_message_by_message():
    (packet,) = bundles([encode("/a", (1,)), encode("/b", (2,))])
    assert heard(packet) == [("/a", (1,)), ("/b", (2,))]


def test_answers_keep_their_order_and_come_before_values():
    answers = [encode("/reply/sys/ping", (f"[{number}]",)) for number in range(3)]
    assert heard(encode("/a", (1,)), *answers, encode("/error", ("/b", "no"))) == [
        *[("/reply/sys/ping", (f"[{number}]",)) for number in range(3)],
        ("/error", ("/b", "no")),
        ("/a", (1,)),
    ]


def test_so_many_answers_wait_and_no_more():
    listener, answer = Listener(Caller("10.0.0.1", 5000)), encode("/reply/sys/ping", ("[]",))
    assert [listener.say(answer) for _ in range(MOST_ANSWERS + 1)] == [True] * MOST_ANSWERS + [False]


def test_the_same_text_waits_once_at_its_newest_place():
    came, went = {"COMMAND": "PATH_ADDED", "DATA": "/cue"}, {"COMMAND": "PATH_REMOVED", "DATA": "/cue"}
    assert heard(came, went, came) == [went, came]


def test_a_caller_is_answered_by_http_alone():
    caller = Caller("10.0.0.1", 5000)
    assert (caller.source, caller.say(b"/a"), caller.to(1)) == ("http 10.0.0.1:5000", False, caller)
