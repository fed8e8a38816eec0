"""The guard: who may ask, from which page, how often; and what every answer says to a browser.

A browser on this machine, or in the gallery's network, runs the pages of strangers, and these may send requests to us
from there. So a request must call us by a name that is ours (or a stranger's name could be made to lead here: DNS
rebinding), and a page that is not ours may neither read answers nor open a WebSocket, to which the same-origin rule of
browsers does not apply.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from installation.control.packets import PacketError
from installation.web.callers import Caller, caller

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Middleware

    from installation.control.porter import Porter
    from installation.machine.settings import WebSettings

MOST_PROVEN = 256  # passcodes that were right, in their digests
#: HTTP's words for the causes of refusals; 400 for all others.
STATUS: Mapping[str, int] = {
    "not allowed": 403,
    "page": 403,
    "name": 421,
    "passcode": 401,
    "rate": 429,
}
#: A room that knows better sets its own: these stand where none does.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Guard:
    """Stands before all rooms. Belongs to the server's thread, as does the porter, who counts what is refused."""

    def __init__(self, settings: WebSettings, porter: Porter, names: frozenset[str]) -> None:
        """``names``: by which this machine is called, besides those in the settings; addresses always do."""
        self._porter = porter
        self._names = names | {name.lower().rstrip(".") for name in settings.names}
        self._origins = frozenset(settings.origins)
        self._own_walls: tuple[str, ...] = ()
        self._secret = secrets.token_bytes(32)
        self._proven: OrderedDict[bytes, None] = OrderedDict()

    def stand(self, app: web.Application) -> None:
        """Look at every request to an application, and at every answer."""
        app.middlewares.append(self._middleware())
        app.on_response_prepare.append(self._harden)

    def _middleware(self) -> Middleware:
        from aiohttp import web

        @web.middleware
        async def look(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            who = Caller("127.0.0.1", 0)  # until we know better
            try:
                who = caller(request)
                self._require(request, who)
                return await handler(request)
            except PacketError as refusal:
                self._porter.refuse(who, refusal.cause, str(refusal))
                return _refused(STATUS.get(refusal.cause, 400), str(refusal))

        return look

    def _require(self, request: web.Request, who: Caller) -> None:
        """Raise ``PacketError`` unless this request may be answered."""
        if not self._porter.admits(who.host):
            raise PacketError("not allowed", f"{who.host} is in no network that this machine allows.")
        self._porter.spend_reply(who)
        self._require_name(request)
        self._require_page(request)
        if self._porter.wants_passcode(who.host) and not (is_upgrade(request) or self._is_elsewhere(request)):
            self._require_passcode(request, who)

    def leave(self, path: str) -> None:
        """A room answers everything at and below a path, and asks for the passcode in a way of its own."""
        self._own_walls += (path,)

    def _is_elsewhere(self, request: web.Request) -> bool:
        return any(f"{request.path}/".startswith(f"{wall}/") for wall in self._own_walls)

    def _require_name(self, request: web.Request) -> None:
        name = _host_name(request.headers.get("Host", ""))
        if name not in self._names and not _is_address(name):
            raise PacketError("name", f"This machine is not called {name[:60]!r}. Say so with web.names if it is.")

    def _require_page(self, request: web.Request) -> None:
        """A page's own requests come without an origin, or with ours; programs that are no browsers send none."""
        origin = request.headers.get("Origin")
        ours = {f"{scheme}://{request.headers.get('Host')}" for scheme in ("http", "https")}
        if origin is not None and origin not in ours | self._origins:
            raise PacketError("page", f"A page of {origin[:60]!r} may not play here. Allow it with web.origins.")

    def _require_passcode(self, request: web.Request, who: Caller) -> None:
        """HTTP's basic authentication, under any name. A passcode that was right once is recognised fast."""
        guess = _password(request.headers.get("Authorization", ""))
        if guess is None:
            raise PacketError("passcode", "This machine wants a passcode.")
        digest = hmac.digest(self._secret, guess.encode(), hashlib.sha256)
        if digest not in self._proven:
            self._porter.try_passcode(guess, who)
            self._proven[digest] = None
            if len(self._proven) > MOST_PROVEN:
                self._proven.popitem(last=False)

    def has_passcode(self, request: web.Request, who: Caller) -> bool:
        """Whether somebody need not say a passcode any more: none is wanted, or it came with the request."""
        if not self._porter.wants_passcode(who.host):
            return True
        if "Authorization" not in request.headers:
            return False
        self._require_passcode(request, who)
        return True

    async def _harden(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "Burntout"  # and no version
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        origin = request.headers.get("Origin")
        if origin in self._origins:
            response.headers["Access-Control-Allow-Origin"] = str(origin)
            response.headers["Vary"] = "Origin"


def own_names() -> frozenset[str]:
    """What this machine is called: localhost, its name, and its name in the local network's zeroconf."""
    name = socket.gethostname().lower().partition(".")[0]
    return frozenset({"localhost", name, f"{name}.local", socket.gethostname().lower()})


def is_upgrade(request: web.Request) -> bool:
    """Whether somebody wants a WebSocket: there the passcode may also be said as ``/sys/hello``."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _refused(status: int, sentence: str) -> web.Response:
    from aiohttp import web

    headers = {401: {"WWW-Authenticate": 'Basic realm="Burntout", charset="UTF-8"'}, 429: {"Retry-After": "1"}}
    return web.Response(status=status, text=f"{sentence}\n", headers=headers.get(status))


def _password(header: str) -> str | None:
    """What stands behind the name in basic authentication (RFC 7617); None for anything else."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _host_name(host: str) -> str:
    """The name in a Host header, without its port and a dot at its end; nothing where it has none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
