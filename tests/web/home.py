"""A house for guests: real doors, a real store, and a thread that ticks as the conductor does."""

import asyncio
import contextlib
import json
import queue
import threading
import time
from pathlib import Path

from installation.control.commands import COMMANDS
from installation.control.directory import is_question, only
from installation.control.doors import Doors
from installation.control.packets import decode, encode
from installation.control.store import Store
from installation.cues import Cue
from installation.errors import Refusal
from installation.health import Health
from installation.knobs import KnobError
from installation.machine.memory import Weight
from installation.machine.settings import Settings, WebSettings
from installation.machine.wires import Wires
from installation.panels import all_knobs
from installation.scenes import Scene
from installation.web.door import WebDoor

HOST = "127.0.0.1"
PATIENCE = 10.0
TICK = 0.005
MEDIUM, TEMPERATURE = "/burn/medium", "/burn/gaussian/temperature"


def scene(*cues):
    """A scene that says nothing but which cues it has."""
    return Scene("still", "Still", "", Path(), "archive", None, "", None, None, {}, {}, "", cues=tuple(map(Cue, cues)))


#: A piece that is well.
WELL = Health(
    "still",
    "playing",
    7,
    0.25,
    rate=2.5,
    stage_fps=60.0,
    worst_gap_ms=20.0,
    refused=3,
    deaths={"engine": 1},
    memory={"engine": Weight(5e8, 4e8, 8e8)},
)


class Home:
    """What the conductor is to a guest."""

    def __init__(self, folder, *guests, osc=None, **settings):
        told = {"state": folder, "osc": {"port": 0, **(osc or {})}, **settings}
        self.settings = Settings.model_validate(told)
        self.wires, self.knobs, self.scene, self.serial = Wires(folder), all_knobs(), scene(), 0
        self.readings = {}
        self.doors, self.store = Doors(self.settings.osc, self.knobs), Store(self.knobs, 120.0)
        self.events: queue.Queue[tuple[object, ...]] = queue.Queue()
        self.ticks = 0
        self.web = next((guest for guest in guests if isinstance(guest, WebDoor)), None)
        self._guests = guests
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tick")
        self._move_knobs(time.monotonic())
        self.doors.open(time.monotonic())
        for guest in guests:
            guest.open(self)
        self._thread.start()

    def health(self):
        return WELL

    def post(self, *messages, due=0.0):
        return self.doors.post(*messages, due=due)

    def event(self):
        return self.events.get(timeout=PATIENCE)

    def stands(self, address):
        return self.store.current(address, time.monotonic(), 0)

    def close(self):
        self._closing.set()
        self._thread.join(PATIENCE)
        for guest in self._guests:
            guest.close()
        self.doors.close()

    def _run(self):
        while not self._closing.wait(TICK):
            now = time.monotonic()
            for each in self.doors.heard(now):
                try:
                    self._hear(each, now)
                except Refusal as refusal:
                    self.doors.object(each, str(refusal))
            self._move_knobs(now)
            for guest in self._guests:
                guest.look(now)
            self.ticks += 1

    def _move_knobs(self, now):
        self.doors.tell(self.store.news(self.store.tick(now, 0), now))

    def _hear(self, each, now):
        if each.address in COMMANDS:
            self.events.put((each.address, *each.arguments))
        elif each.address not in self.knobs:
            raise KnobError(f"Nothing listens at {each.address}.")
        elif is_question(each.arguments):
            self.doors.answer(each, self.store.current(each.address, now, 0))
        else:
            self.store.hold(each.address, only(each.address, each.arguments), now)
            self.doors.touched(each, now)


@contextlib.contextmanager
def living(folder, *rooms, osc=None, **web):
    """A house with a web door, whose port is chosen by the system."""
    settings = {"port": 0, **web}
    door = WebDoor(WebSettings.model_validate(settings), rooms)
    home = Home(folder, door, osc=osc, web=settings)
    try:
        yield home
    finally:
        home.close()


def url(home, path="/"):
    return f"http://{HOST}:{home.web.port}{path}"


class Client:
    """A client of OSCQuery."""

    def __init__(self, socket):
        self.socket = socket

    async def wish(self, command, data):
        await self.socket.send_json({"COMMAND": command, "DATA": data})

    async def say(self, address, *arguments):
        await self.socket.send_bytes(encode(address, arguments))

    async def hears(self):
        """The next frame: an OSC message, or what a text of JSON says."""
        frame = await asyncio.wait_for(self.socket.receive(), PATIENCE)
        if isinstance(frame.data, bytes):
            return decode(frame.data)
        return json.loads(frame.data) if isinstance(frame.data, str) else frame.type.name

    async def replied(self):
        """The next frame, a reply: its data."""
        address, (text,) = await self.hears()
        assert address.startswith("/reply/"), (address, text)
        return json.loads(text)["data"]

    async def ping(self):
        """Everything said before was dealt with, and everything heard before that is returned."""
        await self.say("/sys/ping", 8)
        heard = []
        while not (isinstance(frame := await self.hears(), tuple) and frame[0] == "/reply/sys/ping"):
            heard.append(frame)
        return heard


@contextlib.asynccontextmanager
async def connected(home, path="/", **options):
    """A WebSocket to a house."""
    from aiohttp import ClientSession

    async with ClientSession() as session, session.ws_connect(url(home, path), **options) as socket:
        yield Client(socket)


async def get(home, path="/", **options):
    """Status, headers and body of an answer; the path goes out as it is."""
    from aiohttp import ClientSession
    from yarl import URL

    async with ClientSession() as session, session.get(URL(url(home, path), encoded=True), **options) as answer:
        return answer.status, answer.headers, await answer.text()
