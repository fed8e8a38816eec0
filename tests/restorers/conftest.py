"""What the tests of restorers share."""

import pytest
import torch


@pytest.fixture
def defaults(monkeypatch):
    """The kinds of numbers that torch was told to take for granted, in all threads: in a loop that plays meanwhile."""
    kinds, change = set(), torch.set_default_dtype

    def changed(kind):
        kinds.add(kind)
        change(kind)

    monkeypatch.setattr(torch, "set_default_dtype", changed)
    return kinds
