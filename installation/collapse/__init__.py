"""Model collapse: models that are retrained on their own output until they forget, and the exact theory of it."""

from installation.collapse.ngram import CollapseError

__all__ = ["CollapseError"]
