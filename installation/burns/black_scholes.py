"""Burning with the Black-Scholes equation: the picture is a payoff, and we watch what it is worth before expiry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.burns.evidence import inverse
from installation.burns.heat import covering_sigma
from installation.burns.registry import medium
from installation.knobs import knob
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image

WIDTH = 1.0  # log-price across a picture: its right edge costs e times its left
HOTTEST_YEARS = 6.25  # T = 1: at the market's usual 20 % a year the price has strayed by half the picture's width
REACH = 5.0  # standard deviations looked at beyond the edges: what lies farther weighs 3e-7, less than float32 rounds
ACROSS, DOWN = -1, -2


@medium("black-scholes")
@dataclass(frozen=True, slots=True)
class BlackScholes:
    """The Black-Scholes equation (Black & Scholes 1973), solved exactly: volatility blurs, interest drifts and fades.

    Columns are the log-price of one asset; with two, rows are the log-price of the other. Prices are never negative,
    so brightness -1 to 1 is a payoff of 0 to 1 at expiry: the discount fades it towards black.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How far from expiry the payoff is priced.")
    volatility: float = knob(0.2, low=0.05, high=0.4, glide=1.0, unit="a year", doc="How far the price strays: blur.")
    rate: float = knob(0.05, low=-0.1, high=0.2, glide=1.0, unit="a year", doc="Riskless interest: drift sideways.")
    discount: bool = knob(True, doc="Whether money later is worth less: fade.")  # noqa: FBT003 - a switch's default
    assets: str = knob("two", choices=("one", "two"), doc="One asset burns rows alone; two burn rows and columns.")
    correlation: float = knob(0.0, low=-0.95, high=0.95, glide=1.0, doc="Of the two assets: slants the blur.")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        years, pixel = maturity(self.temperature), WIDTH / image.shape[-1]
        if years == 0.0:
            return Burnt(image, self.temperature, 0.0)
        value = (image + 1.0) / 2.0
        if self.assets == "one":
            value = price(value, years, self.volatility, self.rate, pixel)
        else:
            value = price_of_two(value, years, self.volatility, self.rate, pixel, correlation=self.correlation)
        worth = 1.0 if self.discount else math.exp(self.rate * years)
        blur = self.volatility * math.sqrt(years) / pixel
        burnt = 2.0 * worth * value - 1.0
        return Burnt(
            burnt, self.temperature, covering_sigma(blur), evidence=lambda guess: self._agreeing(guess, burnt, rng)
        )

    def _agreeing(self, guess: Image, burnt: Image, rng: Generator) -> Image:
        """The guess with what survived put back: drift and discount undone, blur wherever a tenth is left and more."""
        surprise, years = burnt - self(guess, rng).image, maturity(self.temperature)
        owed = surprise if self.discount else surprise * math.exp(-self.rate * years)
        correlation = self.correlation if self.assets == "two" else None
        return guess + unprice(
            owed, years, self.volatility, self.rate, WIDTH / guess.shape[-1], correlation=correlation
        )


def maturity(temperature: float) -> float:
    """Years to expiry, 0 to 6.25: T to the sixth power. Raises ``ValueError`` outside 0 to 1.

    The blur goes as the root of time, so as T cubed: near heat's width for equal temperatures (at 256 pixels 3.5
    and 3.2 px at T = 0.3, 16 and 11 at 0.5). In proportion to T a face would be gone at 0.1.
    """
    if not 0.0 <= temperature <= 1.0:
        raise ValueError(f"A temperature lies between 0 and 1, not {temperature}.")
    return HOTTEST_YEARS * temperature**6


def price(payoff: torch.Tensor, years: float, volatility: float, rate: float, pixel: float) -> torch.Tensor:
    """Today's value of the payoff along the last axis, sampled every ``pixel`` of log-price x = ln S.

    V_tau = s^2/2 V_xx + (r - s^2/2) V_x - r V, in Fourier space V(xi, tau) = V(xi, 0) exp(-r tau + i xi (r - s^2/2) tau
    - s^2 xi^2 tau / 2). Beyond its edges the payoff stays what it is there.
    """
    import torch

    strays, drift = _moves(years, volatility, rate)
    pad = _margin(strays, drift, pixel)
    extended = _extended(payoff, ACROSS, pad)
    size = extended.shape[ACROSS]
    xi = _frequencies(size, pixel, payoff)[: size // 2 + 1]
    moved = torch.fft.irfft(
        torch.fft.rfft(extended) * _multiplier(-(strays**2) / 2.0 * xi**2, drift * xi, payoff), n=size
    )
    value: torch.Tensor = math.exp(-rate * years) * moved.narrow(ACROSS, pad, payoff.shape[ACROSS])
    return value


def price_of_two(
    payoff: torch.Tensor, years: float, volatility: float, rate: float, pixel: float, *, correlation: float
) -> torch.Tensor:
    """Today's value of a payoff on two equally volatile assets, along the last two axes.

    As ``price``, with xi^2 + 2 rho xi eta + eta^2 in place of xi^2: a slanted Gaussian (Margrabe 1978). Discounted
    once. Raises ``ValueError`` unless the correlation lies between -1 and 1, where such a Gaussian exists.
    """
    import torch

    if not -1.0 <= correlation <= 1.0:
        raise ValueError(f"A correlation lies between -1 and 1, not {correlation}.")
    strays, drift = _moves(years, volatility, rate)
    pad = _margin(strays, drift, pixel)
    extended = _extended(_extended(payoff, ACROSS, pad), DOWN, pad)
    eta, xi = (_frequencies(extended.shape[axis], pixel, payoff) for axis in (DOWN, ACROSS))
    eta, xi = eta[:, None], xi[: extended.shape[ACROSS] // 2 + 1]
    decay = -(strays**2) / 2.0 * (xi**2 + 2.0 * correlation * xi * eta + eta**2)
    spectrum = torch.fft.rfft2(extended) * _multiplier(decay, drift * (xi + eta), payoff)
    moved = torch.fft.irfft2(spectrum, s=extended.shape[-2:])
    middle = moved.narrow(DOWN, pad, payoff.shape[DOWN]).narrow(ACROSS, pad, payoff.shape[ACROSS])
    value: torch.Tensor = math.exp(-rate * years) * middle
    return value


def unprice(
    value: torch.Tensor, years: float, volatility: float, rate: float, pixel: float, *, correlation: float | None
) -> torch.Tensor:
    """The payoff that a value comes from, as far as that can be told; without a correlation, of one asset.

    Multiplies by 1 / V(xi, tau) where its modulus can be trusted (see ``evidence``); the rest is 0, and so is what lies
    beyond the edges. Only differences of values should be given: everything else has an outside.
    """
    import torch

    strays, drift = _moves(years, volatility, rate)
    pad = _margin(strays, drift, pixel)
    down = 0 if correlation is None else pad
    padded = torch.nn.functional.pad(value, (pad, pad, down, down))
    eta, xi = (_frequencies(size, pixel, value) for size in padded.shape[-2:])
    eta = torch.zeros_like(eta)[:, None] if correlation is None else eta[:, None]
    xi = xi[: padded.shape[ACROSS] // 2 + 1]
    gain = torch.exp(-(strays**2) / 2.0 * (xi**2 + 2.0 * (correlation or 0.0) * xi * eta + eta**2))
    back = torch.fft.rfft2(padded) * torch.polar(inverse(gain), -drift * (xi + eta)).to(torch.complex64)
    moved = torch.fft.irfft2(back, s=padded.shape[-2:])
    middle = moved.narrow(DOWN, down, value.shape[DOWN]).narrow(ACROSS, pad, value.shape[ACROSS])
    payoff: torch.Tensor = math.exp(rate * years) * middle
    return payoff


def _moves(years: float, volatility: float, rate: float) -> tuple[float, float]:
    """Standard deviation and mean of the log-price's change until expiry (Ito: half the variance is lost)."""
    return volatility * math.sqrt(years), (rate - volatility**2 / 2.0) * years


def _margin(strays: float, drift: float, pixel: float) -> int:
    """Samples added to every edge, so that nothing from the opposite edge comes round the FFT's circle."""
    return math.ceil((REACH * strays + abs(drift)) / pixel)


def _extended(payoff: torch.Tensor, axis: int, pad: int) -> torch.Tensor:
    """The payoff with its first and last value along the axis held on for ``pad`` samples."""
    import torch

    size = payoff.shape[axis]
    held = torch.arange(-pad, size + pad, device=payoff.device).clamp(0, size - 1)
    return payoff.index_select(axis, held)


def _frequencies(size: int, pixel: float, like: torch.Tensor) -> torch.Tensor:
    """Angular frequencies per unit of log-price, in float64: the phase of a long drift has many turns."""
    import torch

    cycles: torch.Tensor = torch.fft.fftfreq(size, pixel, device=like.device, dtype=torch.float64)
    return 2.0 * math.pi * cycles


def _multiplier(decay: torch.Tensor, phase: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.polar(decay.exp(), phase).to(torch.complex128 if like.dtype == torch.float64 else torch.complex64)
