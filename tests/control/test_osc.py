"""The OSC door, over real sockets: whatever comes in, it answers the next honest message."""

import contextlib
import logging
import queue
import shutil
import socket
import struct
import subprocess
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.control import osc
from installation.control.directory import Directory
from installation.control.inbox import Inbox
from installation.control.osc import OscDoor, OscError, argument, send
from installation.control.packets import PacketError, unwrap
from installation.machine.settings import OscSettings
from installation.records import Message
from tests.control.test_packets import ZOO, bundle, message
from tests.support import until

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds a message may take on a machine that is busy with other things


class Anything(Directory):
    """A directory in which something listens at every address and takes everything."""

    def __init__(self):
        super().__init__({}, {})

    def require(self, address, arguments):
        pass


def open_door(post, host=HOST, port=0, **settings):
    return OscDoor(OscSettings(host=host, port=port, **settings), Anything(), post)


class Listener:
    """A door and the inbox behind it."""

    def __init__(self):
        self.inbox: queue.Queue[Message] = queue.Queue(1000)
        self.door = open_door(self._post)
        self._peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def _post(self, *messages, due=0.0):  # noqa: ARG002 - whatever it is for, it is heard at once
        with contextlib.suppress(queue.Full):
            for heard in messages:
                self.inbox.put_nowait(heard)
        return True

    def throw(self, packet):
        self._peer.sendto(packet, (HOST, self.door.port))

    def heard(self):
        return self.inbox.get(timeout=PATIENCE)

    def answers(self):
        """A marked message comes through; whatever was sent before it has then been dealt with."""
        self.throw(message("/are/you/there"))
        while self.heard().address != "/are/you/there":
            pass
        return True

    def hears(self, address):
        """Whether a message comes through now; what is before it in the inbox is thrown away."""
        self.throw(message(address))
        waiting = [self.inbox.get_nowait() for _ in range(self.inbox.qsize())]
        return any(heard.address == address for heard in waiting)

    def close(self):
        self.door.close()
        self._peer.close()


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.close()


def test_a_message_arrives_with_its_sender_and_its_moment(listener):
    listener.throw(message("/burn/temperature", (0.5, "f")))
    heard = listener.heard()
    assert (heard.address, heard.arguments) == ("/burn/temperature", (0.5,))
    assert heard.source.startswith("osc 127.0.0.1:")
    listener.throw(message("/burn/temperature", (0.5, "f")))
    assert listener.heard().stamp_ns > heard.stamp_ns > 0


@pytest.mark.parametrize("packet", ZOO.values(), ids=ZOO)
def test_a_beast_of_the_zoo_is_counted_and_the_door_answers(listener, packet):
    listener.throw(packet)
    assert listener.answers()
    assert sum(listener.door.tally.refused.values()) == 1
    assert listener.door.tally.last_refusal.endswith(".")


def test_a_bundle_with_one_bad_message_delivers_the_others(listener):
    listener.throw(bundle(message("/a"), message("/b*"), message("/c")))
    assert [listener.heard().address, listener.heard().address] == ["/a", "/c"]
    assert listener.door.tally.refused == {"pattern": 1}


def test_a_bundle_that_is_broken_at_its_end_delivers_nothing(listener):
    listener.throw(bundle(message("/a")) + struct.pack(">i", 4000))
    assert listener.answers()
    assert listener.door.tally.received == 1


def test_a_bundle_for_the_far_future_is_refused_whole(listener):
    listener.throw(bundle(message("/a"), message("/b"), tag=2**64 - 1))
    assert listener.answers()
    assert listener.door.tally.refused == {"too far ahead": 1}


def test_a_flood_is_counted_and_the_door_answers_after_it(listener):
    packet = message("/burn/temperature", (0.5, "f"))
    for _ in range(20_000):
        listener.throw(packet)
    until(lambda: listener.hears("/after/the/flood"))
    assert listener.door.tally.refused == {}


def test_one_cause_is_said_once_a_minute(listener, caplog):
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            listener.throw(message("/burn/*"))
        listener.throw(b"/a\0")
        listener.answers()
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "/burn/*",
        "A packet of 3 bytes is no OSC; sizes are multiples of 4, and not 0. 1 for this cause (size) so far.",
    ]
    assert listener.door.tally.refused == {"pattern": 50, "size": 1}


def test_a_busy_port_is_refused_with_what_to_do(listener):
    with pytest.raises(OscError, match=rf"port {listener.door.port} .*--osc-port"):
        open_door(Inbox(()).post, port=listener.door.port)


def test_an_address_that_is_not_ours_is_refused_with_what_to_do():
    with pytest.raises(OscError, match=r"192\.0\.2\.1"):
        open_door(Inbox(()).post, host="192.0.2.1")
    with pytest.raises(OscError, match=r"Set osc\.host"):
        open_door(Inbox(()).post, host="no such host.invalid")


def test_closing_ends_the_thread_and_frees_the_port():
    listener = Listener()
    listener.close()
    assert not [thread for thread in threading.enumerate() if thread.name in {"osc", "osc porter"}]
    open_door(Inbox(()).post, port=listener.door.port).close()


def test_a_recall_of_five_hundred_knobs_arrives_whole_and_in_order(listener):
    for _ in range(3):
        listener.throw(bundle(*[message(f"/knob/{n}", (0.5, "f")) for n in range(500)]))
        assert [listener.heard().address for _ in range(500)] == [f"/knob/{n}" for n in range(500)]


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=120), max_size=10))
def test_any_bytes_leave_the_thread_alive(listener, packets):
    for packet in packets:
        listener.throw(packet)
    assert listener.answers()


def test_what_send_sends_the_door_hears(listener):
    send(HOST, listener.door.port, "/a", ["3", "0.5", "true", "false", "hearth", "-1", str(2**40), "1e300"])
    assert listener.heard().arguments == (3, 0.5, True, False, "hearth", -1, 2**40, 1e300)


@given(st.text())
def test_every_word_has_a_value(word):
    assert isinstance(argument(word), bool | int | float | str)


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e999", "True", "", "0x10"])
def test_words_that_only_resemble_numbers_are_texts(word):
    assert argument(word) == word


@pytest.mark.parametrize(
    ("address", "words"),
    [("burn", []), ("", []), ("/burn/{a", []), ("/a", [str(2**70)]), ("/a", ["x" * 5000]), ("/a", ["1"] * 100)],
)
def test_what_no_door_would_take_is_not_sent(address, words):
    with pytest.raises(OscError, match="cannot be sent"):
        send(HOST, 9, address, words)


def test_a_host_that_does_not_exist_is_named():
    with pytest.raises(OscError, match=r"nowhere\.invalid"):
        send("nowhere.invalid", 9000, "/a", [])


@pytest.mark.skipif(not shutil.which("oscsend"), reason="oscsend is missing; it comes with liblo-tools")
def test_oscsend_plays(listener):
    to = [HOST, str(listener.door.port)]
    subprocess.run(["oscsend", *to, "/burn/temperature", "f", "0.25"], check=True, timeout=PATIENCE)
    subprocess.run(["oscsend", *to, "/panic/black", "T"], check=True, timeout=PATIENCE)
    subprocess.run(["oscsend", *to, "/scene/load", "s", "hearth"], check=True, timeout=PATIENCE)
    heard = [listener.heard() for _ in range(3)]
    assert [(one.address, one.arguments) for one in heard] == [
        ("/burn/temperature", (0.25,)),
        ("/panic/black", (True,)),
        ("/scene/load", ("hearth",)),
    ]


def test_the_largest_datagram_is_read_whole():
    assert osc.LARGEST_PACKET > 65_507
    with pytest.raises(PacketError):
        list(unwrap(b"\0" * 65_508))
