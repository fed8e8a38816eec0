"""Readings: quantities measured on the pictures, each with its unit, definition and estimator."""

from installation.readings.entropy import luma, shannon_entropy
from installation.readings.memory import likeness, recollection

__all__ = ["likeness", "luma", "recollection", "shannon_entropy"]
