"""What a model is put through: who competes, on which pictures, with how many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from installation.burns import MEDIA, burn
from installation.images import to_pixels, to_tensor
from installation.randomness import generator
from installation.restorers import Restorer, Restoring

if TYPE_CHECKING:
    import numpy as np

    from installation.records import Burnt, Image, Pixels
    from installation.training.corpus import Corpus
    from installation.training.features import Features

    #: N x D features.
    Cloud = np.ndarray[tuple[int, int], np.dtype[Any]]

EMBER, PREVIOUS, ARCHIVE = "ember", "previous", "archive"
SIDE = 256  # pixels: what ember paints
TEMPERATURES = (0.2, 0.4, 0.6, 0.8)
BATCH = 8  # pictures at a time: twice as fast as one by one, and ten times for the archive

Item = TypeVar("Item")
#: Goes through some items and shows how far it is; the words say what is being done.
Track = Callable[[Sequence[Item], str], Iterable[Item]]


class Contender(Restorer, Protocol):
    """A restorer that can also be asked for a single guess."""

    def denoise(self, x: Image, sigma: float) -> Image:
        """D(x, sigma): the cleanest guess of image + sigma noise, B x 3 x H x W to the same."""
        ...


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; fewer is faster and less sure."""

    pictures: int = 24  # held-out photographs that are denoised
    cloud: int = 192  # pictures of which distances are measured; with few, a Frechet distance is mostly chance
    taught: int = 1024  # training pictures that features and the linear filter are learnt from
    compared: int = 4096  # training pictures among which copies are looked for
    steps: int = 2  # of a restoration: what the show uses
    pure_steps: int = 12  # from nothing but noise
    guidance: float = 3.0  # of samples by caption
    turns: int = 60  # of the loop
    timed: int = 20  # repetitions of what is timed
    shown: int = 8  # held-out pictures on a sheet


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything the figures are measured with. ``contenders`` begins with the ember that the card is about."""

    contenders: Mapping[str, Contender]
    corpus: Corpus
    features: Features
    sizes: Sizes
    seed: int = 1
    device: str = "cpu"

    @property
    def ember(self) -> Any:
        """The model the card is about."""
        return self.contenders[EMBER]


def in_batches(pictures: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Eight at a time."""
    return (pictures[first : first + BATCH] for first in range(0, len(pictures), BATCH))


def batch_of(pictures: Sequence[Pixels], device: str) -> Image:
    """H x W x 3 pictures of one size as B x 3 x H x W in -1 to 1."""
    import torch

    return torch.cat([to_tensor(picture) for picture in pictures]).to(device)


def as_pixels(images: Image) -> list[Pixels]:
    """Every picture of a batch as H x W x 3 uint8 sRGB."""
    return [to_pixels(images[index : index + 1]) for index in range(len(images))]


def burnt_by(medium: str, temperature: float, image: Image, serial: int) -> Burnt:
    """A batch burnt by a medium with its other knobs at rest, always with the same numbers for a serial."""
    filed: Any = MEDIA[medium]
    return burn(filed(temperature=temperature), image, lambda: generator(1, serial, stream=1))


def restored(restorer: Restorer, burnt: Burnt, steps: int, serial: int, guidance: float = 1.0) -> Image:
    """What a restorer makes of it in so many steps."""
    knobs = Restoring(steps=steps, guidance=guidance)
    *_, last = restorer.restore(burnt, knobs, generator(1, serial, stream=2))
    return last.denoised


def from_noise(
    restorer: Restorer, count: int, steps: int, device: str, *, serial: int = 0, guidance: float = 1.0
) -> Image:
    """Pictures of nothing but noise: burnt at temperature 1, where no signal is left."""
    import torch

    nothing = torch.zeros(count, 3, SIDE, SIDE, device=device)
    return restored(restorer, burnt_by("gaussian", 1.0, nothing, serial), steps, serial, guidance)


def asked(model: Any, caption: str, sizes: Sizes, device: str, serial: int) -> Pixels:
    """One picture of a caption, from nothing but noise; of nothing in particular where nobody listens."""
    if hasattr(model, "prompt"):
        model.prompt(caption)
    try:
        return to_pixels(from_noise(model, 1, sizes.pure_steps, device, serial=serial, guidance=sizes.guidance))
    finally:
        if hasattr(model, "prompt"):
            model.prompt("")
