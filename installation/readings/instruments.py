"""The instruments: all readings of the running piece in one place, and from there to the board, the log and OSC."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.board import Board
from installation.readings.energy import Account
from installation.readings.register import NOT_YET, STANDING, STATES, Missing, Reading, Taken, Value, declared, taken

if TYPE_CHECKING:
    from installation.machine.settings import Settings
    from installation.readings.meter import Meter

BOARD = "vitals-conductor"  # the conductor's own board among the wires
LOG_EVERY = 1.0  # seconds between two lines of a take's log
REMIND_EVERY = 1.0  # seconds after which OSC is told every standing again: listeners come late
BITS_PER_PIXEL = 24

#: An OSC message out: address and its one argument.
Note = tuple[str, float | str]
Send = Callable[[Sequence[Note]], None]
Log = Callable[..., None]


class Instruments:
    """Owns the board of readings. ``latest`` may be read from any thread: it is replaced, never changed."""

    def __init__(self, board: Path, settings: Settings, meter: Meter, send: Send, log: Log) -> None:
        """Lay the board: for every reading its number, NaN where there is none, and its standing (``STATES``).

        Neither ``send``, which takes OSC messages, nor ``log``, which takes a line for the running take, may wait.
        """
        self.readings: Mapping[str, Reading] = declared()
        self.latest: Mapping[str, Taken] = dict.fromkeys(self.readings, NOT_YET)
        self._place, self._every = settings.energy, 1.0 / settings.osc.readings_rate
        self._meter, self._send, self._log = meter, send, log
        self._told: dict[str, str] = {}
        self._due = self._remind = self._next_line = -math.inf
        self._board = Board.create(board, on_board(self.latest))

    def look(
        self,
        now: float,
        vitals: Callable[[], Mapping[str, float]],
        size: int,
        said: Callable[[], Mapping[str, Taken]] = dict,
    ) -> None:
        """Take every reading if it is time: the pictures' from the engine's vital signs, the machine's from the meter.

        ``size`` is the side of the pictures in pixels, ``said`` what guests say. Once a second there is a line for the
        take's log.
        """
        if now < self._due:
            return
        self._due = now + self._every
        engine = vitals()
        given = {"machine": self._account(now, engine, size), "guest": said()}
        self.latest = {
            address: each.take(given[each.of]) if each.of in given else taken(engine.get(each.key, math.nan))
            for address, each in self.readings.items()
        }
        self._board.write(on_board(self.latest))
        self._send(self._notes(now))
        if now >= self._next_line:
            self._next_line = now + LOG_EVERY
            self._log(**line(self.latest))

    def close(self) -> None:
        """Leave the board, and let the sensors go."""
        self._meter.close()
        self._board.close()

    def _account(self, now: float, engine: Mapping[str, float], size: int) -> Account:
        power = self._meter.read(now)
        lineages = max(engine.get("lineages", 1.0), 1.0)
        rate = engine.get("rate", 0.0) * lineages
        bits = float(size * size * BITS_PER_PIXEL) / lineages
        images = Value(rate) if rate > 0.0 else NOT_YET
        return Account(power.watts, power.joules, power.card, power.processor, images, bits, self._place)

    def _notes(self, now: float) -> list[Note]:
        """Every number there is; a standing when it changes, and all of them once a second."""
        numbers: list[Note] = [(at, each.number) for at, each in self.latest.items() if isinstance(each, Value)]
        states = {address: each.state for address, each in self.latest.items()}
        if now - self._remind >= REMIND_EVERY:
            self._remind, self._told = now, {}
        changed: list[Note] = [(at + STANDING, state) for at, state in states.items() if self._told.get(at) != state]
        self._told = dict(states)
        return changed + numbers


def on_board(latest: Mapping[str, Taken]) -> dict[str, float]:
    """Numbers and standings as the board has them."""
    numbers = {at: each.number if isinstance(each, Value) else math.nan for at, each in latest.items()}
    return numbers | {at + STANDING: float(STATES.index(each.state)) for at, each in latest.items()}


def off_board(values: Mapping[str, float]) -> dict[str, Taken]:
    """What a board says, for whoever joined it; a process may not know what all the readings on it are."""
    found: dict[str, Taken] = {}
    for address in (name for name in values if name + STANDING in values):
        state = STATES[int(values[address + STANDING])]
        number = values[address]
        found[address] = Missing(state) if math.isnan(number) else Value(number, estimated=state == "estimated")
    return found


def playing(boards: Iterable[Path]) -> dict[str, Taken]:
    """What the piece that plays on this machine says, of these boards; nothing where none does, or another version."""
    for path in boards:
        with contextlib.suppress(OSError, ValueError, KeyError):
            board = Board(path)
            try:
                return off_board(board.read())
            finally:
                board.close()
    return {}


def line(latest: Mapping[str, Taken]) -> dict[str, Any]:
    """A line for a take's log: numbers, and the standing of those that are not plainly measured."""
    numbers = {address: each.number for address, each in latest.items() if isinstance(each, Value)}
    states = {address: each.state for address, each in latest.items() if each.state != "measured"}
    return {"readings": numbers, "states": states}
