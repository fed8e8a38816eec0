"""Collapse beside the show: ember is retrained on its own pictures while it plays, and wears what comes of it."""
