"""Burntout: images burnt into noise and regenerated until they forget where they came from."""

__version__ = "0.1.0"
