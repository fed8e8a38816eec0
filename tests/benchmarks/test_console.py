"""What the console costs the piece, and how soon a telephone shows it: this file with ``--benchmark-enable``.

In ``make test`` everything runs once and briefly, and nothing is timed. Viewers are real connections in a process of
their own; on the same machine they take processor time from the show that real viewers would not.
"""

import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from installation.conductor import TICK
from installation.control.guest import Guest
from installation.web.door import WebDoor
from tests.console.hall import standing, url
from tests.console.test_library import children
from tests.recording.rehearsal import frames, rehearse
from tests.support import until

HOST = "127.0.0.1"
VIEWERS = 20
SLOWER = 4  # times: a telephone's processor

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

#: Pages as a browser keeps them: all that is said is read, and the next picture is asked for when one is there.
CROWD = f"""
import asyncio, json, sys
from aiohttp import ClientSession, ClientTimeout, TCPConnector
port, viewers, seen = int(sys.argv[1]), int(sys.argv[2]), {{"pictures": 0, "bytes": 0, "words": 0}}
async def listen(socket):
    async for message in socket:
        seen["words"] += 1
async def page(session, width, opened):
    at = f"ws://{HOST}:{{port}}/console/"
    async with session.ws_connect(at + "talk", max_msg_size=0) as talk, session.ws_connect(at + "picture") as picture:
        listening = asyncio.create_task(listen(talk))
        opened.release()
        while True:
            await picture.send_str(width)
            data = await picture.receive_bytes()
            seen["pictures"] += 1
            seen["bytes"] += len(data)
async def crowd():
    opened = asyncio.Semaphore(0)
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(total=None)) as session:
        pages = [asyncio.create_task(page(session, ("480", "960")[n % 2], opened)) for n in range(viewers)]
        for _ in pages:
            await opened.acquire()
        print("opened", flush=True)
        seen.update(dict.fromkeys(seen, 0))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print(json.dumps(seen), flush=True)
        for each in pages:
            each.cancel()
asyncio.run(crowd())
"""

#: First many connections, each when the last has ended; then as many as there is room for, held; how many were kept.
KNOCK = f"""
import json, socket, sys, time
port, many, held = (int(each) for each in sys.argv[1:])
ask = b"GET /console/page/icon.svg HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n"
began, answered = time.monotonic(), 0
for _ in range(many):
    with socket.create_connection(("{HOST}", port), 10.0) as each:
        each.sendall(ask)
        answered += each.recv(12)[9:] in (b"200", b"429")
        while each.recv(65536):
            pass
print(json.dumps({{"answered": answered, "seconds": time.monotonic() - began}}), flush=True)
held = [socket.create_connection(("{HOST}", port), 10.0) for _ in range(held)]
sys.stdin.readline()
"""


class Pulse(Guest):
    """A guest that remembers when every tick began."""

    def __init__(self):
        self.ticks: list[float] = []

    def look(self, now):
        self.ticks.append(now)

    def took(self):
        """How long every tick took since this was asked last, in ms: what lay between two beyond their pause."""
        ticks, self.ticks = self.ticks, []
        return sorted(max(after - before - TICK, 0.0) * 1e3 for before, after in pairwise(ticks))


@pytest.fixture(scope="module")
def piece(performed, measured):
    window = {} if measured else {"width": 480, "height": 270}
    with performed(web={"port": 0}, stage=window) as conductor:
        until(lambda: port(conductor), 180.0)
        yield conductor


@pytest.fixture
def pulse(piece):
    pulse = Pulse()
    piece._guests.append(pulse)
    yield pulse
    piece._guests.remove(pulse)


def port(conductor):
    return next((guest.port for guest in conductor._guests if isinstance(guest, WebDoor)), None)


@contextlib.contextmanager
def beside(script, *words):
    """A process that does something to the web until it is told to end."""
    command = [sys.executable, "-c", script, *map(str, words)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def watched(piece, pulse, seconds):
    """The show for so many seconds: every tick in ms, generations and frames a second."""
    pulse.took()
    before, began = counted(piece), time.monotonic()
    threading.Event().wait(seconds)
    rates = [(after - then) / (time.monotonic() - began) for then, after in zip(before, counted(piece), strict=True)]
    return pulse.took(), *rates


def counted(piece):
    return piece.vitals("engine")["serial"], piece.vitals("stage")["frames"]


def with_viewers(piece, pulse, viewers, seconds):
    """The same while so many watch, and what they saw."""
    with beside(CROWD, port(piece), viewers) as crowd:
        assert crowd.stdout.readline() == "opened\n"
        figures = watched(piece, pulse, seconds)
        crowd.stdin.write("\n")
        crowd.stdin.flush()
        return figures, json.loads(crowd.stdout.readline())


def share_of(values, share):
    return values[int((len(values) - 1) * share)]


def test_twenty_viewers_beside_none(piece, pulse, measured, said):
    seconds, viewers = (30.0, VIEWERS) if measured else (0.5, 2)
    alone, crowded, pictures = [], [], 0
    for _ in range(3 if measured else 1):
        alone.append(watched(piece, pulse, seconds))
        figures, seen = with_viewers(piece, pulse, viewers, seconds)
        crowded.append(figures)
        pictures += seen["pictures"]
    assert pictures
    ticks = [sorted(tick for figures in each for tick in figures[0]) for each in (alone, crowded)]
    rates = [[statistics.median(figures[which] for figures in each) for each in (alone, crowded)] for which in (1, 2)]
    said(
        f"The tick with {viewers} viewers: median {share_of(ticks[1], 0.5):.2f} ms, p99 {share_of(ticks[1], 0.99):.2f} "
        f"ms, longest {ticks[1][-1]:.1f} ms; with none {share_of(ticks[0], 0.5):.2f}, {share_of(ticks[0], 0.99):.2f}, "
        f"{ticks[0][-1]:.1f} ms. Generations {rates[0][1]:.2f} a second with, {rates[0][0]:.2f} without: "
        f"{rates[0][1] / max(rates[0][0], 1e-9):.3f}. Frames {rates[1][1]:.1f} with, {rates[1][0]:.1f} without: "
        f"{rates[1][1] / max(rates[1][0], 1e-9):.3f}. Each viewer saw "
        f"{pictures / viewers / seconds / len(crowded):.1f} pictures a second.",
    )


def wish(piece, path, **told):
    """What the console answers to a wish of its own page."""
    ours = {"Origin": f"http://{HOST}:{port(piece)}"}
    with contextlib.closing(http.client.HTTPConnection(HOST, port(piece), timeout=30.0)) as line:
        line.request("POST", f"/console/{path}", json.dumps(told), ours)
        return json.loads(line.getresponse().read())


def with_publishing(piece, pulse, seconds):
    """The show while a film is made of a take."""
    number = wish(piece, "takes/long/publish", forms=["h264"])["number"]
    until(children, 60.0)
    figures = watched(piece, pulse, seconds)
    wish(piece, f"jobs/{number}/cancel")
    until(lambda: not children(), 60.0)
    return figures


def test_a_film_is_made_beside_the_show(piece, pulse, measured, said):
    seconds, rounds = (20.0, 3) if measured else (0.2, 1)
    rehearse(piece.settings.state / "takes" / "long", frames(1500 if measured else 60))
    both = [(watched(piece, pulse, seconds), with_publishing(piece, pulse, seconds)) for _ in range(rounds)]
    ticks = [sorted(tick for figures in each for tick in figures[0]) for each in zip(*both, strict=True)]
    rates = [
        [statistics.median(figures[which] for figures in each) for each in zip(*both, strict=True)] for which in (1, 2)
    ]
    said(
        f"While a film is made: tick p99 {share_of(ticks[1], 0.99):.2f} ms, without {share_of(ticks[0], 0.99):.2f}. "
        f"Generations {rates[0][1]:.2f} a second with, {rates[0][0]:.2f} without: "
        f"{rates[0][1] / max(rates[0][0], 1e-9):.3f}. Frames {rates[1][1]:.1f} with, {rates[1][0]:.1f} without: "
        f"{rates[1][1] / max(rates[1][0], 1e-9):.3f}.",
    )


def test_ten_thousand_connections(piece, pulse, measured, said):
    many, held = (10_000, 400) if measured else (20, 20)
    pulse.took()
    with beside(KNOCK, port(piece), many, held) as knocking:
        told = json.loads(knocking.stdout.readline())
        one_by_one = pulse.took()
        together = watched(piece, pulse, 5.0 if measured else 0.2)[0]
        knocking.stdin.write("\n")
    assert told["answered"] == many
    said(
        f"{many:,} connections one after the other in {told['seconds']:.1f} s: the tick's p99 "
        f"{share_of(one_by_one, 0.99):.2f} ms, longest {one_by_one[-1]:.1f} ms; {held} at once, those beyond the room "
        f"hung up on: p99 {share_of(together, 0.99):.2f} ms.",
    )


# ---------------------------------------------------------------- a telephone

PAINTED = """
() => new Promise(done => new PerformanceObserver(list => {
    const paint = list.getEntries().find(each => each.name === "first-contentful-paint")
    if (paint) done(paint.startTime)
}).observe({type: "paint", buffered: true}))
"""


def opened(browser, where):
    """Open the console on a slow telephone that has nothing of it yet: bytes over the wire, ms to the first paint."""
    with browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2) as context:
        page, loaded = context.new_page(), []
        wire = context.new_cdp_session(page)
        wire.on("Network.loadingFinished", lambda told: loaded.append(told["encodedDataLength"]))
        wire.send("Network.enable")
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(where, wait_until="load")
        painted = page.evaluate(PAINTED)
        page.wait_for_selector(".knob")
        return sum(loaded), painted, page.evaluate("performance.now()")


def test_a_telephone_shows_it(browser, measured, tmp_path, said):
    with standing(tmp_path) as (hall, _):
        seen = [opened(browser, url(hall)) for _ in range(15 if measured else 1)]
    weights, paints, whole = zip(*seen, strict=True)
    assert min(weights) > 0
    said(
        f"The console weighs {statistics.median(weights) / 1000:.0f} kB over the wire; on a processor {SLOWER} times "
        f"slower it is painted first after {statistics.median(paints):.0f} ms (worst of {len(seen)}: {max(paints):.0f})"
        f" and can be played after {statistics.median(whole):.0f} ms.",
    )
