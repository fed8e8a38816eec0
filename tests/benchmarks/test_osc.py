"""OSC's speed, with its peers in the same run: ``make bench``, or this file alone with ``--benchmark-enable``.

In ``make test`` everything runs once and briefly, and nothing is timed. The show's own figures are printed: they are
shares of frames and of messages, which a table of medians has no place for.
"""

import contextlib
import socket
import statistics
import subprocess
import sys
import threading
import time

import psutil
import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

from installation import bench
from installation.control.directory import Directory
from installation.control.guest import Guest
from installation.control.inbox import Inbox
from installation.control.osc import OscDoor
from installation.control.packets import encode
from installation.control.porter import Porter
from installation.machine.settings import OscSettings
from installation.panels import all_knobs
from tests.control.test_doors import Phone
from tests.control.test_porter import Way, mutants
from tests.support import until

liblo = pytest.importorskip("pyliblo3", reason="pyliblo3 is missing: pip install pyliblo3")

HOST = "127.0.0.1"
KNOBS = all_knobs()
FADERS = [address for address, knob in KNOBS.items() if knob.kind == "number"][:30]
PACKETS = [encode(FADERS[number % len(FADERS)], (number / 1000,)) for number in range(1000)]
WINDOW = 100  # datagrams under way at once: fewer than any server's buffer holds
RATE, COMMAND_EVERY = 20_000, 200  # messages a second; one in so many is a command
FRAME = 1 / 60  # seconds
MARK = "/loop/measure-every"  # a knob that does not glide, and that no mutant turns
QUICK = OscSettings(port=0, peer_rate=1e6)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


def door():
    return OscDoor(QUICK, Directory(KNOBS), Inbox(KNOBS).post)


# ---------------------------------------------------------------- a message


@pytest.mark.benchmark(group="1,000 faders' messages understood")
def test_porter(benchmark):
    inbox, way = Inbox(KNOBS), Way()
    porter = Porter(QUICK, Directory(KNOBS), inbox.post)

    def understand():
        for packet in PACKETS:
            porter.take(packet, way)
        return inbox.take(0.0)

    assert len(benchmark(understand)) == len(FADERS)


@pytest.mark.benchmark(group="1,000 faders' messages understood")
def test_peer_python_osc_dispatches(benchmark):
    heard: dict[str, object] = {}
    dispatcher = Dispatcher()
    for address in KNOBS:
        dispatcher.map(address, heard.__setitem__)

    def understand():
        for packet in PACKETS:
            dispatcher.call_handlers_for_packet(packet, (HOST, 1))
        return heard

    assert len(benchmark(understand)) == len(FADERS)


# ---------------------------------------------------------------- through a socket


def through(port, count):
    """Send all packets through a socket, so many at once as no server loses; ``count`` says how many were heard."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect((HOST, port))
        heard = count()
        for start in range(0, len(PACKETS), WINDOW):
            for packet in PACKETS[start : start + WINDOW]:
                peer.send(packet)
            until(lambda wanted=heard + start + WINDOW: count() >= wanted)  # type: ignore[misc] # a lambda's default


@pytest.mark.benchmark(group="1,000 datagrams through a socket")
def test_door(benchmark):
    ours = door()
    benchmark(through, ours.port, lambda: ours._porter.received)
    ours.close()


@pytest.mark.benchmark(group="1,000 datagrams through a socket")
def test_peer_python_osc_serves(benchmark):
    heard: list[object] = []
    dispatcher = Dispatcher()
    for address in KNOBS:
        dispatcher.map(address, lambda *said: heard.append(said))
    with BlockingOSCUDPServer((HOST, 0), dispatcher) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        benchmark(through, server.server_address[1], lambda: len(heard))
        server.shutdown()
        thread.join(5.0)


@pytest.mark.benchmark(group="1,000 datagrams through a socket")
def test_peer_liblo_serves(benchmark):
    heard: list[object] = []
    server = liblo.ServerThread()
    for address in KNOBS:
        server.add_method(address, "f", lambda path, arguments: heard.append((path, arguments)))
    server.start()
    benchmark(through, server.port, lambda: len(heard))
    server.stop()
    server.free()


# ---------------------------------------------------------------- the show

SENDER = f"""
import socket, sys, time
from installation.control.packets import encode
port, seconds, faders = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.connect(("{HOST}", port))
packets = [encode(faders[number % len(faders)], (number % 1000 / 1000,)) for number in range(100 * len(faders))]
began, sent = time.monotonic(), 0
while (passed := time.monotonic() - began) < seconds:
    for number in range(sent, int(passed * {RATE})):
        if number % {COMMAND_EVERY}:
            peer.send(packets[number % len(packets)])
        else:
            peer.send(encode("/prompt", (str(number // {COMMAND_EVERY}),)))
    sent = int(passed * {RATE})
    time.sleep(0.001)
for number, fader in enumerate(faders):
    peer.send(encode(fader, (number / 100,)))
sys.stdout.write(str(sent + len(faders)))
"""


class Ear(Guest):
    """A guest that remembers every prompt it hears."""

    def __init__(self):
        self.prompts: list[str] = []

    def hear(self, message, now):  # noqa: ARG002 - whenever it was
        if message.address == "/prompt":
            self.prompts.append(str(message.arguments[0]))
        return message.address == "/prompt"


@pytest.fixture(scope="module")
def piece(performed):
    with performed(osc={"port": 0, "peer_rate": 1e6}, web={"enabled": False}) as conductor:
        yield conductor


def test_a_packet_is_on_the_wall_within_frames(piece, measured, said):
    gestures = 200 if measured else 3
    took = [bench._gesture(piece, number) for number in range(gestures)]
    frames = sorted(each / 1e3 / FRAME for each in took if each is not None)
    assert frames
    said(
        f"Packet to the first frame that shows it: median {statistics.median(frames):.2f} frames of 1/60 s, "
        f"p99 {frames[int((len(frames) - 1) * 0.99)]:.2f}, {len(frames)} of {gestures} gestures, engine busy, "
        f"stage {piece.health().stage_fps:.0f} frames/s.",
    )


def test_twenty_thousand_messages_a_second_lose_no_command_and_end_right(piece, measured, said):
    seconds, ear = 60.0 if measured else 1.0, Ear()
    piece._guests.append(ear)
    before, faders = piece.doors.tally.received, [each for each in FADERS if not each.startswith("/stage/")]
    words = [sys.executable, "-c", SENDER, str(piece.doors.port), str(seconds), *faders]
    sent = int(subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout)
    until(lambda: piece.doors.tally.received - before + _lost(piece) >= sent, 30.0)
    wanted = {address: KNOBS[address].parse(number / 100) for number, address in enumerate(faders)}
    until(lambda: _stand(piece, wanted), 30.0)
    tally, prompts = piece.doors.tally, -(-(sent - len(faders)) // COMMAND_EVERY)
    said(
        f"{sent / seconds:,.0f} messages a second for {seconds:.0f} s: {len(ear.prompts)} of {prompts} commands heard, "
        f"{tally.dropped} dropped, {tally.lost} lost by the kernel, {sum(tally.refused.values())} refused, "
        f"the last value of all {len(faders)} faders right, stage {piece.health().stage_fps:.0f} frames/s.",
    )
    assert ear.prompts == sorted(ear.prompts, key=int)
    if not _lost(piece):
        assert ear.prompts == [str(number) for number in range(prompts)]


def _marked(piece, peer, mark):
    """A mark behind what was sent is heard; a ping would be refused to somebody who asks so much."""
    peer.say(MARK, mark)
    until(lambda: piece.store.current(MARK, time.monotonic(), 0) == mark)


def _lost(conductor):
    return conductor.doors.tally.lost + conductor.doors.tally.dropped


def _stand(piece, wanted):
    now = time.monotonic()
    return all(
        piece.store.current(address, now, 0) == pytest.approx(value, rel=1e-5, abs=1e-5)
        for address, value in wanted.items()
    )


def test_a_million_mutants_move_nothing_but_counters(piece, measured, said):
    count, process = 1_000_000 if measured else 2_000, psutil.Process()
    meant = (b"/scene", b"/panic", b"/record", b"/engine", b"/programme", b"/s\xc3")  # a mutant may still mean these
    pids, rss = piece.pids(), 0
    with contextlib.closing(Phone(piece.doors.port)) as peer:
        for number, packet in enumerate(mutants(count, seed=11)):
            if not any(word in packet for word in meant):
                peer.socket.send(packet)
            if number % 500 == 0:
                _marked(piece, peer, 1 + number // 500 % 1000)
            if number == count // 10:
                rss = process.memory_info().rss
    grown, after = (process.memory_info().rss - rss) / 2**20, piece.serial
    until(lambda: piece.serial > after + 1, 60.0)
    assert piece.pids() == pids
    said(f"{count:,} mutants with the show running: the conductor's memory changed by {grown:+.1f} MiB.")
    assert grown < 64.0
