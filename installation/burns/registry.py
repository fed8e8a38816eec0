"""The register of media: filing one gives it an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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


def name_of(medium: Medium) -> str:
    """The name a medium is filed under."""
    return next(name for name, filed in MEDIA.items() if type(medium) is filed)


def burn(medium: Medium, image: Image, dice: Callable[[], Generator]) -> Burnt:
    """Burn an image so that it can be burnt again: fills in ``medium`` and ``again`` of the ``Burnt``.

    ``dice`` gives the same random numbers afresh whenever it is called. ``again`` returns a whole ``Burnt`` and not
    its image alone, as whoever restores from a cooler one must know its sigma.
    """

    def again(guess: Image, temperature: float) -> Burnt:
        return burn(replace(medium, temperature=temperature), guess, dice)  # type: ignore[type-var] # a panel

    return replace(medium(image, dice()), medium=name_of(medium), again=again)
