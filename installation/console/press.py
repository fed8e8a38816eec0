"""The press: publishes takes one after the other, each in a process of its own, and says how far it is."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from installation.console import shelf, waiting
from installation.console.errand import ErrandError, errand
from installation.errors import Refusal
from installation.machine.files import StorageError
from installation.recording.takes import TakeError

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from installation.recording.takes import Take

log = logging.getLogger(__name__)

MOST_WAITING = 8
REMEMBERED = 8  # jobs that have ended

Do = Callable[[Mapping[str, Any]], AsyncGenerator[Mapping[str, Any], None]]
Stage = Literal["waiting", "working", "done", "failed", "cancelled"]


class PressError(Refusal):
    """A job that cannot be taken, or is not there, with the reason."""


@dataclass(frozen=True, slots=True)
class Job:
    """An edition that was asked for: how far it is (0 to 1), what was made of it, and what there is to say."""

    number: int
    take: str
    title: str
    forms: tuple[str, ...]
    stage: Stage = "waiting"
    share: float = 0.0
    made: tuple[str, ...] = ()
    said: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.stage in {"done", "failed", "cancelled"}


class Press:
    """Owns the jobs and the one process that works at them. Belongs to the server's thread.

    What waits, or is worked at, is written down: a piece that is started again takes it up.
    """

    def __init__(self, state: Path, reserve_bytes: int, do: Do = errand) -> None:
        """Nothing is to be done. ``reserve_bytes`` of the disk are left alone; ``do`` does a job and says how far."""
        self._do, self._state = do, state
        self._order = {"job": "edition", "state": str(state), "reserve_bytes": reserve_bytes}
        self._jobs: dict[int, Job] = {}
        self._folders: dict[int, Path] = {}
        self._numbers = itertools.count(1)
        self._wanted, self._changed = asyncio.Event(), asyncio.Event()
        self._at_work: asyncio.Task[None] | None = None
        self._written: list[waiting.Wanted] = []
        self._ended = False
        self.made = 0  # editions, since the beginning

    def told(self) -> list[dict[str, Any]]:
        """Every job, the newest first."""
        return [asdict(job) for job in reversed(self._jobs.values())]

    def is_busy_with(self, take: str) -> bool:
        """Whether a job of this take waits or is worked at."""
        return any(job.take == take and not job.is_over for job in self._jobs.values())

    def ask(self, take: Take, forms: Sequence[str]) -> Job:
        """Take a job. Raises ``PressError`` where too many wait, or where it is wanted already."""
        wanted = [job for job in self._jobs.values() if not job.is_over]
        if len(wanted) > MOST_WAITING:
            raise PressError(f"{MOST_WAITING} jobs wait already. Ask again when one is done, or cancel one.")
        if any((job.take, job.forms) == (take.name, tuple(forms)) for job in wanted):
            raise PressError("That is being published already.")
        return self._take(take, forms)

    def cancel(self, number: int) -> None:
        """End a job, whether it waits or is worked at. Raises ``PressError`` where there is none."""
        job = self._jobs.get(number)
        if job is None or job.is_over:
            raise PressError("There is no such job any more.")
        if job.stage == "working" and self._at_work:
            self._at_work.cancel()
        self._note(job, stage="cancelled")

    async def working(self, _: web.Application) -> AsyncIterator[None]:
        """As long as the application runs, one job after the other is done, those first that waited when it ended."""
        await self._take_up()
        work, writing = (asyncio.create_task(each) for each in (self._work(), self._write_down()))
        yield
        for each in (work, self._at_work):
            if each:
                each.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await each
        self._ended = True
        self._changed.set()
        await writing  # to its end: a disk that was slow must not have the last word

    def _take(self, take: Take, forms: Sequence[str]) -> Job:
        job = Job(next(self._numbers), take.name, take.title or take.scene, tuple(forms))
        self._jobs[job.number], self._folders[job.number] = job, take.folder
        self._wanted.set()
        self._changed.set()
        return job

    async def _take_up(self) -> None:
        """Go on with what waited when the piece last ended; a take that is gone meanwhile is said."""
        self._written = await asyncio.to_thread(waiting.kept, self._state)
        for wanted in self._written[: MOST_WAITING + 1]:
            try:
                self._take(await asyncio.to_thread(shelf.find, wanted.take, self._state), wanted.forms)
            except TakeError as error:
                log.warning("%s is not published as %s. %s", wanted.take[:80], ", ".join(wanted.forms)[:80], error)
                job = Job(next(self._numbers), wanted.take, wanted.take, wanted.forms, "failed", said=str(error))
                self._jobs[job.number], self._folders[job.number] = job, self._state
                self._changed.set()

    async def _write_down(self) -> None:
        while not self._ended:
            await self._changed.wait()
            self._changed.clear()
            await self._keep()
        await self._keep()  # what came while the last was being written

    async def _keep(self) -> None:
        """Write down what is not over, in a thread: a disk may be slow. One that refuses costs the memory only."""
        wanted = [waiting.Wanted(job.take, job.forms) for job in self._jobs.values() if not job.is_over]
        if wanted == self._written:
            return
        try:
            await asyncio.to_thread(waiting.keep, self._state, wanted)
            self._written = wanted
        except StorageError as error:
            log.warning("What waits to be published is not written down. %s", error)

    async def _work(self) -> None:
        while await self._wanted.wait():
            waiting = next((job for job in self._jobs.values() if job.stage == "waiting"), None)
            if waiting is None:
                self._wanted.clear()
                continue
            self._at_work = asyncio.create_task(self._publish(self._note(waiting, stage="working")))
            await asyncio.wait({self._at_work})

    async def _publish(self, job: Job) -> None:
        order = {**self._order, "folder": str(self._folders[job.number]), "forms": job.forms}
        try:
            async with contextlib.aclosing(self._do(order)) as lines:
                async for line in lines:
                    job = self._hear(job, line)
        except (ErrandError, OSError) as error:
            log.warning("%s was not published. %s", job.take, error)
            self._note(job, stage="failed", said=str(error))
        else:
            log.info("Published %s: %s.", job.take, ", ".join(job.made))
            self._note(job, stage="done", share=1.0)

    def _hear(self, job: Job, line: Mapping[str, Any]) -> Job:
        made = (*job.made, str(line["made"])) if "made" in line else job.made
        self.made += len(made) - len(job.made)
        return self._note(job, share=float(line.get("share", job.share)), made=made)

    def _note(self, job: Job, **news: Any) -> Job:
        """Remember how a job stands; of those that have ended the oldest are forgotten."""
        self._jobs[job.number] = noted = replace(job, **news)
        if noted.is_over:
            self._changed.set()
        over = [number for number, each in self._jobs.items() if each.is_over]
        for number in over[:-REMEMBERED]:
            del self._jobs[number], self._folders[number]
        return noted
