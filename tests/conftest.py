"""How tests draw their examples, and the pictures they all begin from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from installation import images
from installation.randomness import generator

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Image

# No deadline: nothing is timed in a test. Fixtures here are constants, so sharing them among examples is harmless.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
settings.register_profile("dev", CALM, max_examples=15)
settings.register_profile("ci", CALM, max_examples=100, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

ORIGIN = Path(__file__).parents[1] / "assets" / "origins" / "astronaut.png"


@pytest.fixture(scope="session")
def photograph() -> Image:
    """A real photograph, 1 x 3 x 64 x 64 in -1 to 1."""
    return images.to_tensor(images.load(ORIGIN, 64, 64))


@pytest.fixture
def rng() -> Generator:
    """Random numbers that are the same in every run."""
    return generator(20260101, 1)
