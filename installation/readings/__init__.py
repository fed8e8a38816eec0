"""Readings: quantities measured on pictures and machine, each with its unit, definition and estimator.

Importing this room fills the register.
"""

from installation.readings import (  # noqa: F401 - filed
    cluster,
    dice,
    distance,
    diversity,
    energy,
    entropy,
    memory,
    noise,
    spectrum,
    stillness,
    tail,
)
from installation.readings.entropy import shannon_entropy
from installation.readings.look import Look, luma
from installation.readings.memory import likeness, recollection
from installation.readings.picture import of_picture
from installation.readings.register import Missing, Reading, Taken, Value, declared
from installation.readings.window import Window

__all__ = [
    "Look",
    "Missing",
    "Reading",
    "Taken",
    "Value",
    "Window",
    "declared",
    "likeness",
    "luma",
    "of_picture",
    "recollection",
    "shannon_entropy",
]
