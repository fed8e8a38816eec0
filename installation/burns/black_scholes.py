"""Burning with the Black-Scholes equation: the picture is a payoff, and we watch what it is worth before expiry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from installation.burns.evidence import DOUBTFUL, inverse
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
WAVES = 160  # up to here products with the waves cost less than an FFT of picture and margins, at 1920 samples
RINGING = 64  # samples more: a blur finer than a pixel rings at the seam of the circle, and falls as the square
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
        value = (image + 1.0).div_(2.0)
        if self.assets == "one":
            value = price(value, years, self.volatility, self.rate, pixel)
        else:
            value = price_of_two(value, years, self.volatility, self.rate, pixel, correlation=self.correlation)
        worth = 1.0 if self.discount else math.exp(self.rate * years)
        blur = self.volatility * math.sqrt(years) / pixel
        burnt = value.mul_(2.0 * worth).sub_(1.0)
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


@dataclass(frozen=True, slots=True)
class Market:
    """How far the log-price strays and drifts until expiry, and what a pixel is worth of it; alone or in pairs."""

    strays: float
    drift: float
    pixel: float
    correlation: float | None

    def margin(self) -> int:
        """Samples added to every edge, so that nothing from the opposite edge comes round the Fourier circle."""
        return math.ceil((REACH * self.strays + abs(self.drift)) / self.pixel)

    def waves(self, side: int, least: float) -> int | None:
        """How many frequencies, from 0 on, have a multiplier of ``least`` and more; None where an FFT is cheaper."""
        circle = side + 2 * self.margin()
        straight = self.strays * math.sqrt(1.0 - (self.correlation or 0.0) ** 2)  # where the slanted Gaussian is narrow
        last = math.sqrt(-2.0 * math.log(least)) * circle * self.pixel / (2.0 * math.pi)
        most = min(WAVES, circle // 2)
        return math.floor(last / straight) + 1 if last < straight * most else None

    def decay(self, eta: torch.Tensor, xi: torch.Tensor) -> torch.Tensor:
        """What is left of each wave: exp(-s^2 tau / 2 (eta^2 + 2 rho eta xi + xi^2)), rows of eta by columns of xi."""
        down, across = self.strays * eta[:, None], self.strays * xi
        crossed = 2.0 * (self.correlation or 0.0) * down * across
        return (crossed.add_(down.square()).add_(across.square())).mul_(-0.5).exp_()


def price(payoff: torch.Tensor, years: float, volatility: float, rate: float, pixel: float) -> torch.Tensor:
    """Today's value of the payoff along the last axis, sampled every ``pixel`` of log-price x = ln S.

    V_tau = s^2/2 V_xx + (r - s^2/2) V_x - r V, in Fourier space V(xi, tau) = V(xi, 0) exp(-r tau + i xi (r - s^2/2) tau
    - s^2 xi^2 tau / 2). Beyond its edges the payoff stays what it is there.
    """
    market = Market(*_moves(years, volatility, rate), pixel, None)
    return _through(payoff, market, back=False).mul_(math.exp(-rate * years))


def price_of_two(
    payoff: torch.Tensor, years: float, volatility: float, rate: float, pixel: float, *, correlation: float
) -> torch.Tensor:
    """Today's value of a payoff on two equally volatile assets, along the last two axes.

    As ``price``, with xi^2 + 2 rho xi eta + eta^2 in place of xi^2: a slanted Gaussian (Margrabe 1978). Discounted
    once. Raises ``ValueError`` unless the correlation lies between -1 and 1, where such a Gaussian exists.
    """
    if not -1.0 <= correlation <= 1.0:
        raise ValueError(f"A correlation lies between -1 and 1, not {correlation}.")
    market = Market(*_moves(years, volatility, rate), pixel, correlation)
    return _through(payoff, market, back=False).mul_(math.exp(-rate * years))


def unprice(
    value: torch.Tensor, years: float, volatility: float, rate: float, pixel: float, *, correlation: float | None
) -> torch.Tensor:
    """The payoff that a value comes from, as far as that can be told; without a correlation, of one asset.

    Multiplies by 1 / V(xi, tau) where its modulus can be trusted (see ``evidence``); the rest is 0, and so is what lies
    beyond the edges. Only differences of values should be given: everything else has an outside.
    """
    market = Market(*_moves(years, volatility, rate), pixel, correlation)
    return _through(value, market, back=True).mul_(math.exp(rate * years))


def _moves(years: float, volatility: float, rate: float) -> tuple[float, float]:
    """Standard deviation and mean of the log-price's change until expiry (Ito: half the variance is lost)."""
    return volatility * math.sqrt(years), (rate - volatility**2 / 2.0) * years


def _through(picture: torch.Tensor, market: Market, *, back: bool) -> torch.Tensor:
    """The picture through the market's multiplier, or back through it; a few waves by themselves, many by an FFT."""
    import torch

    if picture.dim() == 1:
        return _through(picture[None], market, back=back)[0]
    least = DOUBTFUL if back else torch.finfo(picture.dtype).eps / 16.0
    sides = picture.shape[-2:] if market.correlation is not None else picture.shape[-1:]
    few = [count for count in (market.waves(side, least) for side in sides) if count is not None]
    if len(few) < len(sides):
        return _by_fft(picture, market, back=back)
    return _by_waves(picture, market, few, back=back)


def _multiplied(
    spectrum: torch.Tensor, market: Market, down: torch.Tensor, across: torch.Tensor, *, back: bool
) -> torch.Tensor:
    """The spectrum times the multiplier of its waves, in place; back: its inverse, where that is to be trusted.

    Waves are given in cycles per sample, in float64: the phase of a long drift has many turns.
    """
    import torch

    eta, xi = (2.0 * math.pi / market.pixel * cycles for cycles in (down, across))
    drift = -market.drift if back else market.drift
    for frequencies, axis in ((eta, DOWN), (xi, ACROSS)):
        turn = torch.polar(torch.ones_like(frequencies), drift * frequencies).to(spectrum.dtype)
        spectrum.mul_(turn if axis == ACROSS else turn[:, None])
    decay = market.decay(*(frequencies.to(spectrum.real.dtype) for frequencies in (eta, xi)))
    return spectrum.mul_(inverse(decay) if back else decay)


def _multiplied_either_way(
    spectrum: torch.Tensor, market: Market, down: torch.Tensor, across: torch.Tensor, *, back: bool
) -> None:
    """As ``_multiplied``; the fastest wave of an even circle, which runs up as much as down, has the mean of the two.

    Across, the inverse FFT sees to that: it takes the real part of that wave.
    """
    half, odd = divmod(len(down), 2)
    fastest = spectrum.narrow(DOWN, half, 1)
    upward = fastest.clone()
    _multiplied(spectrum, market, down, across, back=back)
    if not odd:
        _multiplied(upward, market, -down[half, None], across, back=back)
        fastest.add_(upward).div_(2.0)


def _by_fft(picture: torch.Tensor, market: Market, *, back: bool) -> torch.Tensor:
    """The whole circle of waves, with the margins in it."""
    import torch

    axes = (ACROSS,) if market.correlation is None else (DOWN, ACROSS)
    pad, extended = market.margin() + RINGING, picture
    for axis in axes:
        extended = _extended(extended, axis, pad, "constant" if back else "replicate")
    sizes = [extended.shape[axis] for axis in axes]
    spectrum = torch.fft.rfftn(extended, dim=axes)
    exact = _exact(picture)
    eta = torch.fft.fftfreq(sizes[0], **exact) if len(axes) > 1 else torch.zeros(1, **exact)
    _multiplied_either_way(spectrum, market, eta, torch.fft.rfftfreq(sizes[-1], **exact), back=back)
    moved: torch.Tensor = torch.fft.irfftn(spectrum, s=sizes, dim=axes)
    for axis in axes:
        moved = moved.narrow(axis, pad, picture.shape[axis])
    return moved


def _by_waves(picture: torch.Tensor, market: Market, few: list[int], *, back: bool) -> torch.Tensor:
    """Only the waves that are left, as products with them; the margins are summed in closed form."""
    import torch

    pad, exact = market.margin(), _exact(picture)
    cycles = torch.arange(few[-1], **exact) / (picture.shape[ACROSS] + 2 * pad)
    taken, given = _waves(cycles, picture.shape[ACROSS], pad, picture, held=not back)
    given[1:] *= 2.0  # of the waves of either sign the picture, being real, has equal shares
    spectrum = _times_complex(picture, taken)
    if market.correlation is None:
        _multiplied(spectrum, market, torch.zeros(1, **exact), cycles, back=back)
    else:
        signed = torch.arange(1 - few[0], few[0], **exact) / (picture.shape[DOWN] + 2 * pad)
        rows, columns = _waves(signed, picture.shape[DOWN], pad, picture, held=not back)
        spectrum = columns.T @ _multiplied(rows.T @ spectrum, market, signed, cycles, back=back)
    return _real_part_of_product(spectrum, given)


def _exact(picture: torch.Tensor) -> dict[str, Any]:
    import torch

    return {"device": picture.device, "dtype": torch.float64}


def _times_complex(picture: torch.Tensor, waves: torch.Tensor) -> torch.Tensor:
    """A real times a complex matrix, as one real product of twice the width."""
    import torch

    both = picture @ torch.view_as_real(waves).flatten(-2)
    return torch.view_as_complex(both.reshape(*both.shape[:-1], -1, 2))


def _real_part_of_product(spectrum: torch.Tensor, waves: torch.Tensor) -> torch.Tensor:
    """The real part of the product of two complex matrices, as one real product of twice the depth."""
    import torch

    both = torch.view_as_real(waves.conj().resolve_conj()).mT.flatten(0, 1)
    return torch.view_as_real(spectrum).flatten(-2) @ both


def _waves(
    cycles: torch.Tensor, size: int, pad: int, like: torch.Tensor, *, held: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """What takes a line of samples to these waves, size x waves, and what gives it back, waves x size.

    Held, the first and the last sample stand for ``pad`` more beyond them: a geometric series.
    """
    import torch

    turns = -2.0 * math.pi * cycles * torch.arange(size, device=like.device, dtype=torch.float64)[:, None]
    taken = torch.polar(torch.ones_like(turns), turns)
    given = taken.conj().T / (size + 2 * pad)
    if held:
        step, first = torch.polar(torch.ones_like(cycles), 2.0 * math.pi * cycles), cycles == 0.0
        beyond = step * (step**pad - 1.0) / torch.where(first, 1.0, step - 1.0) + torch.where(first, float(pad), 0.0)
        taken[-1] += taken[-1] * beyond.conj()
        taken[0] += beyond
    kind = torch.complex128 if like.dtype == torch.float64 else torch.complex64
    return taken.to(kind), given.to(kind)


def _extended(picture: torch.Tensor, axis: int, pad: int, mode: str) -> torch.Tensor:
    """The picture with ``pad`` samples and more beyond both edges along an axis: black, or the last ones held on.

    More, because an FFT is quick at some lengths only.
    """
    import scipy.fft  # type: ignore[import-untyped] # ships no types
    import torch

    size = picture.shape[axis]
    held = torch.arange(-pad, scipy.fft.next_fast_len(size + 2 * pad, real=True) - pad, device=picture.device)
    extended = picture.index_select(axis, held.clamp(0, size - 1))
    if mode == "constant":
        extended.narrow(axis, 0, pad).zero_()
        extended.narrow(axis, pad + size, len(held) - pad - size).zero_()
    return extended
