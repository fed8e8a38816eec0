"""The collapse as the conductor's guest: it has the process watched, says how far it is, and dresses the engine."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from installation.collapse import CollapseError, folder
from installation.collapse.readings import GENERATION, OF_PICTURES, PROGRESS
from installation.collapsing import process
from installation.control.commands import COMMANDS
from installation.control.guest import Guest
from installation.machine.supervisor import Duty
from installation.readings.register import Taken, taken
from installation.records import Order

if TYPE_CHECKING:
    from installation.control.commands import Told
    from installation.control.guest import House
    from installation.machine.staff import Employee
    from installation.records import Message, Report

log = logging.getLogger(__name__)

RUN = re.compile(r"show-(\d{3,})")  # runs that nobody has named
READINGS = {"generation": GENERATION, "progress": PROGRESS, **OF_PICTURES}  # by their names on the process's board


class CollapseGuest(Guest):
    """At most one collapse at a time. What it finishes, the engine wears; what the calendar began ends at opening."""

    def __init__(self) -> None:
        """Nothing is done until somebody asks for it."""
        self._house: House | None = None
        self._employee: Employee | None = None
        self._path = Path()
        self._open = True
        self._nightly = self._waiting = False
        self._last: Mapping[str, Taken] = {}

    def open(self, house: House) -> None:
        """Know the house."""
        self._house = house

    def hear(self, message: Message, now: float) -> bool:
        """``/collapse/…``, and whether the doors are open: a collapse of the night must leave before the public."""
        if self._house is None or not message.address.startswith(("/collapse/", "/programme/open")):
            return False
        told = COMMANDS[message.address].parse(message.arguments)
        if message.address == "/programme/open":
            self._at_the_doors(self._house, now, is_open=bool(told))
            return False
        self._carry_out(self._house, message, told, now)
        return True

    def readings(self) -> Mapping[str, Taken]:
        """What it says of its last generation, as far as that is known; after its end, what it said last."""
        if self._employee:
            vitals = self._employee.ward.vitals.read()
            self._last = {READINGS[name]: taken(vitals[name]) for name in READINGS if not math.isnan(vitals[name])}
        return self._last

    def _carry_out(self, house: House, message: Message, told: Told, now: float) -> None:
        match message.address, told:
            case "/collapse/start", str(name) if message.source == "programme" and self._open:
                self._waiting = True
                log.info("The collapse %sbegins when the doors have closed.", f"{name} " if name else "")
            case "/collapse/start", str(name):
                self._start(house, name, nightly=message.source == "programme")
            case "/collapse/pause", bool(wanted):
                self._require_running()
                house.tell(process.NAME, Order("rest" if wanted else "wake"))
            case "/collapse/stop", True:
                self._require_running()
                self._stop(house, now)
            case "/collapse/wear", tuple(wanted):
                house.tell("engine", Order("wear", {"model": str(weights(house.settings.state, wanted))}))
            case "/collapse/rebirth", True:
                self._stop(house, now)
                house.tell("engine", Order("wear", {"model": None}))

    def _at_the_doors(self, house: House, now: float, *, is_open: bool) -> None:
        self._open = is_open
        if is_open and self._nightly:
            self._stop(house, now)
        if not is_open and self._waiting and self._employee is None:
            self._start(house, "", nightly=True)
        self._waiting = False

    def _start(self, house: House, name: str, *, nightly: bool) -> None:
        if self._employee:
            raise CollapseError(f"{self._path.name} is collapsing already; send /collapse/stop first.")
        self._path, self._nightly = folder.home(house.settings.state, name or following(house.settings.state)), nightly
        patience = (process.PATIENCE, process.PATIENCE)
        told = (self._path, house.settings.engine.models)
        duty = Duty(process.NAME, process.run, told, process.COLLAPSE_VITALS, *patience)
        self._employee = house.employ(duty, list, self._learn)
        log.info("Collapse %s: it goes on beside the show, in %s.", self._path.name, self._path)

    def _stop(self, house: House, now: float) -> None:
        if self._employee:
            house.dismiss(process.NAME, now)
            log.info("Collapse %s: ended. What it has finished is kept; /collapse/start goes on.", self._path.name)
        self._employee, self._nightly = None, False

    def _require_running(self) -> None:
        if self._employee is None:
            raise CollapseError("Nothing is collapsing; send /collapse/start first.")

    def _learn(self, report: Report) -> None:
        """What the process tells: every generation is announced, and the engine wears it."""
        house, data, name = self._house, report.data, self._path.name
        if house is None:
            return
        match report.name:
            case "generation":
                told = ", ".join(f"{key} {value:.3g}" for key, value in data["readings"].items())
                log.info("Collapse %s, generation %d: %s.", name, data["serial"], told)
                house.tell("engine", Order("wear", {"model": data["path"]}))
            case "ended":
                log.info("Collapse %s: %s", name, data["reason"])
                house.dismiss(process.NAME, time.monotonic())
                self._employee, self._nightly = None, False


def following(state: Path) -> str:
    """The run to go on with where nobody names one: the last that nobody has named, or, once that is done, the next."""
    unnamed = [kept for kept in folder.runs(state) if RUN.fullmatch(kept.name)]
    if not unnamed:
        return "show-001"
    last = max(unnamed, key=_number)
    return last.name if last.last < process.LAST else f"show-{_number(last) + 1:03}"


def weights(state: Path, wanted: tuple[object, ...]) -> Path:
    """The model's folder that a run and a generation name; without a generation, or with "newest", the last.

    Raises ``CollapseError`` for a run or generation that is not there.
    """
    match wanted:
        case (str(name),) | (str(name), "newest"):
            kept = folder.read(folder.home(state, name))
            return kept.weights(kept.last)
        case (str(name), int(serial) | float(serial)) if math.isfinite(serial):
            return folder.read(folder.home(state, name)).weights(round(serial))
    raise CollapseError("/collapse/wear takes the name of a run and a generation, or newest: show-001 3.")


def _number(kept: folder.Kept) -> int:
    return int(kept.name.removeprefix("show-"))
