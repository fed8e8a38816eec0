"""Burning into the mean: "total probability", the average of everything that was ever seen (Galton 1878, Salavon 2004).

It is where restoring begins. A denoiser that sees nothing but noise can only answer with the mean of what it knows, so
the hottest picture of this medium is the first guess of every diffusion model.
"""

from __future__ import annotations

import functools
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from installation import images
from installation.burns.evidence import inverse
from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.images import ImageError
from installation.knobs import knob
from installation.machine.files import share
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image

SOURCES = ("archive", "origins")  # folders of pictures below assets
SEEN = "seen"
SIDE = 256  # pixels: what the shipped archive holds; a mean of many pictures has nothing finer to show
SPREAD = 0.5  # standard deviation of photographs in -1 to 1: sigma_data of Karras et al. 2022
KEPT_SIZES = 4  # means in memory, 25 MB each at 1080p

log = logging.getLogger(__name__)


@medium("mean")
@dataclass(frozen=True, slots=True)
class Mean:
    """The mean image: x_T = (1 - T) x + T m. A contrast of 1 - T is left of the picture, and no dice are thrown.

    Whoever knows the mean can take it out again; only where less than a fifth of the contrast is left is that doubted.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the image has become the mean of all.")
    of: str = knob(
        "archive", choices=(*SOURCES, SEEN),
        doc="Whose mean: the archive's, the origins', or of all that this lineage was shown since it began.",
    )  # fmt: skip
    spread: float = knob(
        0.0, glide=0.5, doc="Show, instead of the mean, how far the pictures are from it: black is agreed."
    )

    def __call__(self, image: Image, rng: Generator) -> Burnt:  # noqa: ARG002 - a mean is certain
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        all_of_them = self.average(*image.shape[-2:]).portrait(self.spread).to(image)
        left = image.new_tensor(1.0 - self.temperature)
        burnt = (left * image).add_(all_of_them, alpha=self.temperature)

        def agreeing(guess: Image) -> Image:
            return guess + inverse(left) * (burnt - left * guess - self.temperature * all_of_them)

        return Burnt(burnt, self.temperature, covering_sigma(self.temperature), evidence=agreeing)

    def average(self, height: int, width: int) -> Average:
        """Mean and variance of the shipped pictures. Of what a lineage has seen only ``Remembering`` knows."""
        return fitted(share("assets") / (self.of if self.of in SOURCES else SOURCES[0]), height, width)


@dataclass(frozen=True, slots=True, eq=False)
class Remembering(Mean):
    """The medium for one lineage: ``seen`` is the average of what it was shown, in its own size."""

    seen: Average | None = None

    def average(self, height: int, width: int) -> Average:
        """What was seen; in another size, or before anything was, the shipped pictures."""
        if self.seen is None or self.seen.mean.shape[-2:] != (height, width):
            return Mean(of=SOURCES[0]).average(height, width)
        return self.seen


def covering_sigma(temperature: float) -> float:
    """The noise level at which the best guess is this burn: sigma = s sqrt(T / (1 - T)), 0 to 80, s = 0.5.

    Of pixels N(m, s^2) seen through noise sigma the best guess is m + (x - m) s^2 / (s^2 + sigma^2) on average (Wiener
    1949): a contrast of 1 - T is left. Noise of that level has hidden as much as this burn has.
    """
    if temperature == 1.0:
        return HOTTEST_SIGMA
    return min(SPREAD * math.sqrt(temperature / (1.0 - temperature)), HOTTEST_SIGMA)


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """The running mean and variance of pictures seen one after the other, none of which is kept (Welford 1962).

    ``mean`` and ``squares``, the sum of squared deviations from it, are C x H x W, float64 unless begun otherwise.
    After n independent pictures E |mean - mu|^2 = tr(Sigma) / n.
    """

    count: int
    mean: torch.Tensor
    squares: torch.Tensor

    @classmethod
    def of_none(cls, like: torch.Tensor, dtype: torch.dtype | None = None) -> Average:
        """Before anything was seen; pictures will have the shape and the device of ``like``."""
        import torch

        nothing = torch.zeros_like(like, dtype=dtype or torch.float64)
        return cls(0, nothing, nothing)

    def after(self, picture: torch.Tensor) -> Average:
        """With one more picture: m_n = m_(n-1) + (x_n - m_(n-1)) / n. Raises ``ValueError`` for another shape."""
        if picture.shape != self.mean.shape:
            raise ValueError(f"A mean of {tuple(self.mean.shape)} cannot take in {tuple(picture.shape)}.")
        picture = picture.to(self.mean)
        surprise = picture - self.mean
        mean = self.mean + surprise / (self.count + 1)
        return Average(self.count + 1, mean, self.squares + surprise * (picture - mean))

    def to(self, device: str) -> Average:
        """The same on a device."""
        return Average(self.count, self.mean.to(device), self.squares.to(device))

    @property
    def variance(self) -> torch.Tensor:
        """The variance of every value, without bias (divided by n - 1); 0 before there are two pictures."""
        return self.squares / max(self.count - 1, 1)

    def portrait(self, spread: float) -> torch.Tensor:
        """The mean, and at ``spread`` 1 the standard deviation: -1 where all agree, 1 where black meets white."""
        if spread == 0.0:
            return self.mean
        deviation = 2.0 * self.variance.clamp_min(0.0).sqrt() - 1.0
        return self.mean + spread * (deviation - self.mean)


def mean_image(source: str, height: int, width: int) -> torch.Tensor:
    """The mean of the shipped pictures of one source: 3 x height x width float32, in -1 to 1.

    Raises ``ImageError`` when there is none. The tensor is shared: do not write into it.
    """
    return fitted(share("assets") / source, height, width).mean


@functools.lru_cache(maxsize=KEPT_SIZES)
def fitted(folder: Path, height: int, width: int) -> Average:
    """The average of a folder's pictures, filling height x width, in float32.

    Fitting is linear, so the mean that is fitted is the mean of the fitted, as far as eight bits and their range go.
    The variance of fitted pictures is a little less than the variance fitted, as finer detail than a pixel is gone.
    """
    full = average(folder)
    mean, squares = (_filled(values, height, width) for values in (full.mean, full.squares))
    return Average(full.count, mean.clamp(-1.0, 1.0), squares.clamp_min(0.0))


def _filled(values: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """3 x H x W filling another size, cropped around the middle, as float32."""
    import torch
    from PIL import Image as Pillow
    from PIL import ImageOps

    channels = [Pillow.fromarray(channel) for channel in values.float().numpy()]
    filled = [ImageOps.fit(channel, (width, height), method=Pillow.Resampling.LANCZOS) for channel in channels]
    return torch.from_numpy(np.stack([np.asarray(channel) for channel in filled]))


@functools.lru_cache(maxsize=len(SOURCES))
def average(folder: Path) -> Average:
    """Mean and variance of every picture in a folder (not below it), each cropped to 256 x 256 around its middle.

    What cannot be read is left out and said in the log. Raises ``ImageError`` when no picture is left.
    """
    import torch

    seen = Average.of_none(torch.empty(3, SIDE, SIDE))
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            seen = seen.after(images.to_tensor(images.load(path, SIDE, SIDE))[0])
        except ImageError as error:
            log.warning("Left out of the mean: %s", error)
    if not seen.count:
        raise ImageError(f"{folder}: no picture to take the mean of. Put some {', '.join(images.FORMATS)} files there.")
    return seen
