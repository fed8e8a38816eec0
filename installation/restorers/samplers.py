"""Samplers: ways down a ladder of noise levels with any denoiser D(x, sigma), each a generator of visible steps.

diffusers has all of them, and the tests hold ours against its schedulers. They are written here because none of those
can (1) draw noise from counter-based numbers, as they want a ``torch.Generator``; (2) take a denoiser: they want the
network behind it, so D would be divided by sigma and multiplied again, and Heun's cannot be left between its two looks;
(3) walk a ladder between any two levels without an object that counts the steps. What is left of each is a formula.

A sampler owns nothing. It yields a ``Step`` before it goes on, and the last ``denoised`` is the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from installation.knobs import nearest
from installation.randomness import white
from installation.records import Step

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Image

Denoiser = Callable[["Image", float], "Image"]
#: What stays of x - D on the way from one noise level down to another, where a model knows better than their ratio.
Keep = Callable[["Image", float, float], "Image"]
NAMES = ("euler", "dpmpp-2m", "heun", "lcm")


def by_ratio(residual: Image, sigma: float, below: float) -> Image:
    """DDIM's part of the residual: the noise is taken for known, and only becomes less."""
    return (below / sigma) * residual


def descend(
    name: str,
    denoise: Denoiser,
    x: Image,
    sigmas: Sequence[float],
    rng: Generator,
    *,
    churn: float,
    keep: Keep = by_ratio,
) -> Iterator[Step]:
    """Down a ladder, strictly falling to 0, with the sampler of this name; only euler hears ``churn`` and ``keep``."""
    match name:
        case "euler":
            return euler(denoise, x, sigmas, rng, churn=churn, keep=keep)
        case "dpmpp-2m":
            return dpmpp_2m(denoise, x, sigmas)
        case "heun":
            return heun(denoise, x, sigmas)
        case "lcm":
            return lcm(denoise, x, sigmas, rng)
    raise ValueError(f"There is no sampler {name!r}; there are {', '.join(NAMES)}.{nearest(name, NAMES)}")


def euler(
    denoise: Denoiser,
    x: Image,
    sigmas: Sequence[float],
    rng: Generator,
    *,
    churn: float = 0.0,
    keep: Keep = by_ratio,
) -> Iterator[Step]:
    """DDIM (Song et al. 2021), which is Euler's method on the ODE; with churn 1 the ancestral sampler of DDPM.

    With a ``keep`` that knows how much the guesses leave out, no step loses variance, however few there are.
    """
    for index, (sigma, below) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        down, up = ancestral_split(sigma, below, churn)
        lower = denoised + keep(x - denoised, sigma, down)
        yield Step(index, sigma, x, lower if below == 0.0 else denoised)
        x = lower + up * white(rng, x) if up > 0.0 else lower


def heun(denoise: Denoiser, x: Image, sigmas: Sequence[float]) -> Iterator[Step]:
    """Heun's second order (algorithm 1 of Karras et al. 2022): two looks at every step but the last, no noise."""
    for index, (sigma, below) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        yield Step(index, sigma, x, denoised)
        if below == 0.0:
            return
        slope = (x - denoised) / sigma
        ahead = x + (below - sigma) * slope
        x = x + (below - sigma) * (slope + (ahead - denoise(ahead, below)) / below) / 2.0


def dpmpp_2m(denoise: Denoiser, x: Image, sigmas: Sequence[float]) -> Iterator[Step]:
    """DPM-Solver++ 2M (algorithm 2 of Lu et al. 2022, arXiv:2211.01095): second order, one look a step, no noise.

    x' = (s'/s) x - (e^-h - 1) [(1 + 1/2r) D - (1/2r) D_old], h = ln(s/s'), r = h_old / h; D alone at the first step.
    """
    before: tuple[Image, float] | None = None
    for index, (sigma, below) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        yield Step(index, sigma, x, denoised)
        if below == 0.0:
            return
        h, led = math.log(sigma / below), denoised
        if before is not None:
            old, h_old = before
            led = denoised + h / (2.0 * h_old) * (denoised - old)
        x = (below / sigma) * x - math.expm1(-h) * led
        before = denoised, h


def lcm(denoise: Denoiser, x: Image, sigmas: Sequence[float], rng: Generator) -> Iterator[Step]:
    """Multistep consistency sampling (algorithm 1 of Song et al. 2023): every guess is burnt afresh, with new noise.

    For models whose one guess is a finished picture (consistency, LCM, Turbo); a denoiser's mean loses contrast here.
    """
    for index, (sigma, below) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        yield Step(index, sigma, x, denoised)
        if below > 0.0:
            x = denoised + below * white(rng, denoised)


def ancestral_split(sigma: float, below: float, eta: float) -> tuple[float, float]:
    """How far an Euler step goes down, and how much fresh noise brings it up to ``below``: down^2 + up^2 = below^2.

    up = eta sqrt(below^2 (sigma^2 - below^2) / sigma^2), the eta of Song et al. 2021, eq. 16; 0 is the ODE.
    """
    up = min(below, eta * math.sqrt(below**2 * (sigma**2 - below**2)) / sigma)
    return math.sqrt(below**2 - up**2), up
