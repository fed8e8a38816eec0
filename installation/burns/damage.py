"""Damage: how burnt a picture looks, whatever burnt it.

The mean of 1 - SSIM over the octaves of the luma, from the finest down to sixteen pixels a side. Three measures were
tried on two photographs of 256 pixels, all media side by side at equal damage. The distance ||x_T - x0|| takes noise
for worse than it is: where it reads 0.7 a face in white noise still smiles, and in heat nobody is left. So does SSIM at
full size, which is also spent early: at 0.85 the smile is still there. With every octave counting alike all media lose
the face between 0.5 and 0.7, and all that is left at 0.85 is where it was bright. An eye that steps back averages noise
away better than this: of equal fires, white noise and the cipher look a little cooler than heat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from installation.records import Image

COARSEST = 16  # pixels a side of the last octave: where things are, and no longer what
WINDOW, SIGMA = 11, 1.5  # pixels: the window of Wang et al. 2004
K1, K2, RANGE = 0.01, 0.03, 2.0  # their constants; -1 to 1 is a range of 2
REC709 = (0.2126, 0.7152, 0.0722)


def damage(burnt: Image, image: Image) -> torch.Tensor:
    """How little each burnt image looks like the untouched one: B values, 0 (the same) to about 1 (nothing in common).

    B x 3 x H x W in -1 to 1, at least 8 pixels a side; what lies outside is clipped, as on a screen. The mean of
    1 - SSIM (Wang et al. 2004) of Rec. 709 luma over octaves: the scales of MS-SSIM (Wang et al. 2003), averaged.
    """
    import torch

    one, other = (_luma(each.float().clamp(-1.0, 1.0)) for each in (burnt, image))
    similarities = [ssim(one, other)]
    while min(one.shape[-2:]) >= 2 * COARSEST:
        one, other = (torch.nn.functional.avg_pool2d(each, 2) for each in (one, other))
        similarities.append(ssim(one, other))
    return 1.0 - torch.stack(similarities).mean(0)


def ssim(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The mean structural similarity of B x 1 x H x W images of range 2: B values from -1 to 1 (the same)."""
    mean, mean_other = _around(one), _around(other)
    variance, variance_other = _around(one**2) - mean**2, _around(other**2) - mean_other**2
    covariance = _around(one * other) - mean * mean_other
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    light = (2.0 * mean * mean_other + c1) / (mean**2 + mean_other**2 + c1)
    structure = (2.0 * covariance + c2) / (variance + variance_other + c2)
    return (light * structure).mean((1, 2, 3))


def _luma(image: Image) -> torch.Tensor:
    """Rec. 709 luma, B x 1 x H x W, 0 (black) to 2: SSIM compares light, which has no sign."""
    return 1.0 + (image * image.new_tensor(REC709).reshape(1, 3, 1, 1)).sum(1, keepdim=True)


def _around(x: torch.Tensor) -> torch.Tensor:
    """The Gaussian-weighted mean around every pixel, edges mirrored."""
    import torch

    places = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    weights = torch.exp(-(places**2) / (2.0 * SIGMA**2))
    weights = (weights / weights.sum()).reshape(1, 1, 1, WINDOW)
    padded = torch.nn.functional.pad(x, (WINDOW // 2,) * 4, mode="reflect")
    across = torch.nn.functional.conv2d(padded, weights)
    return torch.nn.functional.conv2d(across, weights.transpose(-1, -2))
