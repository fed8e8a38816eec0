"""Guests: what the conductor looks after besides processes and knobs. Cues, modulators, web servers, cameras.

A guest is told of the house when it comes in, hears commands before the conductor does, is looked at in every tick and
may never make it wait. What it wants it posts as messages, like everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from installation.control.doors import Doors
    from installation.control.store import Store
    from installation.knobs import Knob
    from installation.machine.settings import Settings
    from installation.machine.staff import Employee
    from installation.machine.supervisor import Duty
    from installation.machine.wires import Wires
    from installation.records import Message, Order, Report
    from installation.scenes import Scene


class House(Protocol):
    """What a guest may know of the conductor, and ask of it. All of it belongs to the tick, except ``post``."""

    @property
    def settings(self) -> Settings:
        """What is true of this machine."""

    @property
    def wires(self) -> Wires:
        """The shared memory of this performance."""

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """Every knob by its address."""

    @property
    def doors(self) -> Doors:
        """The inbox, and the doors before it: a guest may add one."""

    @property
    def store(self) -> Store:
        """What every knob stands at."""

    @property
    def scene(self) -> Scene:
        """What plays, or is about to."""

    @property
    def programme(self) -> Any:
        """The plan of the house (``programme.hours.Programme``); None where its doors are always open."""

    @property
    def serial(self) -> int:
        """Generations since the scene began."""

    @property
    def readings(self) -> Mapping[str, Any]:
        """What was measured last, by key (``readings.Taken``)."""

    def health(self) -> Any:
        """How the piece is (``health.Health``)."""

    def post(self, *messages: Message, due: float = 0.0) -> bool:
        """Put messages that belong together into the inbox, for now or later; any thread may. False when it is full."""

    def tell(self, process: str, order: Order) -> None:
        """Give an order to a process; without that process it is lost."""

    def employ(self, duty: Duty, born: Callable[[], Sequence[Order]], learn: Callable[[Report], None]) -> Employee:
        """Have a process supervised until the end, or until it is dismissed; ``learn`` hears what it reports."""

    def dismiss(self, name: str, now: float) -> None:
        """Ask a process to leave and do not start it again."""

    def follow(self, programme: Any) -> None:
        """Keep to another plan (``programme.hours.Programme``) from now on; its chores come with the next start."""


class Guest:
    """A guest that does nothing: each says what it wants to know by what it overrides."""

    def open(self, house: House) -> None:
        """Come in; everything else is running. Raise ``Refusal`` to be left out with a sentence in the log."""

    def hear(self, message: Message, now: float) -> bool:  # noqa: ARG002 - the others' business
        """A command of ``COMMANDS`` that has passed its check: True if it was this guest's. May raise ``Refusal``."""
        return False

    def look(self, now: float) -> None:
        """Once a tick: take what has come in, post what is due. Milliseconds are too long."""

    def news(self, values: Mapping[str, float], sources: Mapping[str, str]) -> None:
        """Knobs that stand elsewhere than a tick ago, as board values, and who turned them, where somebody did."""

    def readings(self) -> Mapping[str, Any]:
        """What it measures now (``readings.Taken``), by addresses that ``readings.register.told`` has declared."""
        return {}

    def troubles(self) -> Sequence[str]:
        """What of it is not as it should be, in sentences for whoever is woken. Any thread may ask."""
        return ()

    def close(self) -> None:
        """Leave; wait for nothing longer than a second."""
