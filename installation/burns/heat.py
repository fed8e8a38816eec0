"""Burning with Fourier's heat equation: the cool image diffuses into its own mean colour."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from installation.burns.cosines import lowest, summed
from installation.burns.evidence import DOUBTFUL, inverse
from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.knobs import knob
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image

    Plane = np.ndarray[tuple[int, int], np.dtype[np.float32]]
    Kernel = np.ndarray[tuple[int], np.dtype[np.float32]]

COOLEST_BLUR = 0.5  # pixels: the first step of the schedule of Rissanen et al. 2022
SIGNAL_SPECTRUM = 0.5  # a photograph of standard deviation 0.5 has orthonormal modes of amplitude about 0.5 / f

LIGHT = (1.75, 5.0)  # pixels: below, a sampled Gaussian is not the heat kernel; above, the cosine basis is cheaper
FILTER_REACH = 5.5  # widths: what lies farther weighs 4e-8, less than float32 rounds
ACROSS, DOWN = -1, -2


@medium("heat")
@dataclass(frozen=True, slots=True)
class Heat:
    """The heat equation u_tau = Laplace u with insulated edges, solved exactly in the cosine basis (Rissanen 2022)."""

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far the image is dissolved in heat.")

    def __call__(self, image: Image, rng: Generator) -> Burnt:  # noqa: ARG002 - heat needs no dice
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        blur = blur_width(self.temperature, max(image.shape[-2:]))
        burnt = diffuse(image, blur)
        return Burnt(burnt, self.temperature, covering_sigma(blur), evidence=lambda guess: agreeing(guess, burnt, blur))


def blur_width(temperature: float, side: int) -> float:
    """sigma_B in pixels: 0 at T = 0, else log-spaced from 0.5 px to the longer side of the image."""
    if not 0.0 <= temperature <= 1.0:
        raise ValueError(f"A temperature lies between 0 and 1, not {temperature}.")
    return COOLEST_BLUR * (side / COOLEST_BLUR) ** temperature if temperature > 0.0 else 0.0


def covering_sigma(blur: float) -> float:
    """The noise level at which white noise covers everything a blur of this width has taken away.

    A blur keeps a tenth of the amplitude at the angular frequency f_c = sqrt(2 ln 10) / sigma_B. Natural spectra
    fall as 1 / f, so with orthonormal cosine modes the amplitude there is about ``SIGNAL_SPECTRUM / f_c``; noise
    of that standard deviation hides the missing modes, which a Gaussian restorer then invents (SDEdit, Meng 2021).
    """
    return min(SIGNAL_SPECTRUM * blur / math.sqrt(2.0 * math.log(10.0)), HOTTEST_SIGMA)


def diffuse(image: Image, blur: float) -> Image:
    """Solve the heat equation for dissipation time tau = blur^2 / 2 pixels squared. Any H x W, insulated edges.

    Mode (i, j) decays by exp(-tau ((pi i / H)^2 + (pi j / W)^2)). The mean is kept; two blurs of width a and b equal
    one of sqrt(a^2 + b^2). Modes that decay below a sixteenth of the type's precision are left out. A light blur of
    float32 on the CPU is the mirrored Gaussian filter: the same physics, to 3e-7.
    """
    if _light(image, blur):
        return filtered(image, blur)
    down, across = (_decay(n, blur, image) for n in image.shape[-2:])
    modes = lowest(lowest(image, len(down), DOWN), len(across), ACROSS)
    modes.mul_(down[:, None] * across)
    return summed(summed(modes, image.shape[ACROSS], ACROSS), image.shape[DOWN], DOWN)


def filtered(image: Image, blur: float) -> Image:
    """The same heat by a Gaussian filter of 5.5 widths to either side with mirrored edges. Float32 on the CPU.

    From 1.75 pixels on the sampled Gaussian lacks no more than exp(-(pi blur)^2 / 2) < 3e-7 of any mode. Bands of rows
    are filtered on as many threads as torch has; the result is the same for any number of them.
    """
    import torch

    planes = image.contiguous().reshape(-1, *image.shape[-2:]).numpy()
    burnt, kernel, threads = np.empty_like(planes), _gaussian(blur), torch.get_num_threads()
    edges = np.linspace(0, planes.shape[1], threads + 1).astype(int).tolist()
    pairs = zip(planes, burnt, strict=True)
    bands = [(one, out, kernel, top, bottom) for one, out in pairs for top, bottom in itertools.pairwise(edges)]
    with ThreadPoolExecutor(threads) as pool:
        tuple(pool.map(lambda band: _filter_band(*band), bands))
    return torch.from_numpy(burnt).reshape(image.shape)


def _filter_band(plane: Plane, burnt: Plane, kernel: Kernel, top: int, bottom: int) -> None:
    """Filter the rows from top to bottom of one plane, with as many beside them as the filter reaches."""
    import cv2

    reach = len(kernel) // 2
    above, below = max(top - reach, 0), min(bottom + reach, len(plane))
    band = cv2.sepFilter2D(plane[above:below], -1, kernel, kernel, borderType=cv2.BORDER_REFLECT)
    burnt[top:bottom] = band[top - above : bottom - above]


def _gaussian(blur: float) -> Kernel:
    reach = math.ceil(FILTER_REACH * blur)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / blur) ** 2)
    normal: Kernel = (kernel / kernel.sum()).astype(np.float32)
    return normal


def _light(image: Image, blur: float) -> bool:
    """Whether the filter is at least as exact as the cosine basis in float32, and cheaper."""
    import torch

    small = 2 * FILTER_REACH * blur > min(image.shape[-2:])
    return image.device.type == "cpu" and image.dtype == torch.float32 and LIGHT[0] <= blur <= LIGHT[1] and not small


def agreeing(guess: Image, burnt: Image, blur: float) -> Image:
    """The guess with every mode that survived the heat put back: those with a multiplier above .2, fading out to .05.

    DDNM in the cosine basis (Wang et al. 2022), A the heat equation. All of B x C x H x W.
    """
    return guess + undiffuse(burnt - diffuse(guess, blur), blur)


def undiffuse(blurred: Image, blur: float) -> Image:
    """Run the heat equation backwards for the modes that can be trusted; the others are gone. The shape is kept."""
    down, across = (_decay(n, blur, blurred, DOUBTFUL) for n in blurred.shape[-2:])
    modes = lowest(lowest(blurred, len(down), DOWN), len(across), ACROSS)
    modes.mul_(inverse(down[:, None] * across))
    return summed(summed(modes, blurred.shape[ACROSS], ACROSS), blurred.shape[DOWN], DOWN)


def _decay(n: int, blur: float, like: torch.Tensor, least: float | None = None) -> torch.Tensor:
    """What is left of each mode along an axis of n samples, as far as it is ``least`` or more: 1 at first, falling."""
    import torch

    least = torch.finfo(like.dtype).eps / 16.0 if least is None else least
    reach = n / math.pi * math.sqrt(-2.0 * math.log(least))  # the last mode worth keeping at a blur of one pixel
    count = n if blur * (n - 1) <= reach else math.floor(reach / blur) + 1
    frequencies = math.pi / n * torch.arange(count, device=like.device, dtype=torch.float64)
    return torch.exp(-(blur**2) / 2.0 * frequencies**2).to(like.dtype)
