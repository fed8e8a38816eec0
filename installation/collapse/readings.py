"""What the collapses beside the show measure: declared here, told by their guests."""

from __future__ import annotations

from installation.collapse import images, text
from installation.readings.register import told

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
