"""The server stands what a network may throw at it: it is bounded, it hangs up, and the tick goes on."""

import asyncio
import contextlib
import os
import select
import socket
import struct
import threading
import weakref

import pytest
from aiohttp import web

from installation.control.packets import encode
from installation.web import callers, server
from installation.web.server import MOST_CONNECTIONS, MOST_OF_ONE, Doorman, Server, WebError, listen
from tests.control.test_doors import Phone, calling
from tests.support import until
from tests.web.home import HOST, MEDIUM, PATIENCE, connected, get, living


@pytest.fixture
def home(tmp_path):
    with living(tmp_path) as home:
        yield home


@contextlib.contextmanager
def dialled(home, first=b""):
    with socket.create_connection((HOST, home.web.port), PATIENCE) as raw:
        raw.sendall(first)
        yield raw


def upgraded(raw, path=b"/"):
    """Make a raw connection a WebSocket, by hand."""
    raw.sendall(
        b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += raw.recv(4096)
    assert heard.startswith(b"HTTP/1.1 101")


def masked(code, payload, size=None):
    """A client's frame; ``size`` may lie."""
    size = len(payload) if size is None else size
    length = bytes([0x80 | size]) if size < 126 else b"\xff" + struct.pack(">Q", size)
    return bytes([0x80 | code]) + length + bytes(4) + payload


def ends(raw):
    """Whether the other side hangs up, after whatever it still says."""
    with contextlib.suppress(ConnectionError):
        while raw.recv(65536):
            pass
    return True


def goes_on(home):
    """Wait for the next tick."""
    ticks = home.ticks
    until(lambda: home.ticks > ticks)


def is_well(home):
    goes_on(home)
    return asyncio.run(get(home, f"{MEDIUM}?TYPE"))[0] == 200


# ---------------------------------------------------------------- bytes of all kinds


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(500)) + b"\r\n",
        encode("/panic/black", (True,)) + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
    ],
    ids=["zeros", "no path", "no version", "less than nothing", "long header", "many headers", "OSC", "TLS"],
)
def test_what_is_no_http_is_answered_with_400_and_hung_up_on(home, nonsense):
    with dialled(home, nonsense) as raw:
        assert b" 400 " in raw.recv(4096)[:20]
        assert ends(raw)
    assert is_well(home)


def test_what_is_no_http_is_counted_and_said_in_one_line_a_minute(home, caplog):
    for _ in range(5):
        with dialled(home, b"GET\r\n\r\n") as raw:
            assert ends(raw)
    assert home.web.refused == 5
    (line,) = (record for record in caplog.records if record.levelname == "WARNING")
    assert line.getMessage() == "Error handling request from 127.0.0.1: no HTTP. 1 so far."
    assert line.exc_info is None


def test_a_fault_of_our_own_keeps_its_traceback_and_the_server_goes_on(tmp_path, caplog):
    def faulty(app, _):
        async def fail(_):
            raise ZeroDivisionError

        app.router.add_get("/fault", fail)

    with living(tmp_path, faulty) as home:
        assert asyncio.run(get(home, "/fault"))[0] == 500
        assert is_well(home)
    (line,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert line.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(
    "frame",
    [
        masked(0x3, b"reserved"),
        masked(0x1, b"\xff\xfe"),
        masked(0x2, b"", size=2**62),
        b"\xf2\x80" + bytes(4),
        masked(0x9, b"p" * 200),
    ],
    ids=["reserved code", "no UTF-8", "four exabytes", "reserved bits", "long ping"],
)
def test_a_malformed_frame_is_hung_up_on_and_nobody_else_notices(home, frame):
    async def beside():
        async with connected(home) as anna:
            with dialled(home) as raw:
                upgraded(raw)
                raw.sendall(frame)
                assert await asyncio.to_thread(ends, raw)
            assert await anna.ping() == []

    asyncio.run(beside())
    until(lambda: home.web._query.listeners == {})
    assert is_well(home)


def test_a_packet_larger_than_osc_allows_is_hung_up_on_and_counted(home):
    async def send():
        async with connected(home) as anna:
            await anna.socket.send_bytes(bytes(2**20))
            assert await anna.hears() == "CLOSE"

    asyncio.run(send())
    until(lambda: home.web.porter.refused.get("stream") == 1)


def test_random_bytes_after_the_handshake_never_end_the_server(home):
    for _ in range(50):
        with dialled(home) as raw:
            upgraded(raw)
            raw.sendall(os.urandom(500))
            raw.shutdown(socket.SHUT_WR)
            assert ends(raw)
    assert is_well(home)


# ---------------------------------------------------------------- many, slow, vanished


def test_more_connections_than_there_is_room_for_are_hung_up_on_and_room_comes_back(home):
    with contextlib.ExitStack() as stack:
        dials = [stack.enter_context(dialled(home)) for _ in range(MOST_CONNECTIONS + 150)]
        until(lambda: hung_up(dials) == 150)
        with calling(Phone, home.doors) as phone:
            phone.say("/panic/origin")
            assert home.event() == ("/panic/origin",)
    until(lambda: is_well(home))


def hung_up(dials):
    """How many of these connections the other side has ended."""
    ended = select.poll()
    for each in dials:
        ended.register(each, select.POLLIN)
    return len(ended.poll(0))


class Transport(asyncio.Transport):
    """A connection from somewhere."""

    def __init__(self, host):
        super().__init__({"peername": (host, 5000)})
        self.is_aborted = False

    def abort(self):
        self.is_aborted = True

    def set_protocol(self, protocol):
        self.protocol = protocol


class Handler:
    def __init__(self):
        self.peername = None

    def connection_made(self, transport):
        self.peername = transport.get_extra_info("peername")


class Handlers(list[Handler]):
    """What makes the protocols of a server, and knows those that are at it."""

    def __call__(self):
        self.append(Handler())
        return self[-1]

    @property
    def connections(self):
        return list(self)


def admitted(handlers, host, count):
    transports = [Transport(host) for _ in range(count)]
    for each in transports:
        Doorman(handlers, weakref.WeakSet()).connection_made(each)
    return sum(not each.is_aborted for each in transports)


def test_one_machine_has_its_share_of_connections_and_this_one_may_have_them_all():
    handlers = Handlers()
    assert admitted(handlers, "10.0.0.1", 100) == MOST_OF_ONE
    assert admitted(handlers, "10.0.0.2", 100) == MOST_OF_ONE
    assert admitted(handlers, "127.0.0.1", 1000) == MOST_CONNECTIONS - 2 * MOST_OF_ONE


def test_whoever_says_nothing_is_hung_up_on(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.2)
    with living(tmp_path) as home, dialled(home) as silent, dialled(home, b"GET / HTTP/1.1\r\nHost:") as slow:
        assert ends(silent)
        assert ends(slow)


def test_a_listener_that_does_not_read_is_late_by_one_value_and_hung_up_on_in_the_end(home, monkeypatch):
    monkeypatch.setattr(callers, "PATIENCE", 0.3)
    with dialled(home) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        upgraded(deaf)
        deaf.sendall(masked(0x2, encode("/sys/subscribe", ())))
        until(lambda: home.web._query.listeners)
        (listener,) = home.web._query.listeners.values()
        number = 0
        while home.web._query.listeners:
            number += 1
            home.doors.read_out([(f"/reading/{each:0200}", float(number)) for each in range(1000)])
            assert len(listener._values) <= len(home.knobs) + 1000
            goes_on(home)
    assert is_well(home)


def test_a_listener_that_vanishes_without_a_word_is_forgotten(tmp_path, monkeypatch):
    from installation.web import query

    monkeypatch.setattr(query, "ALIVE_EVERY", 0.2)
    with living(tmp_path) as home, dialled(home) as gone:
        upgraded(gone)
        until(lambda: home.web._query.listeners)
        until(lambda: not home.web._query.listeners)


# ---------------------------------------------------------------- its own life


def test_a_busy_port_is_said_with_what_to_do(home):
    with pytest.raises(WebError, match="--web-port"):
        listen(HOST, home.web.port)


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "\udcff"])
def test_a_host_that_is_not_ours_is_said(host):
    with pytest.raises(WebError, match="The web cannot be at"):
        listen(host, 0)


def test_it_closes_with_everybody_connected_and_leaves_no_thread(tmp_path):
    with living(tmp_path) as home, dialled(home) as raw:
        upgraded(raw)
        until(lambda: home.web._query.listeners)
        home.close()
        assert ends(raw)
        assert not [thread for thread in threading.enumerate() if thread.name == "web"]


def test_it_hangs_up_on_whoever_has_not_read_everything(tmp_path):
    lines = []

    async def stream(request):
        lines.append(request.transport)
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(bytes(2**16))

    def room(app, _):
        app.router.add_get("/endless", stream)

    with living(tmp_path, room) as home, dialled(home, b"GET /endless HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
        until(lambda: lines and lines[0].get_write_buffer_size())
        home.close()
        assert lines[0].get_extra_info("socket").fileno() == -1


def test_what_is_left_for_a_server_that_has_closed_is_lost_without_a_word():
    left = Server(listen(HOST, 0), lambda _: None)
    left.close()
    left.soon(pytest.fail, "done after the end")
    assert not left.is_alive
