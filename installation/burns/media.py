"""All media together, and the knob that chooses among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from installation.burns import (  # noqa: F401 - importing a medium files it
    animorphosis,
    black_scholes,
    brownian,
    gaussian,
    heat,
    jpeg,
)
from installation.burns.registry import MEDIA, Medium
from installation.knobs import knob, panel, read


@panel("/burn")
@dataclass(frozen=True, slots=True)
class Burning:
    """Which physics burns."""

    medium: str = knob("gaussian", choices=tuple(MEDIA), doc="Which physics burns the image.")


def chosen(values: Mapping[str, float]) -> Medium:
    """The medium the board asks for, with its knobs as they stand."""
    return read(MEDIA[read(Burning, values).medium], values)
