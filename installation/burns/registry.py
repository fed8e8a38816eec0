"""The register of media: filing one gives it an address, and a guard against what cannot be burnt."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from installation.errors import Refusal
from installation.knobs import panel

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image


COLOURS = 3
Burn = Callable[[Any, "Image", "Generator"], "Burnt"]
Filed = TypeVar("Filed", bound=type)


class BurnError(Refusal, ValueError):
    """A picture or a temperature that no medium can burn, with the reason."""


class Medium(Protocol):
    """What burns: a frozen panel of knobs with at least a temperature."""

    @property
    def temperature(self) -> float: ...

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        """Burn a B x 3 x H x W image in -1 to 1. At temperature 0 the image comes back untouched.

        Raises ``BurnError`` for a temperature outside 0 to 1 and for what is no picture.
        """
        ...


MEDIA: dict[str, type[Medium]] = {}


def medium(name: str) -> Callable[[Filed], Filed]:
    """File a medium under ``/burn/NAME``, guarded. Raises ``ValueError`` when the name is taken."""

    def file(cls: Filed) -> Filed:
        panel(f"/burn/{name}")(cls)
        cls.__call__ = guarded(cls.__call__)  # type: ignore[method-assign] # of a class that is not finished
        MEDIA[name] = cls
        return cls

    return file


def guarded(burn: Burn) -> Burn:
    """A medium's burn that first refuses what cannot be burnt: no medium has to remember to, and none can forget."""

    @functools.wraps(burn)
    def refusing(self: Medium, image: Image, rng: Generator) -> Burnt:
        require_burnable(image, self.temperature)
        return burn(self, image, rng)

    return refusing


def require_burnable(image: Image, temperature: float) -> None:
    """Raises ``BurnError`` unless image is B x 3 x H x W floats, not empty, all finite, and 0 <= temperature <= 1."""
    shape = " x ".join(map(str, image.shape))
    if not 0.0 <= temperature <= 1.0:
        raise BurnError(f"A temperature lies between 0 and 1, not {temperature}.")
    if image.ndim != len("BCHW") or image.shape[1] != COLOURS or not image.is_floating_point():
        raise BurnError(f"A medium burns a batch of B x 3 x H x W floats, not {shape} of {image.dtype}. See to_tensor.")
    if not image.numel():
        raise BurnError(f"A picture of {shape} values is empty: there is nothing to burn.")
    if not math.isfinite(float(image.sum())) and not bool(image.isfinite().all()):  # a sum is four times as fast
        raise BurnError("The picture has values that are no finite numbers; burning would spread them. Take another.")
