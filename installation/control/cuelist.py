"""The cue list of the scene that plays: who presses go, what begins when, and which cue stands by.

A cue loads its scene and says its words as messages, like everybody, and fades its knobs in the store. A scene that a
cue loads leaves the list in place; a scene that anybody else loads brings its own.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.conditioning import THE_SCENES
from installation.control.commands import COMMANDS, places
from installation.control.guest import Guest
from installation.control.store import RETURN
from installation.cues import CURVES, NO_CUES, Cue, CueError, chain, find, tracked
from installation.records import Message

if TYPE_CHECKING:
    from installation.control.guest import House

log = logging.getLogger(__name__)

DEBOUNCE = 0.1  # seconds: a thumb that trembles must not skip a cue (linux-show-player#166)
SOURCE = "cue list"
OURS = frozenset({"/go", "/back", "/cue/{number}/go", "/cue/{number}/arm", "/cue/stop"})
#: What is told of the list, and can be asked.
NOTES: Mapping[str, str] = {
    "/cue/current": "Number of the cue that was gone to last; empty before the first.",
    "/cue/current/name": "Its name.",
    "/cue/standing-by": "Number of the cue that /go begins; empty behind the last.",
    "/cue/standing-by/name": "Its name.",
}


@dataclass(frozen=True, slots=True)
class _Fading:
    """Knobs on their way, once the scene they belong to is there. None gives a knob back to the score."""

    values: Mapping[str, float | None]
    seconds: float
    curve: str


class CueList(Guest):
    """Owns what is current, what stands by and what is still to begin; fades belong to the store."""

    _house: House

    def __init__(self) -> None:
        """No list yet: the first look takes that of the scene."""
        self._cues: tuple[Cue, ...] = ()
        self._scene: object = None
        self._home = ""
        self._current: int | None = None
        self._standing = 0
        self._due: deque[tuple[float, int]] = deque()
        self._entering: _Fading | None = None
        self._answered = False
        self._pressed = -math.inf
        self._told: tuple[tuple[str, str], ...] = ()

    def open(self, house: House) -> None:
        """Come in and take the scene's list."""
        self._house = house
        self._take_list()
        self._say()

    def hear(self, message: Message, now: float) -> bool:
        """Cues are ours; a panic and another scene end what runs, and go on to whom they concern."""
        command = COMMANDS[message.address]
        if command.address == "/scene/load":
            self._on_scene(ours=message.source == SOURCE)
        pressed = command.parse(message.arguments) is True
        if pressed and command.address.startswith("/panic/"):
            self._stop(now)
            if command.address == "/panic/release":
                self._fade(_Fading(dict.fromkeys(self._house.store.faded), RETURN, CURVES[-1]), now)
        if pressed and command.address in OURS:
            self._press(command.address, places(command.address, message.address), now)
        return command.address in OURS

    def look(self, now: float) -> None:
        """Begin what is due, and say what stands where."""
        if self._entering and self._answered:
            self._enter(self._entering, now)
        elif not self._entering and self._house.scene is not self._scene:
            self._take_list()
        self._begin_due(now)
        self._say()

    # ------------------------------------------------------------------ what is pressed

    def _press(self, address: str, numbers: tuple[str, ...], now: float) -> None:
        match address:
            case "/go" if now >= self._pressed + DEBOUNCE:
                self._pressed = now
                self._go(self._next(), now)
            case "/back":
                self._back(now)
            case "/cue/{number}/go":
                self._go(find(self._cues, *numbers), now)
            case "/cue/{number}/arm":
                self._standing = find(self._cues, *numbers)
            case "/cue/stop":
                self._stop(now)

    def _next(self) -> int:
        if not self._cues:
            raise CueError(NO_CUES)
        if self._standing >= len(self._cues):
            raise CueError(f"The list has ended. /cue/{self._cues[0].number}/go begins it again.")
        return self._standing

    def _go(self, place: int, now: float) -> None:
        """Begin a cue and those that follow on it; what still waited from the last go is not begun any more."""
        self._due = deque((now + wait, each) for wait, each in chain(self._cues, place))
        self._standing = self._due[-1][1] + 1
        self._begin_due(now)

    def _back(self, now: float) -> None:
        """Undo the current cue as it came: its knobs, scene and words go back to what the list was before it."""
        if self._current is None:
            raise CueError("No cue was played; there is nothing to go back to.")
        undone, before = self._cues[self._current], tracked(self._cues, self._current - 1)
        self._due.clear()
        self._standing, self._current = self._current, self._current - 1 if self._current else None
        scene, prompt = before.scene or self._home, before.prompt
        if undone.prompt is not None and prompt is None:
            prompt = self._house.scene.prompt
        guides = dict.fromkeys(undone.guides, (THE_SCENES,)) | dict(before.guides)
        values = dict.fromkeys(self._house.store.faded) | dict(before.values)
        other = scene if scene != self._house.scene.name else None
        self._play(Cue("", scene=other, prompt=prompt, guides=guides), _Fading(values, undone.fade, undone.curve), now)

    def _stop(self, now: float) -> None:
        """End what runs: nothing that waits begins, every fade stands where it is."""
        self._due.clear()
        self._entering = None
        self._house.store.freeze(now)

    # ------------------------------------------------------------------ what begins

    def _begin_due(self, now: float) -> None:
        """A cue behind one whose scene is not there yet waits for it."""
        while self._due and self._due[0][0] <= now and not self._entering:
            moment, self._current = self._due.popleft()
            cue = self._cues[self._current]
            log.info("Cue %s%s.", cue.number, f", {cue.name}" if cue.name else "")
            self._play(cue, _Fading(cue.values, cue.fade, cue.curve), moment)

    def _play(self, cue: Cue, fading: _Fading, moment: float) -> None:
        """Say what a cue says, and fade where it goes."""
        wanted = (("/scene/load", cue.scene), ("/prompt", cue.prompt))
        said: list[tuple[str, tuple[str, ...]]] = [(address, (text,)) for address, text in wanted if text is not None]
        said += [(f"/{kind}", guide) for kind, guide in cue.guides.items()]
        messages = [Message(address, arguments, SOURCE, int(moment * 1e9)) for address, arguments in said]
        if messages and not self._house.post(*messages):
            log.warning("Too much waits already; the cue's scene and words are lost.")
        elif cue.scene is not None:
            self._entering, self._answered = fading, False
            return
        self._fade(fading, moment)

    def _fade(self, fading: _Fading, moment: float) -> None:
        self._house.store.fade(fading.values, moment, fading.seconds, fading.curve)

    # ------------------------------------------------------------------ scenes

    def _on_scene(self, *, ours: bool) -> None:
        """A scene is about to be loaded or refused: in the next look we know which."""
        self._answered = ours
        if not ours:
            self._entering = None

    def _enter(self, fading: _Fading, now: float) -> None:
        """The scene of a cue is there and the list stays; if it was refused, its knobs are not turned either."""
        self._entering = None
        if self._house.scene is not self._scene:
            self._scene = self._house.scene
            self._fade(fading, now)

    def _take_list(self) -> None:
        self._scene, self._cues, self._home = self._house.scene, self._house.scene.cues, self._house.scene.name
        self._current, self._standing = None, 0
        self._due.clear()

    # ------------------------------------------------------------------ what is said

    def _say(self) -> None:
        """Tell subscribers, and whoever asks, what is current and what stands by; "" is none."""
        current = self._cues[self._current] if self._current is not None else Cue("")
        standing = self._cues[self._standing] if self._standing < len(self._cues) else Cue("")
        said = (current.number, current.name, standing.number, standing.name)
        notes = tuple(zip(NOTES, said, strict=True))
        if notes != self._told:
            self._told = notes
            self._house.doors.read_out(notes)
