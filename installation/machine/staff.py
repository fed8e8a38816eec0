"""The staff: every supervised process by name, employed in an order and sent home in its reverse."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.machine.supervisor import Ward

if TYPE_CHECKING:
    from installation.machine.supervisor import Duty
    from installation.machine.wires import Wires
    from installation.records import Order, Report

Learn = Callable[["Report"], None]
GLANCE = 0.01  # seconds between two looks at who is leaving


@dataclass(frozen=True, slots=True)
class Employee:
    """A process that was asked for: who watches it, and who hears what it reports."""

    ward: Ward
    learn: Learn


class Staff:
    """Owns the wards. Everything here belongs to one thread, and only ``leave`` waits."""

    def __init__(self, wires: Callable[[], Wires], most_bytes: float = math.inf) -> None:
        """Nobody is employed yet; ``wires`` is asked for when somebody is, who may hold ``most_bytes`` of memory."""
        self._wires, self._most_bytes = wires, most_bytes
        self._employees: dict[str, Employee] = {}
        self._leaving: list[Employee] = []

    def __getitem__(self, name: str) -> Ward:
        """The ward of a process. Raises ``KeyError`` for one that was never employed."""
        return self._employees[name].ward

    def __contains__(self, name: object) -> bool:
        """Whether a process of this name is employed."""
        return name in self._employees

    @property
    def wards(self) -> dict[str, Ward]:
        """Everybody who is employed, by name, in the order of their coming."""
        return {name: employee.ward for name, employee in self._employees.items()}

    def employ(self, duty: Duty, born: Callable[[], Sequence[Order]], learn: Learn) -> Employee:
        """Start a process and keep it alive. Raises ``ValueError`` for a name that is taken."""
        if duty.name in self._employees:
            raise ValueError(f"There is a {duty.name} already.")
        employee = self._employees[duty.name] = Employee(Ward(duty, self._wires(), born, self._most_bytes), learn)
        _look(employee, time.monotonic())
        return employee

    def dismiss(self, name: str, now: float) -> None:
        """Ask a process to leave, and do not start it again; nothing happens where there is none."""
        if employee := self._employees.pop(name, None):
            employee.ward.stop(now)
            self._leaving.append(employee)

    def tell(self, name: str, order: Order) -> None:
        """Give an order to a process, whichever life it is in; where nobody of that name is employed it is lost."""
        if employee := self._employees.get(name):
            employee.ward.post(order)

    def look(self, now: float) -> None:
        """Once a tick: what they report, and whatever has to be done about them."""
        for employee in (*self._employees.values(), *self._leaving):
            _look(employee, now)
        self._leaving = [employee for employee in self._leaving if not _let_go(employee)]

    def stop(self, now: float) -> None:
        """Ask everybody to leave, the last who came first."""
        for employee in reversed(self._employees.values()):
            employee.ward.stop(now)

    def leave(self, deadline: float) -> None:
        """Listen to everybody until they have left, at the latest until the deadline; then make sure of it."""
        self.stop(time.monotonic())
        for employee in reversed((*self._employees.values(), *self._leaving)):
            while not employee.ward.gone(GLANCE) and time.monotonic() < deadline:
                _hear(employee)
            _hear(employee)
            employee.ward.kill()


def _look(employee: Employee, now: float) -> None:
    for report in employee.ward.look(now):
        employee.learn(report)


def _hear(employee: Employee) -> None:
    for report in employee.ward.hear():
        employee.learn(report)


def _let_go(employee: Employee) -> bool:
    """Whether a process that was dismissed has left."""
    gone = employee.ward.gone(0.0)
    if gone:
        _hear(employee)
        employee.ward.kill()
    return gone
