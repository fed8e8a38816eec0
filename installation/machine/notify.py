"""Word to systemd: ready, alive, how it is. A datagram to ``$NOTIFY_SOCKET``, as sd_notify(3) says; else nothing."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

SAY_EVERY = 10.0  # seconds between two sentences for `systemctl status`
SHARE = 4  # the dog is fed this many times in the time it is patient for


class ServiceManager:
    """Tells systemd only what the audience could see: ready after the first picture, alive when a new one was shown.

    A timer would prove nothing: black walls have had living processes behind them.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Without ``NOTIFY_SOCKET`` it says nothing to anybody."""
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)  # @: a socket without a file
        self._pause = _watchdog_seconds(environment) / SHARE
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if self._address else None
        if self._socket:
            self._socket.settimeout(0.0)  # the tick waits for nobody
        self._ready = False
        self._frames = self._fed = self._said = -math.inf

    def look(self, now: float, frames: float, sentence: Callable[[], str]) -> None:
        """Once a tick: ``frames`` is how many pictures the stage has shown in its present life."""
        if self._socket is None:
            return
        if frames > 0 and frames != self._frames and (not self._ready or now >= self._fed + self._pause):
            self._frames = frames
            self._ready = self._tell("WATCHDOG=1" if self._ready else "READY=1") or self._ready
            self._fed = now
        if now >= self._said + SAY_EVERY:
            self._said = now
            self._tell(f"STATUS={' '.join(sentence().split())}")

    def close(self) -> None:
        """Say that it is stopping, and no more."""
        if self._socket is not None:
            self._tell("STOPPING=1")
            self._socket.close()
            self._socket = None

    def _tell(self, word: str) -> bool:
        """Whether it went out: what a full socket refuses is said again at the next occasion."""
        with contextlib.suppress(OSError):
            return self._socket is not None and self._socket.sendto(word.encode(), self._address) > 0
        return False


def _watchdog_seconds(environment: Mapping[str, str]) -> float:
    """How long systemd is patient: ``$WATCHDOG_USEC``, unless ``$WATCHDOG_PID`` names another process."""
    given, meant = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    ours = meant in {"", str(os.getpid())}
    return int(given) / 1e6 if given.isascii() and given.isdigit() and ours else math.inf
