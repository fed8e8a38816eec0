"""Performing: what may be said to the piece, how it arrives, and what becomes of it."""
