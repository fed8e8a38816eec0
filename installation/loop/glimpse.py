"""A glimpse: a picture from outside that enters the loop between two generations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.loop.knobs import Seeing
    from installation.records import Image


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What was seen, 1 x 3 x H x W, how much of it is mixed in, and the name under which a take keeps it."""

    name: str
    image: Image
    share: float


#: A look outside as the knobs say; None where nothing is to be seen.
Outside = Callable[["Seeing"], Glimpse | None]


def blind(seeing: Seeing) -> Glimpse | None:  # noqa: ARG001 - whatever the knobs say
    """Nothing is ever seen: a loop without a camera."""
    return None
