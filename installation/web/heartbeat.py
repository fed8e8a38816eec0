"""The heartbeat: a word to somebody far away, every minute or so, that the piece plays. Its silence is the alarm.

A thread of its own sends; it is given something to send only by a tick that ran, so a machine that hangs falls silent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import queue
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from installation.control.guest import Guest

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.health import Health
    from installation.machine.settings import HeartbeatSettings

log = logging.getLogger(__name__)

LEAVE = 0.5  # seconds for the thread to end; what it is sending then is left to its own patience


class Heartbeat(Guest):
    """Owns the thread that sends. Only the newest word waits for it."""

    def __init__(self, settings: HeartbeatSettings) -> None:
        """Nothing is sent before it comes in, and nothing at all unless the settings say to whom."""
        self._settings = settings
        self._house: House | None = None
        self._due = -math.inf
        self._heard = True
        self._words: queue.Queue[dict[str, Any] | None] = queue.Queue(1)
        self._thread = threading.Thread(target=self._serve, name="heartbeat", daemon=True)

    def open(self, house: House) -> None:
        """Begin."""
        self._house = house
        self._thread.start()

    def look(self, now: float) -> None:
        """Leave a word, when it is time; one that was not sent yet has gone stale."""
        if self._house is None or now < self._due:
            return
        self._due = now + self._settings.every
        self._leave(word(self._house.health()))

    def close(self) -> None:
        """Fall silent."""
        if self._thread.is_alive():
            self._leave(None)
            self._thread.join(LEAVE)

    def _leave(self, told: dict[str, Any] | None) -> None:
        with contextlib.suppress(queue.Empty):
            self._words.get_nowait()
        with contextlib.suppress(queue.Full):
            self._words.put_nowait(told)

    def _serve(self) -> None:
        while (told := self._words.get()) is not None:
            try:
                self._send(told)
            except (OSError, ValueError) as error:  # no network, no such host, an answer that is none, or a refusal
                self._complain(error)
            else:
                self._heard = True

    def _send(self, told: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 - the settings take http and https only
            str(self._settings.url),
            data=json.dumps(told).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "burntout"},
        )
        with urllib.request.urlopen(request, timeout=self._settings.patience):  # noqa: S310 - the same
            pass

    def _complain(self, error: Exception) -> None:
        """Once, until it was heard again: a network may be down for a night."""
        if self._heard:
            log.warning("The heartbeat is not heard at %s (%s); it goes on trying.", self._settings.url, error)
        self._heard = False


def word(health: Health) -> dict[str, Any]:
    """What a heartbeat says: enough to see from afar whether somebody has to come."""
    return {
        "state": health.state,
        "scene": health.scene,
        "generation": health.serial,
        "generations_per_second": round(health.rate, 3),
        "stage_fps": round(health.stage_fps, 1),
        "worst_gap_ms": round(health.worst_gap_ms, 1),
        "deaths": dict(health.deaths),
        "degraded": list(health.degraded),
    }
