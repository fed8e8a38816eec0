"""The best linear restorer of the corpus: what any network has to beat.

Pictures are taken as stationary but for their mean: in the cosine basis of each opponent colour every mode is
independent, with the variance that training pictures have there, and white noise of strength sigma has sigma^2 in
all of them. The guess that errs least is then variance / (variance + sigma^2) of what was heard (Wiener 1949).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.cosines import dct, idct

if TYPE_CHECKING:
    from installation.records import Image

#: RGB to brightness, red against green, blue against both, rows orthonormal so that white noise stays white.
OPPONENT = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, -(2**-0.5), 0.0), (6**-0.5, 6**-0.5, -2 * 6**-0.5))


@dataclass(frozen=True, slots=True, eq=False)
class Wiener:
    """Mean and variance of the modes of H x W training pictures, 1 x 3 x H x W each."""

    mean: Image
    variance: Image

    def denoise(self, x: Image, sigma: float) -> Image:
        """The best linear guess of x = image + sigma noise, B x 3 x H x W to the same."""
        gain = self.variance / (self.variance + sigma**2)
        return from_modes(self.mean + gain * (to_modes(x) - self.mean))


def learn(pictures: Iterable[Image]) -> Wiener:
    """The filter of pictures of one size, 1 x 3 x H x W each. Raises ``ValueError`` when there are none."""
    import torch

    modes = [to_modes(picture) for picture in pictures]
    if not modes:
        raise ValueError("A filter is learnt from pictures; there are none.")
    stacked = torch.cat(modes)
    return Wiener(stacked.mean(dim=0, keepdim=True), stacked.var(dim=0, keepdim=True, unbiased=False))


def to_modes(image: Image) -> Image:
    """B x 3 x H x W sRGB as cosine modes of opponent colours, orthonormal."""
    import torch

    colours = torch.einsum("oc,bchw->bohw", torch.tensor(OPPONENT).to(image), image)
    return dct(dct(colours).transpose(-1, -2)).transpose(-1, -2)


def from_modes(modes: Image) -> Image:
    """The inverse of ``to_modes``."""
    import torch

    colours = idct(idct(modes.transpose(-1, -2)).transpose(-1, -2))
    return torch.einsum("oc,bohw->bchw", torch.tensor(OPPONENT).to(modes), colours)
