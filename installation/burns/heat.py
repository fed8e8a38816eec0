"""Burning with Fourier's heat equation: the cool image diffuses into its own mean colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.evidence import inverse
from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.knobs import knob
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image

COOLEST_BLUR = 0.5  # pixels: the first step of the schedule of Rissanen et al. 2022
SIGNAL_SPECTRUM = 0.5  # a photograph of standard deviation 0.5 has orthonormal modes of amplitude about 0.5 / f


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
    one of sqrt(a^2 + b^2).
    """
    decayed = [_decay(n, blur, image) for n in image.shape[-2:]]
    across = idct(dct(image) * decayed[1])
    down = across.transpose(-1, -2)
    return idct(dct(down) * decayed[0]).transpose(-1, -2)


def agreeing(guess: Image, burnt: Image, blur: float) -> Image:
    """The guess with every mode that survived the heat put back: those with a multiplier above .2, fading out to .05.

    DDNM in the cosine basis (Wang et al. 2022), A the heat equation. All of B x C x H x W.
    """
    return guess + undiffuse(burnt - diffuse(guess, blur), blur)


def undiffuse(blurred: Image, blur: float) -> Image:
    """Run the heat equation backwards for the modes that can be trusted; the others are gone. The shape is kept."""
    down, across = (_decay(n, blur, blurred) for n in blurred.shape[-2:])
    modes = dct(dct(blurred).transpose(-1, -2)) * inverse(across[:, None] * down)
    return idct(idct(modes).transpose(-1, -2))


def dct(x: torch.Tensor) -> torch.Tensor:
    """The orthonormal DCT-II along the last axis, by one real FFT of twice the length (Makhoul 1980)."""
    import torch

    n = x.shape[-1]
    spectrum = torch.fft.rfft(torch.cat([x, x.flip(-1)], dim=-1))[..., :n]
    modes: torch.Tensor = (spectrum * _twist(n, x)).real * _scale(n, x) / 2.0
    return modes


def idct(modes: torch.Tensor) -> torch.Tensor:
    """The inverse of ``dct`` (an orthonormal DCT-III) along the last axis."""
    import torch

    n = modes.shape[-1]
    spectrum = torch.nn.functional.pad((2.0 * modes / _scale(n, modes)) / _twist(n, modes), (0, 1))
    doubled: torch.Tensor = torch.fft.irfft(spectrum, n=2 * n)
    return doubled[..., :n]


def _decay(n: int, blur: float, like: torch.Tensor) -> torch.Tensor:
    import torch

    frequencies = math.pi / n * torch.arange(n, device=like.device, dtype=torch.float64)
    return torch.exp(-(blur**2) / 2.0 * frequencies**2).to(like.dtype)


def _twist(n: int, like: torch.Tensor) -> torch.Tensor:
    """exp(-i pi k / 2n): moves the mirror of the doubled signal to half a sample before its start."""
    import torch

    angles = -math.pi / (2 * n) * torch.arange(n, device=like.device, dtype=torch.float64)
    return torch.polar(torch.ones_like(angles), angles).to(
        torch.complex128 if like.dtype == torch.float64 else torch.complex64
    )


def _scale(n: int, like: torch.Tensor) -> torch.Tensor:
    import torch

    scale = torch.full((n,), math.sqrt(2.0 / n), device=like.device, dtype=like.dtype)
    scale[0] = math.sqrt(1.0 / n)
    return scale
