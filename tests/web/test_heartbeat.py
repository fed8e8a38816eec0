"""The heartbeat is heard while the piece ticks, falls silent with it, and disturbs nobody when nobody hears it."""

import contextlib
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast

import pytest

from installation.machine.settings import HeartbeatSettings
from installation.web.heartbeat import Heartbeat, word
from tests.support import until
from tests.web.home import PATIENCE, WELL

if TYPE_CHECKING:
    from installation.control.guest import House


class Ward:
    """All that a heartbeat asks of a house."""

    def health(self):
        return WELL


@contextlib.contextmanager
def watch(status=200):
    """Somebody far away who listens: the address, and what was heard there."""
    heard: queue.Queue[dict[str, object]] = queue.Queue()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Nothing: this is a test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/piece", heard
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


@contextlib.contextmanager
def beating(url):
    heartbeat = Heartbeat(HeartbeatSettings(url=url, every=60.0, patience=1.0))
    heartbeat.open(cast("House", Ward()))
    try:
        yield heartbeat
    finally:
        heartbeat.close()


def test_it_says_how_the_piece_is_once_in_a_while_and_no_oftener():
    with watch() as (url, heard), beating(url) as heartbeat:
        for now in (0.0, 1.0, 59.0, 60.0, 61.0):
            heartbeat.look(now)
            if now in {0.0, 60.0}:
                assert heard.get(timeout=PATIENCE) == word(WELL)
        assert heard.empty()


def test_it_says_enough_to_know_whether_somebody_has_to_come():
    said = word(WELL)
    assert (said["state"], said["scene"], said["generation"], said["deaths"]) == ("playing", "still", 7, {"engine": 1})


def test_without_a_tick_it_is_silent():
    with watch() as (url, heard), beating(url), pytest.raises(queue.Empty):
        heard.get(timeout=0.05)


@pytest.mark.parametrize("status", [404, 500])
def test_where_it_is_not_heard_that_is_said_once_until_it_is_heard_again(status, caplog):
    with watch(status) as (url, heard), beating(url) as heartbeat:
        for now in (0.0, 60.0, 120.0):
            heartbeat.look(now)
            heard.get(timeout=PATIENCE)
        until(lambda: heartbeat._words.empty() and caplog.records)
    assert len(caplog.records) == 1
    assert "not heard at" in caplog.text


def test_nobody_there_costs_a_line_and_no_thread(caplog):
    with beating("http://127.0.0.1:9/") as heartbeat:
        heartbeat.look(0.0)
        until(lambda: caplog.records)
        assert heartbeat._thread.is_alive()
    assert not heartbeat._thread.is_alive()


def test_a_heartbeat_that_never_came_in_can_leave():
    Heartbeat(HeartbeatSettings(url="http://127.0.0.1:9/")).close()
