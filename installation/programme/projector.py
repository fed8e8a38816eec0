"""The projectors' power follows the doors, from a thread of its own: nobody waits for a lamp or a network.

A lamp that warms or cools is left in peace, by what the projector says and by the clock, as many say nothing useful
meanwhile; a projector is asked at most once a minute, as some lock up when they are asked often.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Literal, Self

from installation.machine.settings import ProjectorSettings, split_target
from installation.programme.pjlink import Power, ProjectorError, linked

log = logging.getLogger(__name__)

AT_LEAST = 10.0  # seconds between two exchanges, however often the doors open and close
LEAVE_WITHIN = 2.0  # seconds

Switch = Callable[[bool], Awaitable[None]]


def decide(power: Power, busy: float, *, wanted: bool) -> Literal["on", "off"] | None:
    """What to tell a projector: nothing where it is as wanted, warms, cools, or was told less than ``busy`` s ago.

    ``busy`` is what is left of its warming or cooling time, 0 or less when it is over.
    """
    if busy > 0 or power in {Power.WARMING, Power.COOLING} or (power == Power.ON) == wanted:
        return None
    return "on" if wanted else "off"


class Beamer:
    """One projector with PJLink, and what it was told last."""

    def __init__(self, target: str, settings: ProjectorSettings) -> None:
        """``target`` is host:port."""
        self.name = target
        self._host, self._port = split_target(target)
        self._settings = settings
        self._free = -math.inf  # when it has warmed or cooled, on the loop's clock
        self._faults = ""

    async def __call__(self, wanted: bool) -> None:  # noqa: FBT001 - open or closed, as the doors are
        """One exchange: ask, and switch where that is due."""
        secret = self._settings.password.get_secret_value() if self._settings.password else None
        async with linked(self._host, self._port, secret, self._settings.patience) as link:
            now = asyncio.get_running_loop().time()
            told = decide(await link.power(), self._free - now, wanted=wanted)
            self._mention(await link.faults())
            if told:
                await link.switch(on=wanted)
                self._free = now + (self._settings.warm_up if wanted else self._settings.cool_down)
                log.info("Projector %s is told to go %s.", self.name, told)

    def _mention(self, faults: str) -> None:
        if faults != self._faults:
            self._faults = faults
            log.warning("Projector %s says: %s.", self.name, faults or "all is well again")


class Display:
    """A screen or projector without a network: commands of the graphics server, DPMS as a rule."""

    def __init__(self, settings: ProjectorSettings) -> None:
        """The commands come from the settings."""
        self.name = "display"
        self._settings = settings

    async def __call__(self, wanted: bool) -> None:  # noqa: FBT001 - open or closed, as the doors are
        """Run the command; again at every look, as a nudged mouse wakes a display."""
        words = self._settings.on if wanted else self._settings.off
        try:
            process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.DEVNULL)
        except OSError as error:
            raise ProjectorError(
                f"cannot run {words[0]} ({error.strerror}); install it or change projector.on/off"
            ) from None
        try:
            code = await asyncio.wait_for(process.wait(), self._settings.patience)
        except TimeoutError:
            raise ProjectorError(f"waited {self._settings.patience:g} s for {words[0]} in vain") from None
        finally:
            if process.returncode is None:  # it hangs, or we are leaving
                process.kill()
                await process.wait()
        if code:
            raise ProjectorError(f"is not switched: {' '.join(words)} failed with exit code {code}")


class Projectors:
    """All of them. ``want`` says how they should be, from any thread, as often as one likes; nothing is awaited."""

    def __init__(self, settings: ProjectorSettings, at_least: float = AT_LEAST) -> None:
        """Nothing is switched before the first wish."""
        self._settings, self._at_least = settings, at_least
        self._switches: list[Beamer | Display] = []
        if settings.kind == "pjlink":
            self._switches = [Beamer(target, settings) for target in settings.hosts]
        elif settings.kind == "display":
            self._switches = [Display(settings)]
        self._wanted: bool | None = None
        self._changes: list[asyncio.Event] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._live, name="projectors", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread, where there is anything to switch."""
        if self._switches:
            self._loop = asyncio.new_event_loop()
            self._task = self._loop.create_task(self._mind_all())
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go; the projectors stay as they are: a piece that starts again must not cost a lamp its cooling time."""
        if self._loop and self._task:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(LEAVE_WITHIN)

    def want(self, *, on: bool) -> None:
        """How they should be from now on."""
        if self._loop:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._hear, on)

    def _hear(self, on: bool) -> None:  # noqa: FBT001 - open or closed, as the doors are
        if on != self._wanted:
            self._wanted = on
            for change in self._changes:
                change.set()

    def _live(self) -> None:
        loop = self._loop
        if loop is not None and self._task is not None:
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    loop.run_until_complete(self._task)
            finally:
                loop.close()

    async def _mind_all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for switch in self._switches:
                self._changes.append(change := asyncio.Event())
                tasks.create_task(self._mind(switch, change))

    async def _mind(self, switch: Beamer | Display, change: asyncio.Event) -> None:
        """Visit a projector when the wish changes, and once a minute; say each kind of trouble once."""
        await change.wait()
        trouble = ""
        while True:
            change.clear()
            said = await self._visit(switch)
            if said != trouble:
                trouble = said
                log.log(logging.WARNING if said else logging.INFO, "Projector %s %s.", switch.name, said or "is well")
            await asyncio.sleep(self._at_least)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(change.wait(), max(self._settings.poll - self._at_least, 0.0))

    async def _visit(self, switch: Beamer | Display) -> str:
        """One exchange; returns what went wrong, or nothing."""
        try:
            await switch(bool(self._wanted))
        except ProjectorError as error:
            return str(error)
        return ""
