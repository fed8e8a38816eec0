"""Knobs and readings of the collapses beside the show: the words on the wall, and the pictures' model."""

from __future__ import annotations

from dataclasses import dataclass

from installation.collapse import images, text
from installation.knobs import knob, panel
from installation.readings.register import told


@panel("/words")
@dataclass(frozen=True, slots=True)
class Words:
    """How a text collapses on the wall of a scene that has columns and does not say what stands in them."""

    pace: float = knob(24.0, low=2.0, high=600.0, unit="s", doc="How long a generation of words stands on the wall.")
    temperature: float = knob(0.7, low=0.1, high=2.0, doc="How boldly words are chosen: low stammers sooner.")
    last: int = knob(9, low=1, high=50, unit="generations", doc="After so many generations the real text is back.")


@panel("/collapse")
@dataclass(frozen=True, slots=True)
class Live:
    """Whether ember is retrained on its own pictures while the scene plays."""

    live: bool = knob(
        default=False, doc="Retrain ember on its own pictures beside the show; off gives its weights back."
    )


WORDS, PICTURES = "/reading/words/", "/reading/collapse/"
GENERATION = told(f"{PICTURES}generation", high=10.0, doc="Which model of the collapse was finished last.")
PROGRESS = told(f"{PICTURES}progress", doc="How much of the next one is done.")
WRITTEN = told(f"{WORDS}generation", high=10.0, doc="Which generation of words stands on the wall.")
#: What is measured of each finished generation, by its name there.
OF_PICTURES = {
    name: told(f"{PICTURES}{name}", unit=each.unit, doc=each.doc, source=each.source)
    for name, each in images.MEANING.items()
}
OF_WORDS = {
    name: told(f"{WORDS}{name.replace('_', '-')}", unit=each.unit, high=1000.0, doc=each.doc, source=each.source)
    for name, each in text.MEANING.items()
}
