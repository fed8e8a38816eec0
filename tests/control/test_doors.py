"""All doors and a tick behind them, over real sockets: what performers see of the piece."""

import contextlib
import json
import logging
import queue
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

from installation.control.doors import Doors
from installation.control.packets import bundles, decode, encode, unwrap
from installation.control.sockets import BUFFER_BYTES, listen
from installation.control.store import Store
from installation.control.streams import Deframer, frame
from installation.machine.settings import OscSettings
from installation.records import Message
from tests.control.test_packets import ZOO, message
from tests.control.test_porter import KNOBS, TEMPERATURE
from tests.support import until

HOST = "127.0.0.1"
PATIENCE = 10.0
TICK = 0.005


class House:
    """Doors, a store, and a thread that ticks as the conductor does."""

    def __init__(self, **settings):
        self.doors = Doors(OscSettings(port=0, **settings), KNOBS)
        self.store = Store(KNOBS, 120.0)
        self.events: queue.Queue[tuple[object, ...]] = queue.Queue()
        self.frames: list[list[Message]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="tick")
        self.doors.open(time.monotonic())
        self._thread.start()

    @property
    def port(self):
        return self.doors.port

    def event(self):
        return self.events.get(timeout=PATIENCE)

    def stands(self, address):
        return self.store.current(address, time.monotonic(), 0)

    def close(self):
        self._closing.set()
        self._thread.join(PATIENCE)
        self.doors.close()

    def _tick(self):
        while not self._closing.wait(TICK):
            now = time.monotonic()
            if heard := list(self.doors.heard(now)):
                self.frames.append(heard)
            for each in heard:
                self._hear(each, now)
            self.doors.tell(self.store.news(self.store.tick(now, 0), now))
            self.doors.mind(now)

    def _hear(self, each, now):
        if each.address not in KNOBS:
            self.events.put((each.address, *each.arguments))
        elif each.arguments == ("?",):
            self.doors.answer(each, self.store.current(each.address, now, 0))
        else:
            self.store.hold(each.address, each.arguments[0], now)
            self.doors.touched(each, now)


class Phone:
    """Somebody who plays over UDP."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.connect((HOST, port))
        self.socket.settimeout(PATIENCE)
        self._heard: list[tuple[str, tuple[object, ...]]] = []

    def send(self, packet):
        self.socket.send(packet)

    def say(self, address, *arguments):
        self.send(encode(address, arguments))

    def hears(self):
        """The next message."""
        while not self._heard:
            self._heard += [decode(part.data) for part in unwrap(self._receive())]
        return self._heard.pop(0)

    def replied(self):
        """The next message, a reply: its data."""
        address, (text,) = self.hears()
        assert address.startswith("/reply/"), (address, text)
        return json.loads(text)["data"]

    def ping(self):
        """Everything said before was dealt with, and everything heard before that is returned."""
        self.say("/sys/ping", 8)
        heard = []
        while (message := self.hears())[0] != "/reply/sys/ping":
            heard.append(message)
        return heard

    def close(self):
        self.socket.close()

    def _receive(self):
        return self.socket.recv(65536)


class Desk(Phone):
    """Somebody who plays over TCP."""

    def __init__(self, port, framing="length"):
        self.socket = socket.create_connection((HOST, port), PATIENCE)
        self.framing = framing
        self._deframer = Deframer()
        self._packets: list[bytes] = []
        self._heard = []

    def send(self, packet):
        self.socket.sendall(frame(packet, self.framing))

    def _receive(self):
        while not self._packets:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionResetError("hung up")
            self._packets += self._deframer.feed(data)
        return self._packets.pop(0)


@pytest.fixture
def house():
    house = House()
    yield house
    house.close()


@contextlib.contextmanager
def calling(kind, house, *arguments):
    peer = kind(house.port, *arguments)
    try:
        yield peer
    finally:
        peer.close()


WAYS = [(Phone,), (Desk, "length"), (Desk, "slip")]


@pytest.mark.parametrize("way", WAYS, ids=["UDP", "TCP with lengths", "TCP with SLIP"])
def test_a_performer_turns_asks_and_is_answered_by_every_way(house, way):
    with calling(way[0], house, *way[1:]) as peer:
        peer.say("/burn/medium", "heat")
        peer.say("/burn/medium")
        assert peer.replied()["value"] == "heat"
        peer.say("/burn/madium", "heat")
        assert peer.hears() == (
            "/error",
            ("/burn/madium", "Nothing listens at /burn/madium. Did you mean /burn/medium?"),
        )
        peer.say("/panic/origin")
        assert house.event() == ("/panic/origin",)


def test_a_stream_that_trickles_in_byte_by_byte_is_understood(house):
    with calling(Desk, house) as peer:
        for byte in frame(encode("/panic/origin", ()), "length"):
            peer.socket.sendall(bytes([byte]))
        assert house.event() == ("/panic/origin",)


def test_a_bundle_reaches_the_store_in_one_tick_however_much_there_is_before_it(house):
    with calling(Desk, house) as peer:
        for _ in range(700):
            peer.say("/record/stop")
        peer.send(
            next(bundles([message("/panic/origin")] + [message("/record/start")] * 14 + [message("/panic/release")]))
        )
        while house.event()[0] != "/panic/release":
            pass
    (together,) = [frame for frame in house.frames if any(each.address == "/panic/origin" for each in frame)]
    assert [each.address for each in together][-16:] == ["/panic/origin", *["/record/start"] * 14, "/panic/release"]


def test_a_bundle_for_later_comes_later_and_holds_nobody_up(house):
    later = b"#bundle\0" + struct.pack(">Q", int((time.time() + 0.3 + 2_208_988_800) * 2**32))
    element = message("/record/start")
    with calling(Phone, house) as peer:
        peer.send(later + struct.pack(">i", len(element)) + element)
        peer.say("/record/stop")
        assert [house.event(), house.event()] == [("/record/stop",), ("/record/start",)]


def test_faders_follow_each_other_and_none_hears_itself(house):
    with calling(Phone, house) as anna, calling(Desk, house) as bert:
        for peer in (anna, bert):
            peer.say("/sys/subscribe", "/burn/medium")
            assert peer.replied()["pattern"] == "/burn/medium"
            assert peer.hears() == ("/burn/medium", ("gaussian",))
        anna.say("/burn/medium", "heat")
        assert bert.hears() == ("/burn/medium", ("heat",))
        bert.say("/burn/medium", "gaussian")
        assert anna.hears() == ("/burn/medium", ("gaussian",))
        assert anna.ping() == bert.ping() == []


def test_a_door_that_opens_late_knows_what_has_not_moved_since(house):
    until(lambda: TEMPERATURE in house.doors._stands)
    ended = house.doors._osc
    ended.close()
    until(lambda: house.port and house.doors._osc is not ended)
    with calling(Phone, house) as anna:
        anna.say("/sys/subscribe", "/burn/medium")
        anna.replied()
        assert anna.hears() == ("/burn/medium", ("gaussian",))


def test_a_value_out_of_range_comes_back_as_what_it_became(house):
    with calling(Phone, house) as anna:
        anna.say("/sys/subscribe", TEMPERATURE)
        anna.replied()
        anna.hears()
        anna.say(TEMPERATURE, 5.0)
        assert anna.hears() == (TEMPERATURE, (1.0,))


def test_readings_can_be_heard_and_asked(house):
    with calling(Phone, house) as anna:
        anna.say("/sys/subscribe", "/reading//")
        anna.replied()
        house.doors.read_out([("/reading/entropy", 7.25), ("/reading/entropy/state", "measured")])
        assert [anna.hears(), anna.hears()] == [
            ("/reading/entropy", (7.25,)),
            ("/reading/entropy/state", ("measured",)),
        ]
        anna.say("/reading/entropy", "?")
        assert anna.replied() == {"value": 7.25}


def test_the_values_may_go_to_another_port_of_the_same_machine(house):
    with calling(Phone, house) as hand, calling(Phone, house) as ear:
        hand.say("/sys/subscribe", "/burn/medium", ear.socket.getsockname()[1])
        assert hand.replied()["lease"] == 60.0
        assert ear.hears() == ("/burn/medium", ("gaussian",))


def test_a_subscriber_that_does_not_read_costs_bounded_memory_and_nobody_else_anything(house):
    with calling(Desk, house) as deaf, calling(Phone, house) as anna:
        for _ in range(3000):
            deaf.say("/burn/medium")
        anna.say("/panic/origin")
        assert house.event() == ("/panic/origin",)
        connection = next(iter(house.doors._osc._reader.connections.values()))
        assert len(connection._unsent) <= 256 * 1024 + 200


def test_a_desk_that_hangs_up_is_forgotten(house):
    with calling(Desk, house) as desk:
        desk.say("/sys/subscribe")
        desk.replied()
        until(lambda: house.doors.tally.subscribers == 1)
    until(lambda: (house.doors.tally.subscribers, house.doors.tally.connections) == (0, 0))


def test_what_is_no_osc_is_hung_up_on_and_counted(house):
    with calling(Desk, house) as browser:
        browser.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert browser.socket.recv(100) == b""
    until(lambda: house.doors.tally.refused == {"stream": 1})


def test_one_machine_has_so_many_connections_and_no_more(house):
    with contextlib.ExitStack() as stack:
        desks = [stack.enter_context(calling(Desk, house)) for _ in range(9)]
        for desk in desks[:8]:
            assert desk.ping() == []
        with pytest.raises(ConnectionError):
            desks[8].ping()


def test_a_passcode_is_asked_for_over_tcp():
    house = House(passcode="ember")
    try:
        with calling(Desk, house) as desk:
            desk.say("/panic/origin")
            assert "/sys/hello" in desk.hears()[1][1]
            desk.say("/sys/hello", "ember")
            desk.replied()
            desk.say("/panic/origin")
            assert house.event() == ("/panic/origin",)
    finally:
        house.close()


@pytest.mark.parametrize(
    "packet", [packet for packet in ZOO.values() if packet], ids=[name for name in ZOO if name != "empty"]
)
def test_a_beast_of_the_zoo_over_tcp_leaves_the_connection_open(house, packet):
    with calling(Desk, house) as desk:
        desk.send(packet)
        assert [address for address, _ in desk.ping()] in ([], ["/error"])
    assert sum(house.doors.tally.refused.values()) == 1


def test_twenty_thousand_values_and_commands_over_tcp_lose_no_command_and_keep_the_last_value(house):
    with calling(Desk, house) as desk:
        packet = b"".join(frame(encode(TEMPERATURE, (number / 10_000,)), "length") for number in range(1000))
        press = frame(encode("/record/stop", ()), "length")
        for _ in range(10):
            desk.socket.sendall(packet + press * 10)
        for _ in range(100):
            assert house.event() == ("/record/stop",)
        desk.ping()
    assert house.doors.tally.dropped == 0
    until(lambda: house.stands(TEMPERATURE) == pytest.approx(0.0999))


def test_a_busy_port_is_said_once_and_tried_again(caplog):
    with contextlib.closing(listen(HOST, 0)) as taken:
        doors = Doors(OscSettings(port=taken.port), KNOBS)
        with caplog.at_level(logging.ERROR):
            for now in (0.0, 10.0, 20.0):
                doors.mind(now) if now else doors.open(now)
        assert doors.port is None
        assert len(caplog.records) == 1
    doors.mind(25.0)
    assert doors.port is None
    doors.mind(30.0)
    assert doors.port is not None
    doors.close()


def test_a_door_whose_thread_died_is_opened_again(house, caplog):
    first = house.doors._osc
    with caplog.at_level(logging.ERROR):
        first._reader._closing.set()
        until(lambda: house.doors._osc not in {first, None})
    assert "opened again" in caplog.text
    with calling(Phone, house) as peer:
        assert peer.ping() == []


def test_without_a_door_the_inbox_still_works():
    doors = Doors(OscSettings(), KNOBS)
    doors.post(Message("/panic/origin"))
    assert [each.address for each in doors.heard(0.0)] == ["/panic/origin"]
    doors.tell({TEMPERATURE: 0.5})
    doors.read_out([("/reading/entropy", 7.25)])
    doors.object(Message("/x"), "No.")
    assert doors.refused == 0


# ---------------------------------------------------------------- the sockets


def test_the_kernel_is_asked_for_four_mebibytes_and_what_it_grants_is_told():
    with contextlib.closing(listen(HOST, 0)) as sockets:
        assert 0 < sockets.buffer_bytes <= BUFFER_BYTES
        assert sockets.streams.getsockname()[1] == sockets.port


def test_what_the_kernel_drops_is_counted():
    with contextlib.closing(listen(HOST, 0)) as sockets, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        sockets.datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(1000):
            peer.sendto(bytes(1000), (HOST, sockets.port))
        if sockets.lost():
            assert 900 < sockets.lost() < 1000


def test_a_port_of_which_only_half_is_free_is_busy():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind((HOST, 0))
        taken.listen()
        doors = Doors(OscSettings(port=taken.getsockname()[1]), KNOBS)
        doors.open(0.0)
        assert doors.port is None


# ---------------------------------------------------------------- real peers


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is missing; it comes with liblo-tools")


@needs("oscsend")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_oscsend_plays_all_it_can_say(house, transport):
    to = f"osc.{transport}://{HOST}:{house.port}"
    for words in (["/scene/load", "S", "hearth"], ["/panic/black", "I"], ["/prompt", "s", "an ember"]):
        subprocess.run(["oscsend", to, *words], check=True, timeout=PATIENCE)
    assert [house.event() for _ in range(3)] == [
        ("/scene/load", "hearth"),
        ("/panic/black", True),
        ("/prompt", "an ember"),
    ]
    subprocess.run(["oscsend", to, "//temperature", "f", "0.75"], check=True, timeout=PATIENCE)
    until(lambda: house.stands(TEMPERATURE) == house.stands("/burn/heat/temperature") == 0.75)


@needs("oscdump")
def test_oscdump_hears_what_it_was_subscribed_to(house):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(dump.stdout or ()), daemon=True)
    reader.start()
    try:
        with calling(Phone, house) as hand, calling(Phone, house) as other:
            hand.say("/sys/subscribe", "//", port)

            def turned():
                other.say("/burn/medium", "heat")
                other.say("/burn/medium", "gaussian")
                return any('/burn/medium s "' in line for line in list(lines))

            until(turned, 20.0)
    finally:
        dump.kill()
        dump.wait(PATIENCE)
        reader.join(PATIENCE)
        if dump.stdout:
            dump.stdout.close()
