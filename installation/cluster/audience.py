"""The audience of an engine elsewhere: stage machines that show its pictures besides the one that plays it.

They are sent what that one is sent, packed once for all. Whoever is slow misses something; nobody waits for him.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from installation.cluster.letters import Dispatch

if TYPE_CHECKING:
    from installation.records import Report

MOST = 16  # dispatches that are kept: half a second of a lively engine, at 1024 px raw not more than 50 MB
TOLD = ("playing", "generation", "sources")  # reports that are everybody's; the others are for whoever plays it


class Audience:
    """The last dispatches, numbered. One thread tells, others listen."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._last: deque[Dispatch] = deque(maxlen=MOST)
        self._number = 0  # of the newest
        self._playing: Report | None = None
        self._vitals: dict[str, float] = {}
        self._turn = threading.Condition()

    def tell(self, dispatch: Dispatch) -> None:
        """What was sent just now; the checkpoint in it is nobody else's business."""
        with self._turn:
            self._vitals = dict(dispatch.vitals)
            self._playing = next((each for each in reversed(dispatch.reports) if each.name == "playing"), self._playing)
            if dispatch.pictures or dispatch.reports:
                self._last.append(dispatch)
                self._number += 1
                self._turn.notify_all()

    def after(self, number: int, patience: float) -> tuple[int, Dispatch] | None:
        """All that came after a number, as one dispatch, and the number to ask with next; waits up to ``patience`` s.

        With number 0 it begins with what plays, and with the newest. None before anything was told.
        """
        with self._turn:
            self._turn.wait_for(lambda: self._number > number, patience)
            if not self._vitals:
                return None
            new = min(self._number - number, len(self._last)) if number else min(self._number, 1)
            return self._number, self._merged(list(self._last)[len(self._last) - new :], joins=not number)

    def _merged(self, dispatches: list[Dispatch], *, joins: bool) -> Dispatch:
        reports = [report for each in dispatches for report in each.reports if report.name in TOLD]
        if joins and self._playing and self._playing not in reports:
            reports.insert(0, self._playing)
        pictures = tuple(picture for each in dispatches for picture in each.pictures)
        glimpses = {name: data for each in dispatches for name, data in each.glimpses.items()}
        return Dispatch(pictures, tuple(reports), self._vitals, None, glimpses)
