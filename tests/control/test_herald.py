"""The herald, over real sockets: what it is told arrives, and nobody waits for anybody."""

import logging
import shutil
import socket
import subprocess
import threading

import pytest

from installation.control.herald import PER_PACKET, Herald, Listener, packets
from installation.control.packets import decode, unwrap
from tests.support import until

HOST = "127.0.0.1"
ETHERNET = 1472  # bytes of UDP that fit into one frame


class Ear:
    """Somebody who listens."""

    def __init__(self, family=socket.AF_INET, host=HOST):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(10.0)
        self.port = self.socket.getsockname()[1]

    def hears(self):
        return [decode(part.data) for part in unwrap(self.socket.recv(65536))]


@pytest.fixture
def ear():
    ear = Ear()
    yield ear
    ear.socket.close()


@pytest.fixture
def herald(ear):
    herald = Herald([(HOST, ear.port)])
    yield herald
    herald.close()


def test_numbers_and_words_arrive_in_order_in_one_bundle(herald, ear):
    herald.tell([("/reading/watts", 63.5), ("/reading/watts/state", "estimated")])
    assert ear.hears() == [("/reading/watts", (63.5,)), ("/reading/watts/state", ("estimated",))]


def test_everybody_hears_the_same(ear):
    other = Ear()
    herald = Herald([(HOST, ear.port), (HOST, other.port)])
    try:
        herald.tell([("/reading/entropy", 7.25)])
        assert ear.hears() == other.hears() == [("/reading/entropy", (7.25,))]
    finally:
        herald.close()
        other.socket.close()


def test_a_long_telling_is_split_so_that_no_packet_is_broken_on_the_way():
    notes = [(f"/reading/spectral-temperature/number-{n:02d}/state", "no sensor") for n in range(50)]
    parts = list(packets(notes))
    assert [sum(1 for _ in unwrap(part)) for part in parts] == [PER_PACKET, PER_PACKET, PER_PACKET, 2]
    assert max(map(len, parts)) <= ETHERNET


def test_nobody_to_tell_needs_no_thread():
    herald = Herald([])
    herald.tell([("/reading/entropy", 1.0)])
    assert "herald" not in {thread.name for thread in threading.enumerate()}
    herald.close()


def test_who_is_told_faster_than_is_sent_hears_the_newest(herald, ear):
    for number in range(2000):
        herald.tell([("/n", float(number))])
    heard = ear.hears()
    while heard != [("/n", (1999.0,))]:
        heard = ear.hears()


def test_nobody_there_is_not_complained_about(caplog):
    ear = Ear()
    ear.socket.close()  # what is sent there comes back as an error with the next packet
    listener = Listener(HOST, ear.port)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            listener.hear([b"/a\0\0,\0\0\0"], 0.0)
    assert caplog.records == []
    listener.close()


def test_a_name_nobody_knows_is_complained_about_once_a_minute(caplog):
    listener = Listener("nowhere.invalid", 9000)
    with caplog.at_level(logging.WARNING):
        for second in range(59):
            listener.hear([b""], float(second))
        assert len(caplog.records) == 1
        listener.hear([b""], 60.0)
    assert len(caplog.records) == 2
    assert "nowhere.invalid:9000" in caplog.text
    listener.close()


def test_the_unknown_do_not_keep_the_others_from_hearing(ear):
    herald = Herald([("nowhere.invalid", 9000), (HOST, ear.port)])
    try:
        herald.tell([("/reading/entropy", 7.25)])
        assert ear.hears() == [("/reading/entropy", (7.25,))]
    finally:
        herald.close()


def test_closing_ends_the_thread(ear):
    herald = Herald([(HOST, ear.port)])
    herald.tell([("/a", 1.0)])
    herald.close()
    until(lambda: "herald" not in {thread.name for thread in threading.enumerate()})


@pytest.mark.skipif(not shutil.which("oscdump"), reason="oscdump is missing; it comes with liblo-tools")
def test_oscdump_understands_it():
    probe = Ear()
    port = probe.port
    probe.socket.close()
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
    herald = Herald([(HOST, port)])
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(dump.stdout or ()), daemon=True)
    reader.start()
    try:

        def told():
            herald.tell([("/reading/watts", 63.5), ("/reading/watts/state", "estimated")])
            return any("/reading/watts/state" in line for line in list(lines))

        until(told, 20.0)
    finally:
        herald.close()
        dump.kill()
        dump.wait(10.0)
        reader.join(10.0)
        if dump.stdout:
            dump.stdout.close()
    assert any("/reading/watts f 63.5" in line for line in lines)
    assert any('/reading/watts/state s "estimated"' in line for line in lines)
