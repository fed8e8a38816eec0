"""The web door: the guest that opens the web, and through which its peers are told what comes of what they send."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from installation.control.commands import COMMANDS
from installation.control.cuelist import NOTES
from installation.control.directory import Directory
from installation.control.guest import Guest
from installation.control.osc import News
from installation.control.porter import Porter
from installation.machine.files import share
from installation.readings import declared
from installation.web import announcement, metrics, oscquery
from installation.web.announcement import Service
from installation.web.callers import OURS, PAGE
from installation.web.glance import Glance, glance
from installation.web.guard import Guard, own_names
from installation.web.query import Query
from installation.web.server import Server, WebError, listen

if TYPE_CHECKING:
    from aiohttp import web

    from installation.control.guest import House
    from installation.control.packets import Plain
    from installation.control.subscriptions import Touch
    from installation.knobs import Knob
    from installation.machine.settings import WebSettings
    from installation.scenes import Scene

log = logging.getLogger(__name__)

RETRY = 10.0  # seconds between two tries of a port that was busy
GLANCE_EVERY = 1.0  # seconds between two looks at how the piece is

#: What another room serves: it adds its routes to the application, and knows the piece by this door.
Room = Callable[["web.Application", "WebDoor"], None]


class WebDoor(Guest):
    """Owns the server and what it needs to know of the piece. All of it belongs to the tick, but for what rooms use."""

    def __init__(self, settings: WebSettings, rooms: Sequence[Room] = ()) -> None:
        """``rooms`` are asked before OSCQuery, which has every address that is left."""
        self.glance: Glance | None = None
        self._settings, self._rooms = settings, rooms
        self._news = News()
        self._server: Server | None = None
        self._retry = self._glance_at = -math.inf

    # ------------------------------------------------------------------ the guest

    def open(self, house: House) -> None:
        """Come in, and open; a port that is busy is tried again."""
        self.house = house
        self.porter = Porter(self._settings, Directory(house.knobs), house.post)
        self._scene, self._tree = house.scene, tree(house.scene, house.knobs)
        self.guard = Guard(self._settings, self.porter, own_names())
        self._query = Query(self.porter, self.guard, self._news, self._tree, self._host_info)
        house.doors.add(self)
        self._try(time.monotonic())

    def look(self, now: float) -> None:
        """Plant another tree for another scene; see how the piece is; open again what has closed."""
        if self.house.scene is not self._scene:
            self._scene, self._tree = self.house.scene, tree(self.house.scene, self.house.knobs)
            self._soon(self._query.plant, self._tree)
        if now >= self._glance_at:
            self._glance_at, self.glance = now + GLANCE_EVERY, glance(self.house)
        if now >= self._retry and not (self._server and self._server.is_alive):
            self._try(now)

    def close(self) -> None:
        """Hang up on everybody."""
        if self._server:
            self._server.close()

    # ------------------------------------------------------------------ the door, for OSC's peers here

    def tell(self, values: Mapping[str, Plain], touches: Mapping[str, Touch]) -> None:
        """What listeners may hear: values, and whose hand some of them were set by."""
        self._news.put(values, touches)

    def answer(self, source: str, address: str, value: float) -> None:
        """Reply with a knob's value, if it was one of ours who asked."""
        if source.startswith(OURS):
            self._soon(self.porter.answer, source, address, value)

    def object(self, source: str, address: str, sentence: str) -> None:
        """Tell one of ours why the tick refused something."""
        if source.startswith((OURS, PAGE)):
            self._soon(self.porter.object, source, address, sentence)

    @property
    def refused(self) -> int:
        """How many messages and requests were not taken."""
        return sum(self.porter.refused.copy().values()) + (self._server.malformed if self._server else 0)

    @property
    def port(self) -> int | None:
        """The port that browsers reach, once it is open."""
        return self._server.port if self._server else None

    # ------------------------------------------------------------------ the server

    def _try(self, now: float) -> None:
        first, self._retry = self._retry == -math.inf, now + RETRY
        self.close()
        try:
            listening = listen(self._settings.host, self._settings.port)
        except WebError as error:
            if first:
                log.warning("%s The show goes on without the web and tries again.", error)
            return
        port = int(listening.getsockname()[1])
        self._server = Server(listening, partial(self._furnish, port))
        log.info("The web is at %s (OSCQuery%s).", url(self._settings.host, port), self._besides())

    def _besides(self) -> str:
        return ", /metrics" if self._settings.metrics else ""

    def _furnish(self, port: int, app: web.Application) -> None:
        """In the server's thread: the guard, and all rooms in their order."""
        self.guard.stand(app)
        for room in self._rooms:
            room(app, self)
        if self._settings.metrics:
            metrics.furnish(app, lambda: self.glance)
        if self._settings.announce:
            announcement.furnish(app, self._services(port), announcement.own_name())
        self._query.furnish(app)

    def _services(self, port: int) -> list[Service]:
        osc = self.house.settings.osc
        services = [Service(announcement.QUERY, self._settings.host, port)]
        if self.house.doors.port is not None:
            services.append(Service(announcement.OSC, osc.host, self.house.doors.port))
        return services

    def _host_info(self) -> dict[str, Any]:
        return oscquery.host_info(self.house.doors.port, self.house.settings.osc.host, self.port or 0)

    def _soon(self, do: Callable[..., Any], *arguments: Any) -> None:
        if self._server:
            self._server.soon(do, *arguments)


def tree(scene: Scene, knobs: Mapping[str, Knob]) -> oscquery.Tree:
    """What can be asked and sent while a scene plays: its cues have addresses of their own."""
    choices = {"/scene/load": sorted(path.stem for path in share("scenes").glob("*.toml"))}
    numbers = [cue.number for cue in scene.cues]
    return oscquery.Tree(oscquery.methods(knobs, COMMANDS, declared(), choices, numbers, notes=NOTES))


def url(host: str, port: int) -> str:
    """Where a browser finds us: where we listen everywhere, at this machine's first address in the network."""
    at = next(iter(announcement.addresses_of(host)), "127.0.0.1")
    return f"http://[{at}]:{port}/" if ":" in at else f"http://{at}:{port}/"
