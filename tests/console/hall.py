"""A house with a console: real doors, a real web door, and everybody who may knock."""

import asyncio
import contextlib
import json

from installation.console.guest import Console
from installation.web.door import WebDoor
from tests.web.home import HOST, PATIENCE, Home

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}  # what a proxy on this machine says of who asks
PASSCODE = "smoulder"


class Hall(Home):
    """What the conductor is to the console."""

    programme = None

    def follow(self, programme):
        self.programme = programme
        self.events.put(("follow", programme))

    def tell(self, process, order):
        self.events.put((process, order.name, dict(order.data)))


@contextlib.contextmanager
def standing(folder, **web):
    """A house whose console is open."""
    console = Console()
    door = WebDoor(settings(web), [console.room])
    hall = Hall(folder, console, door, web={"port": 0, **web})
    try:
        yield hall, console
    finally:
        hall.close()


def settings(web):
    from installation.machine.settings import WebSettings

    return WebSettings.model_validate({"port": 0, **web})


def url(hall, path=""):
    return f"http://{HOST}:{hall.web.port}/console{path}"


def ours(hall):
    """What a browser says of our own page."""
    return {"Origin": f"http://{HOST}:{hall.web.port}"}


async def ask(hall, path="", method="GET", **options):
    """Status, headers and body of an answer."""
    from aiohttp import ClientSession
    from yarl import URL

    where = URL(url(hall, path), encoded=True)
    async with ClientSession() as session, session.request(method, where, **options) as answer:
        return answer.status, answer.headers, await answer.read()


async def entered(hall, passcode=PASSCODE):
    """Say the passcode from elsewhere: status, and the cookie that was given."""
    headers = {**ELSEWHERE, **ours(hall)}
    status, told, _ = await ask(hall, "/enter", "POST", json={"passcode": passcode}, headers=headers)
    return status, told.get("Set-Cookie", "").partition(";")[0]


class Page:
    """A page that is open, and all it has heard."""

    def __init__(self, socket):
        self.socket, self.heard = socket, {}

    async def hears(self, kind, fits=bool):
        """What it hears of a kind, the first time that it fits."""
        async with asyncio.timeout(PATIENCE):
            while not (kind in self.heard and fits(self.heard[kind])):
                self._hear(json.loads((await self.socket.receive()).data))
        return self.heard[kind]

    def _hear(self, news):
        for each, told in news.items():
            both = isinstance(told, dict) and isinstance(self.heard.get(each), dict)
            self.heard[each] = {**self.heard[each], **told} if both else told

    async def says(self, *wish):
        await self.socket.send_json(list(wish))


@contextlib.asynccontextmanager
async def opened(hall, query="", **options):
    """The page's WebSocket."""
    from aiohttp import ClientSession

    async with ClientSession() as session, session.ws_connect(url(hall, f"/talk{query}"), **options) as socket:
        yield Page(socket)
