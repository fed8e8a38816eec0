"""Words on the wall as the conductor's guest: a scene with empty columns has somebody who fills them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from installation.collapse.readings import OF_WORDS, WRITTEN
from installation.collapsing import author
from installation.control.guest import Guest
from installation.machine.supervisor import Duty
from installation.readings.register import Taken, taken
from installation.records import Message, Order

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.machine.staff import Employee
    from installation.records import Report
    from installation.scenes import Scene


LEADS = "/words/prompt"
SPOKEN = 24  # words of a prompt: a text encoder that reads 77 tokens reads them all


class WordsGuest(Guest):
    """Employs an author as long as the scene that plays wants one."""

    def __init__(self) -> None:
        """Nobody is employed, and the pictures go their own way."""
        self._leads = False
        self._house: House | None = None
        self._employee: Employee | None = None
        self._scene: Scene | None = None

    def open(self, house: House) -> None:
        """Know the house, and what its first scene wants: that was said before anybody came."""
        self._house = house
        self.news(house.scene.values, {})

    def look(self, now: float) -> None:
        """At a change of scenes: employ an author, or dismiss the one there is."""
        house = self._house
        if house is None or house.scene is self._scene:
            return
        self._scene = house.scene
        if self._employee and not wants_words(house.scene):
            house.dismiss(author.NAME, now)
            self._employee = None
        elif self._employee is None and wants_words(house.scene):
            duty = Duty(
                author.NAME,
                author.run,
                (house.scene.seed or 0,),
                author.AUTHOR_VITALS,
                author.PATIENCE,
                author.PATIENCE,
            )
            self._employee = house.employ(duty, list, self._learn)

    def readings(self) -> Mapping[str, Taken]:
        """What the author measures of its words."""
        if self._employee is None:
            return {}
        vitals = self._employee.ward.vitals.read()
        told = {WRITTEN: vitals["generation"], **{address: vitals[name] for name, address in OF_WORDS.items()}}
        return {address: taken(number) for address, number in told.items() if not math.isnan(number)}

    def news(self, values: Mapping[str, float], sources: Mapping[str, str]) -> None:  # noqa: ARG002 - whoever it was
        """Whether the pictures follow the words."""
        self._leads = values.get(LEADS, float(self._leads)) > 0.0

    def _learn(self, report: Report) -> None:
        if self._house is None or report.name != "columns":
            return
        self._house.tell("stage", Order("columns", dict(report.data)))
        if self._leads:
            _, newest = report.data["columns"][-1]
            self._house.post(Message("/prompt", (prompt_of(newest),), author.NAME))


def prompt_of(text: str) -> str:
    """The beginning of a text as one prompt: so many words, and nothing that would be heard as a blend."""
    return " ".join(text.replace("|", " ").split()[:SPOKEN])


def wants_words(scene: Scene) -> bool:
    """Whether a scene has columns and leaves it to others what stands in them."""
    return any(sign.kind == "columns" and not sign.columns for sign in scene.overlays)
