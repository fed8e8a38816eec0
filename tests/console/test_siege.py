"""What the console's doors stand: broken frames, people who vanish or do not read, uploads that never end."""

import asyncio
import contextlib
import json
import os
import socket
import struct

import numpy as np
import pytest

from installation.console import origins, picture, talk, viewers
from tests.console.hall import ask, opened, ours, standing
from tests.console.test_picture import show
from tests.console.test_room import asked, png
from tests.support import until
from tests.web.test_server import dialled, ends, goes_on, masked, upgraded

SOCKETS = [b"/console/talk", b"/console/picture"]
BROKEN = {
    "reserved code": masked(0x3, b"reserved"),
    "no UTF-8": masked(0x1, b"\xff\xfe"),
    "four exabytes": masked(0x1, b"", size=2**62),
    "reserved bits": b"\xf1\x80" + bytes(4),
    "long ping": masked(0x9, b"p" * 200),
    "end of nothing": masked(0x0, b"more"),
}


@pytest.fixture
def both(tmp_path):
    with standing(tmp_path) as both:
        yield both


@pytest.fixture
def hall(both):
    return both[0]


def pages(hall):
    """How many pages are open."""
    return len(hall.web.porter._greeted)


def pressed(hall):
    """The next thing that a page wants; that somebody watches is told to the stage besides."""
    while (event := hall.event())[0] == "stage":
        pass
    return event


def is_well(hall):
    """Whether the tick goes on, and a page that comes now is greeted."""

    async def greeted():
        async with opened(hall) as page:
            return (await page.hears("hello"))["role"]

    goes_on(hall)
    return asyncio.run(greeted()) == "player"


# ---------------------------------------------------------------- frames


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN)
def test_a_broken_frame_is_hung_up_on_and_no_other_page_notices(hall, path, frame):
    async def beside():
        async with opened(hall) as page:
            await page.hears("hello")
            with dialled(hall) as raw:
                upgraded(raw, path)
                raw.sendall(frame)
                assert await asyncio.to_thread(ends, raw)
            await page.says("/panic/hold", 1)
            assert await asyncio.to_thread(pressed, hall) == ("/panic/hold", 1)

    asyncio.run(beside())
    until(lambda: pages(hall) == 0)


@pytest.mark.parametrize("path", SOCKETS)
def test_random_bytes_after_the_handshake_end_nothing_but_their_connection(both, path):
    hall, console = both
    for _ in range(20):
        with dialled(hall) as raw:
            upgraded(raw, path)
            raw.sendall(os.urandom(500))
            raw.shutdown(socket.SHUT_WR)
            assert ends(raw)
    until(lambda: pages(hall) == console.feed.viewers == 0)
    assert is_well(hall)


# ---------------------------------------------------------------- gone, or slow


def torn(raw):
    """Go as a machine goes whose plug is pulled, and whose network says so."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def test_whoever_is_torn_away_is_forgotten_by_talk_and_picture(both):
    hall, console = both
    with dialled(hall) as talks, dialled(hall) as watches:
        upgraded(talks, SOCKETS[0])
        upgraded(watches, SOCKETS[1])
        until(lambda: pages(hall) == console.feed.viewers == 1)
        torn(talks)
        torn(watches)
        until(lambda: pages(hall) == console.feed.viewers == 0)
    assert is_well(hall)


def test_whoever_vanishes_without_a_word_is_forgotten_by_talk_and_picture(both, monkeypatch):
    hall, console = both
    monkeypatch.setattr(talk, "ALIVE_EVERY", 0.2)
    monkeypatch.setattr(picture, "PATIENCE", 0.2)
    with dialled(hall) as talks, dialled(hall) as watches:
        upgraded(talks, SOCKETS[0])
        upgraded(watches, SOCKETS[1])
        until(lambda: pages(hall) == console.feed.viewers == 1)
        until(lambda: pages(hall) == console.feed.viewers == 0)


def deaf(hall, path):
    """A connection whose owner reads nothing any more, and has little room for what it does not read."""
    raw = socket.create_connection(("127.0.0.1", hall.web.port), 10.0)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    upgraded(raw, path)
    return raw


def test_a_page_that_does_not_read_keeps_nobody_waiting_and_is_hung_up_on(hall, monkeypatch):
    monkeypatch.setattr(viewers, "PATIENCE", 0.3)
    with deaf(hall, SOCKETS[0]) as raw:
        raw.sendall(masked(0x1, b'["/panic/hold", 1]'))
        assert pressed(hall) == ("/panic/hold", 1)
        (viewer,) = hall.web.porter._routes.values()
        while pages(hall):
            hall.web._soon(viewer.tell, "piece", "much " * 2**16)
            assert len(viewer._pending) <= 8
            goes_on(hall)
    assert is_well(hall)


def test_a_viewer_that_does_not_read_is_hung_up_on(both, monkeypatch):
    hall, console = both
    monkeypatch.setattr(picture, "PATIENCE", 0.3)
    noise = np.random.default_rng(1).integers(0, 255, (540, 960, 3), np.uint8)
    with deaf(hall, SOCKETS[1]) as raw:
        until(lambda: console.feed.viewers)
        while console.feed.viewers:
            show(console, noise)
            with contextlib.suppress(OSError):
                raw.sendall(masked(0x1, b"960"))
            goes_on(hall)
    assert is_well(hall)


def test_beyond_so_many_pages_the_next_is_told_to_wait_and_room_comes_back(hall, monkeypatch):
    monkeypatch.setattr(talk, "MOST_VIEWERS", 2)

    async def crowd():
        async with opened(hall), opened(hall):
            headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
            return await ask(hall, "/talk", headers=headers)

    status, _, body = asyncio.run(crowd())
    assert (status, b"Try again" in body) == (429, True)
    until(lambda: pages(hall) == 0)
    assert is_well(hall)


# ---------------------------------------------------------------- uploads


def upload(hall, length, data=b""):
    """A raw connection that has said how long its picture is, and has sent some of it."""
    raw = socket.create_connection(("127.0.0.1", hall.web.port), 10.0)
    own = ours(hall)["Origin"].removeprefix("http://").encode()
    head = b"POST /console/origin HTTP/1.1\r\nHost: %b\r\nOrigin: http://%b\r\nContent-Length: %d\r\n\r\n"
    raw.sendall(head % (own, own, length) + data)
    return raw


def takes(hall):
    """Whether a picture that is brought now becomes the origin."""
    status, _, body = asked(hall, "/origin", "POST", data=png(), headers=ours(hall))
    return status == 200 and pressed(hall) == ("/origin", json.loads(body)["name"])


def test_an_upload_that_stops_halfway_is_refused_in_time_and_the_next_is_taken(hall, monkeypatch):
    monkeypatch.setattr(origins, "PATIENCE", 0.3)
    with upload(hall, 1000, b"\x89PNG") as raw:
        assert b"did not arrive" in raw.recv(4096)
    assert takes(hall)


def test_whoever_is_torn_away_in_the_middle_of_an_upload_leaves_room_for_the_next(hall):
    with upload(hall, 10**6, b"\0" * 10**5) as raw:
        torn(raw)
    assert takes(hall)


def test_an_upload_that_says_it_is_endless_is_cut_off_at_what_is_taken(hall, monkeypatch):
    monkeypatch.setattr(origins, "MOST_BYTES", 10**5)
    with upload(hall, 10**15, b"\0" * (10**5 + 1)) as raw:
        assert b"Make the picture smaller" in raw.recv(4096)
    assert takes(hall)
