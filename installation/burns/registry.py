"""The register of media: filing one gives it an address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from installation.knobs import panel

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image


class Medium(Protocol):
    """What burns: a frozen panel of knobs with at least a temperature."""

    temperature: float

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        """Burn a B x 3 x H x W image in -1 to 1. At temperature 0 the image comes back untouched."""
        ...


Filed = TypeVar("Filed", bound=type)
MEDIA: dict[str, type[Medium]] = {}


def medium(name: str) -> Callable[[Filed], Filed]:
    """File a medium under ``/burn/NAME``. Raises ``ValueError`` when the name is taken."""

    def file(cls: Filed) -> Filed:
        panel(f"/burn/{name}")(cls)
        MEDIA[name] = cls
        return cls

    return file
