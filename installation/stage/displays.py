"""Displays: which there are, where they lie on the screen, and when that changes. They are kept awake.

SDL hears nothing of an X11 output that is switched off and on again, so the stage
looks for itself every two seconds, in a thread: nothing here makes a flip wait.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from installation.stage.placement import Box

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two looks
PATIENCE = 2.0  # seconds for an answer of the X server
CONNECTORS = Path("/sys/class/drm")
#: The screen saver off; DPMS on, but never by itself: the doors switch projectors through it.
AWAKE = (("xset", "s", "off", "s", "noblank"), ("xset", "dpms", "0", "0", "0"))
_LIT = re.compile(
    r"^(\S+) (?:connected|disconnected|unknown connection) (?:primary )?(\d+)x(\d+)\+(-?\d+)\+(-?\d+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Display:
    """Something that shows a part of the screen: its name, and its rectangle in screen pixels."""

    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class Seen:
    """What there was at one look: the displays that are lit, from the left; the sockets in which something is plugged.

    Both are empty where nobody knows.
    """

    displays: tuple[Display, ...] = ()
    sockets: tuple[str, ...] = ()


def parse(told: str) -> tuple[Display, ...]:
    """The lit displays in what ``xrandr`` prints, from the left, then from the top.

    A display counts when it shows something, plugged in or not: that is what can be drawn on.
    """
    found = [Display(name, Box(int(x), int(y), int(w), int(h))) for name, w, h, x, y in _LIT.findall(told)]
    return tuple(sorted(found, key=lambda display: (display.box.x, display.box.y)))


def sockets(folder: Path = CONNECTORS) -> tuple[str, ...]:
    """The sockets of all graphics cards in which something is plugged, as the kernel names them."""
    found = []
    for status in sorted(folder.glob("card*-*/status")):
        with contextlib.suppress(OSError):
            if status.read_text(encoding="ascii").strip() == "connected":
                found.append(status.parent.name)
    return tuple(found)


def look(environ: Mapping[str, str]) -> Seen:
    """What there is now. Waits for the X server, at most ``PATIENCE`` seconds; any thread but the one that flips."""
    told = _told(("xrandr", "--current"), environ)  # current: without it the cards are probed, and pictures stumble
    return Seen(parse(told), sockets())


def wake(environ: Mapping[str, str]) -> None:
    """Keep the displays of an X server from going dark by themselves."""
    for command in AWAKE:
        _told(command, environ)


def extent(displays: Sequence[Display]) -> Box:
    """The smallest rectangle around all displays; empty without any."""
    if not displays:
        return Box(0, 0, 0, 0)
    left, top = min(display.box.x for display in displays), min(display.box.y for display in displays)
    right = max(display.box.x + display.box.width for display in displays)
    bottom = max(display.box.y + display.box.height for display in displays)
    return Box(left, top, right - left, bottom - top)


class Watch:
    """A thread that looks again and again, and whenever something has changed keeps the displays awake."""

    def __init__(self, first: Seen, again: Callable[[], Seen], awake: Callable[[], None], every: float = EVERY) -> None:
        """Begin with what was seen first; look every so many seconds."""
        self.seen = first
        self._again, self._awake = again, awake
        self._every = every
        self._news: queue.Queue[Seen] = queue.Queue()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._work, name="displays", daemon=True)
        self._thread.start()

    def news(self) -> Seen | None:
        """What is there now, if that is something else than before. Never waits."""
        newest = None
        with contextlib.suppress(queue.Empty):
            while True:
                newest = self._news.get_nowait()
        return newest

    def close(self) -> None:
        """Look no more; a look that is under way is waited for."""
        self._leaving.set()
        self._thread.join(PATIENCE)

    def _work(self) -> None:
        self._awake()
        while not self._leaving.wait(self._every):
            seen = self._again()
            if seen != self.seen:
                log.info("The displays are now %s.", ", ".join(map(_described, seen.displays)) or "not to be seen")
                self.seen = seen
                self._news.put(seen)
                self._awake()


def watching(environ: Mapping[str, str]) -> Watch:
    """A watch over the displays of the X server that the stage is going to open its window on, kept awake by it.

    Without one there is nothing to be seen. Waits for its first answer, as ``look`` does.
    """
    ours = dict(environ) if environ.get("SDL_VIDEODRIVER", "x11") == "x11" else {}
    return Watch(look(ours), partial(look, ours), partial(wake, ours))


def _described(display: Display) -> str:
    return "{} ({} x {} at {}, {})".format(display.name, *display.box[2:], *display.box[:2])


def _told(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a program of the X server printed; nothing where there is no server, no program, or no answer in time."""
    if not environ.get("DISPLAY") or shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.debug("%s gave no answer: %s", command[0], error)
        return ""
    return done.stdout
