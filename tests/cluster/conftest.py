"""A cluster of three nodes, founded once for all tests that need one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from installation.cluster.passport import Passport, passport
from installation.cluster.reach import Reach, reached
from installation.machine.settings import Settings
from tests.cluster import federation as federations

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def federation() -> Iterator[federations.Federation]:
    """Three nodes on this machine. A driver may be connected to one cluster at a time."""
    pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")
    with federations.federation() as founded:
        yield founded


@pytest.fixture(scope="module")
def reach(federation: federations.Federation) -> Iterator[Reach]:
    """The tests of a file as one driver: its workers live as long."""
    with reached(federation.address, patience=20.0) as reach:
        yield reach


@pytest.fixture(scope="session")
def ours() -> Passport:
    """This machine's passport, for work that restores nothing."""
    return passport((), Settings())
