"""Restoring: the reverse process, one model family per file, all behind one protocol."""

from installation.restorers.protocol import ModelError, Restorer, Restoring

__all__ = ["ModelError", "Restorer", "Restoring"]
