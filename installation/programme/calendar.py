"""The calendar: APScheduler wakes, the pure function of now decides, and only a change is posted.

APScheduler 3.11 is trusted with nothing but the alarm. Its own cron over midnight comes two days late after the spring
change of clocks, and its interval lists every time that was missed, so that a clock corrected by years would eat the
memory. Our trigger knows only the next full minute after now: all moments of a programme are full minutes.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from installation.programme.chores import Chore, next_time
from installation.programme.hours import Desired, Programme, desired_state
from installation.records import Message

if TYPE_CHECKING:
    from apscheduler.events import JobEvent

log = logging.getLogger(__name__)

MINUTE = 60  # seconds
SET_BACK = timedelta(minutes=2)  # a clock that says earlier than before by more than this was set back
SOURCE = "programme"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Calendar:
    """Posts ``/scene/load NAME`` and ``/programme/open T|F`` when the plan wants something else than before.

    It also has the nightly chores done, each in a thread of APScheduler's.
    """

    def __init__(
        self,
        programme: Programme,
        clock: Callable[[], datetime],
        post: Callable[[Message], object],
        period: int = MINUTE,
        chores: Mapping[str, Chore] | None = None,
    ) -> None:
        """Nothing is posted before ``start``. ``period``: whole seconds between two looks at ``clock``."""
        self._programme = programme
        self._clock = clock
        self._post = post
        self._period = period
        self._chores = chores or {}
        self._seen: datetime | None = None
        self._posted: Desired | None = None
        self._turn = threading.Lock()
        self._scheduler: Any = None

    def start(self) -> None:
        """Post what should be on now, then look again at every full period."""
        from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would report every single minute
        self.wake()
        careful = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=careful)
        self._scheduler.add_listener(_report, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self._scheduler.add_job(self.wake, trigger=_every(self._period), id=SOURCE)
        for name, chore in self._chores.items():
            daily = _daily(chore.at, self._programme)
            self._scheduler.add_job(chore.do, trigger=daily, id=name, misfire_grace_time=chore.grace)
        self._scheduler.start()

    def wake(self) -> None:
        """Look at the clock; post what changed since the last look.

        Any thread may call it at any time: a conductor that does so now and then also notices a clock set back, which
        an alarm set for a time of day sleeps through. At an opening the scene is posted again: what somebody played
        by hand yesterday must not rule today.
        """
        if not self._turn.acquire(blocking=False):
            return  # somebody else is looking at this very moment
        try:
            now = self._clock()
            if self._seen and now < self._seen - SET_BACK:
                self._set_alarms_anew(now)
            self._seen = now
            self._post_changes(desired_state(now, self._programme))
        finally:
            self._turn.release()

    def follow(self, programme: Programme) -> None:
        """Keep to another plan from the next look on. Its chores come with the next start."""
        self._programme = programme

    def close(self) -> None:
        """Stop waking. Waits for the alarm's own thread only, which is asleep or about to be."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def _set_alarms_anew(self, now: datetime) -> None:
        """Alarms of a later time would sleep until it comes again."""
        for job in self._scheduler.get_jobs() if self._scheduler else ():
            job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))

    def _post_changes(self, wanted: Desired) -> None:
        before, opened = self._posted, wanted.open and not (self._posted and self._posted.open)
        if wanted.scene is not None and (before is None or opened or wanted.scene != before.scene):
            self._post(Message("/scene/load", (wanted.scene,), SOURCE, time.monotonic_ns()))
        if before is None or wanted.open != before.open:
            self._post(Message("/programme/open", (wanted.open,), SOURCE, time.monotonic_ns()))
        self._posted = wanted  # last: what could not be posted is tried again at the next look


def next_look(now: datetime, period: int) -> datetime:
    """The first multiple of ``period`` seconds since 1970 that lies after ``now``."""
    count = math.floor(now.timestamp() / period) + 1
    return datetime.fromtimestamp(count * period, UTC)


def _every(period: int) -> Any:
    """A trigger for every full period."""
    return _trigger(lambda after: next_look(after, period))


def _daily(at: int, programme: Programme) -> Any:
    """A trigger for once a day, at minutes after midnight on the wall."""
    return _trigger(lambda after: next_time(after, at, programme.zone))


def _trigger(following: Callable[[datetime], datetime]) -> Any:
    """A trigger of APScheduler that asks only for the next time after now, however many were missed."""
    from apscheduler.triggers.base import BaseTrigger

    class Following(BaseTrigger):  # type: ignore[misc] # APScheduler ships no types
        def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
            return following(now if previous is None else max(now, previous))

    return Following()


def _report(event: JobEvent) -> None:
    """APScheduler swallows what its jobs raise; the next time comes all the same."""
    reason = getattr(event, "exception", None)
    what = f"failed ({reason})" if reason is not None else "was missed"
    if event.job_id == SOURCE:
        log.error("A look at the programme %s. It is looked at again within a minute.", what)
    else:
        log.error("The nightly chore %s %s. It is tried again tomorrow.", event.job_id, what)
