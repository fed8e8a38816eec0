"""An engine that another stage machine plays, as the envoy of this one knows it: it looks on.

It has the face of a posting. Where nobody plays the engine yet, or any more, it waits until somebody does.
"""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from installation.cluster.standing import LASTING
from installation.cluster.station import AUDIENCE, CLOCK, LISTEN, NAMESPACE, asked, found

if TYPE_CHECKING:
    from installation.cluster.clock import Times
    from installation.cluster.letters import Dispatch
    from installation.cluster.posting import Office
    from installation.loop.checkpoints import Checkpoints
    from installation.machine.settings import PlaceSettings
    from installation.records import Order

log = logging.getLogger(__name__)

SEARCH_EVERY = 1.0  # seconds between two looks whether somebody plays it
OURS = LASTING  # orders that stand, and come unasked


class Following:
    """Looks on while an engine plays. ``look`` once a tick: nothing here waits."""

    def __init__(self, entry: PlaceSettings, number: int, office: Office, checkpoints: Checkpoints) -> None:
        """Nobody was found yet. ``checkpoints`` stay as they are: the lineage is kept by whoever plays it."""
        self.name, self.number, self.checkpoints = entry.name, number, checkpoints
        self.awaited: Future[Any] | None = None  # what will bring news
        self._entry, self._office = entry, office
        self._actor: Any = None
        self._seen, self._search_at, self._heard_at = 0, -math.inf, 0.0
        self._said = False

    @property
    def is_settled(self) -> bool:
        """Whether there is somebody to look at."""
        return self._actor is not None

    def look(self) -> Dispatch | None:
        """What is new of it."""
        now = time.monotonic()
        if self._actor is None or self.awaited is None:
            self._find(now)
            return None
        if not self.awaited.done():
            if now > self._heard_at + self._office.settings.cluster.silence:
                self._lose("it is silent")
            return None
        return self._heard(self.awaited, now)

    def post(self, order: Order) -> None:
        """Orders for it are given where it is played."""
        if order.name not in OURS:
            log.warning("%s is played by another stage machine: give it %s there.", self.name, order.name)

    def clock(self) -> Future[Times]:
        """What time it is where it plays, if it ``is_settled``."""
        return asked(self._actor, CLOCK, "clock")

    def leave(self) -> Future[None] | None:
        """It plays on without us."""
        return None

    def close(self) -> None:
        """Look on no more."""
        self._actor = self.awaited = None

    def anew(self) -> Following:
        """The same, to be looked for again."""
        return Following(self._entry, self.number, self._office, self.checkpoints)

    def _find(self, now: float) -> None:
        if now < self._search_at:
            return
        self._search_at = now + SEARCH_EVERY
        self._actor = found(self.name)
        if self._actor is None:
            if not self._said:
                log.info("Nobody plays %s in %s yet; waiting until somebody does.", self.name, NAMESPACE)
            self._said = True
            return
        log.info("Following %s.", self.name)
        self._seen, self._heard_at, self._said = 0, now, False
        self._ask()

    def _ask(self) -> None:
        self.awaited = asked(self._actor, AUDIENCE, "watch", self._seen, LISTEN)

    def _heard(self, answer: Future[Any], now: float) -> Dispatch | None:
        if error := answer.exception():
            self._lose(str(error).strip().splitlines()[0])
            return None
        self._heard_at, told = now, answer.result()
        if told is None:
            self._ask()
            return None
        dispatch: Dispatch
        self._seen, dispatch = told
        self._ask()
        return dispatch

    def _lose(self, why: str) -> None:
        log.warning("%s can be followed no more: %s. Waiting until it plays elsewhere.", self.name, why.rstrip("."))
        self.close()
