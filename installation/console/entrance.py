"""The entrance: who may play and who may only look, and how somebody from elsewhere says the passcode.

Whoever sits at this machine may play. From elsewhere the passcode of machine.toml lets in, for an evening and by a
cookie that no other page can use or read. Everybody else is a visitor: sees the picture and how the piece is, and has
nothing to press. Without a passcode nobody plays from elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from installation.control.packets import PacketError
from installation.control.peers import is_here
from installation.web.callers import caller

if TYPE_CHECKING:
    from aiohttp import web

    from installation.control.porter import Porter
    from installation.machine.settings import WebSettings

Role = Literal["player", "visitor"]
COOKIE = "burntout"
PATH = "/console"
EVENING = 12 * 3600.0  # seconds a session lasts
MOST = 64  # sessions; the oldest ends


class Entrance:
    """Owns the sessions. Belongs to the server's thread."""

    def __init__(self, settings: WebSettings, porter: Porter, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody is in. ``clock`` gives seconds."""
        self._has_passcode = settings.passcode is not None
        self._porter, self._clock = porter, clock
        self._secret = secrets.token_bytes(32)
        self._sessions: dict[bytes, float] = {}

    @property
    def has_passcode(self) -> bool:
        """Whether there is one to be said."""
        return self._has_passcode

    def role(self, request: web.Request) -> Role:
        """Who asks. A player may look with a visitor's eyes: ``?as=visitor``."""
        if request.query.get("as") == "visitor":
            return "visitor"
        return "player" if is_here(caller(request).host) or self._is_in(request) else "visitor"

    def require_player(self, request: web.Request) -> None:
        """Raise ``PacketError`` unless whoever asks may play, and asks from our own page.

        The guard has refused the pages of strangers; what comes without any page's name is no browser's own wish.
        """
        if "Origin" not in request.headers:
            raise PacketError("page", "This is asked from the console's own page, which names itself (Origin).")
        if self.role(request) != "player":
            raise PacketError("not allowed", "Visitors look on. Say the passcode to play.")

    def enter(self, request: web.Request, guess: str) -> str:
        """Hear a passcode, and return what the cookie says from now on. Raises ``PacketError`` unless it is right."""
        if not self._has_passcode:
            raise PacketError("not allowed", 'No passcode is set. Say one in machine.toml: [web] passcode = "…"')
        self._porter.try_passcode(guess, caller(request))
        token = secrets.token_urlsafe(32)
        self._sessions[self._digest(token)] = self._clock() + EVENING
        while len(self._sessions) > MOST:
            del self._sessions[next(iter(self._sessions))]
        return token

    def leave(self, request: web.Request) -> None:
        """End the session of whoever asks."""
        self._sessions.pop(self._digest(request.cookies.get(COOKIE, "")), None)

    def _is_in(self, request: web.Request) -> bool:
        token = request.cookies.get(COOKIE, "")
        return self._sessions.get(self._digest(token), 0.0) > self._clock() if token else False

    def _digest(self, token: str) -> bytes:
        """What is kept of a token: to look it up tells nothing of it by its time."""
        return hmac.digest(self._secret, token.encode("utf-8", "surrogatepass"), hashlib.sha256)


def admit(response: web.Response, request: web.Request, token: str) -> None:
    """Give somebody the cookie: for our own pages only, unreadable by scripts, and over TLS where there is TLS."""
    response.set_cookie(
        COOKIE, token, max_age=int(EVENING), path=PATH, httponly=True, samesite="Strict", secure=_is_private(request)
    )


def _is_private(request: web.Request) -> bool:
    return request.secure or request.headers.get("X-Forwarded-Proto", "") == "https"
