"""When memory runs out: first the autoencoder takes pictures in parts, then they are restored at half their size.

Each is said once, and holds until the model is loaded anew. A generation that failed is begun again with the same
random numbers. Where not even that fits, it is refused, and the engine is started anew with an empty card.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image, Step
    from installation.restorers.protocol import Restoring

    Restore = Callable[[Burnt, Restoring, Generator], Iterator[Step]]

log = logging.getLogger(__name__)

WHOLE, IN_PARTS, HALF = range(3)
SAID = {
    IN_PARTS: "The memory ran out, so the autoencoder takes pictures in parts from now on.",
    HALF: "The memory ran out again, so pictures are restored at half their size from now on.",
}


class Thrift:
    """Restores as large as there is memory for. ``level`` says how it has to be done by now."""

    def __init__(self, autoencoders: tuple[Any, ...], factor: int, release: Callable[[], None]) -> None:
        """``factor``: what sides must be multiples of; ``release`` gives back what is only kept to be quick."""
        self.level = WHOLE
        self._autoencoders, self._factor, self._release = autoencoders, factor, release

    def restore(self, way: Restore, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """The steps of a way of restoring, at this level, or at the next where the memory runs out on the way.

        Raises ``ModelError`` where it runs out at the last.
        """
        import torch

        numbers = rng.bit_generator.state
        while True:
            try:
                yield from self._at_level(way, burnt, knobs, rng)
            except torch.OutOfMemoryError:
                rng.bit_generator.state = numbers
            else:
                return
            self._tighten(burnt.image)  # only here has the exception let go of the tensors in its frames

    def _at_level(self, way: Restore, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        if self.level < HALF:
            return way(burnt, knobs, rng)
        return (_doubled(step) for step in way(_halved(burnt), knobs, rng))

    def _tighten(self, image: Image) -> None:
        """Go on to the next level. Raises ``ModelError`` where there is none for pictures of this size."""
        import torch

        self._release()
        gc.collect()  # a model that was exchanged may still lie there, as its parts know each other
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        height, width = image.shape[-2:]
        has_half = not (height % (2 * self._factor) or width % (2 * self._factor))
        if self.level == HALF or (self.level == IN_PARTS and not has_half):
            raise ModelError(
                f"The memory does not last for {width} x {height}, nor in parts, nor at half the size. "
                "End what else uses it, choose a smaller model, or a smaller size in machine.toml."
            )
        self.level += 1
        log.warning(SAID[self.level])
        if self.level == IN_PARTS:
            for autoencoder in self._autoencoders:
                _in_parts(autoencoder)


def _in_parts(autoencoder: Any) -> None:
    """Picture by picture, and large ones in tiles, where the autoencoder knows how."""
    for able in ("enable_slicing", "enable_tiling"):
        if enable := getattr(autoencoder, able, None):
            enable()


def _halved(burnt: Burnt) -> Burnt:
    """The account of a burnt picture of half the size: what else is known of it only fits the whole."""
    source = None if burnt.source is None else _scaled(burnt.source, 0.5)
    image = _scaled(burnt.image, 0.5)
    return replace(burnt, image=image, source=source, evidence=None, again=None, homeward=None, latents=None)


def _doubled(step: Step) -> Step:
    return replace(step, x=_scaled(step.x, 2.0), denoised=_scaled(step.denoised, 2.0), latents=None)


def _scaled(image: Image, factor: float) -> Image:
    from torch.nn import functional

    scaled: Image = functional.interpolate(
        image, scale_factor=factor, mode="bicubic", align_corners=False, antialias=factor < 1.0
    )
    return scaled.clamp(-1.0, 1.0) if factor > 1.0 else scaled
