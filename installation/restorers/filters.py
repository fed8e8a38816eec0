"""The best linear guess of a clean picture, band by band, for any way of burning: what ember's network is added to.

For white noise it is the Wiener filter in closed form, and what stands around the network are then exactly the
coefficients of Karras et al. 2022 (arXiv:2206.00364, table 1) with every band's own sigma_data. For the other media it
is a linear regression of clean bands on burnt ones, measured at nine temperatures and interpolated between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from installation.restorers import wavelet

if TYPE_CHECKING:
    import torch

    Network = Callable[[torch.Tensor], torch.Tensor]

KNOTS = 9  # temperatures at which a medium is measured: 0, 1/8 ... 1
DOUBTS = 17  # noise levels at which the Wiener filter's error is listed


@dataclass(frozen=True, slots=True)
class Filter:
    """A guess D = mean + gain y + rest F(y / loud), y = burnt bands - ``shade``; every part B (or 1) x 192 x 1 x 1.

    ``mean`` and ``shade`` are the means of clean and burnt bands, ``loud`` the burnt bands' standard deviation and
    ``rest`` that of what the linear guess leaves unexplained, so that F has unit inputs and a unit target.
    """

    mean: torch.Tensor
    shade: torch.Tensor
    gain: torch.Tensor
    rest: torch.Tensor
    loud: torch.Tensor

    def denoise(self, network: Network, burnt: torch.Tensor) -> torch.Tensor:
        """The guess of the clean bands. A network that says nothing leaves the linear filter."""
        apart = burnt - self.shade
        return self.mean + self.gain * apart + self.rest * network(apart / self.loud)

    def target(self, burnt: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
        """What F would have to say for the guess to be the clean bands."""
        return (clean - self.mean - self.gain * (burnt - self.shade)) / self.rest


@dataclass(frozen=True, slots=True)
class Bands:
    """What pictures are like in each of the 192 bands: means and standard deviations, both 1 x 192 x 1 x 1."""

    mean: torch.Tensor
    std: torch.Tensor

    def first(self, count: int) -> Bands:
        """The same of so many bands, from the coarsest on."""
        return Bands(self.mean[:, :count], self.std[:, :count])

    def filter(self, sigma: torch.Tensor) -> Filter:
        """The Wiener filter against white noise of strength ``sigma``, B x 1 x 1 x 1."""
        loud = (sigma**2 + self.std**2).sqrt()
        return Filter(self.mean, self.mean, (self.std / loud) ** 2, sigma * self.std / loud, loud)

    def doubt(self) -> Doubt:
        """How wrong the Wiener filter is on pictures of these bands: the error of a network that says nothing."""
        import torch

        sigma = torch.logspace(-2.0, 2.0, DOUBTS, device=self.std.device)
        return Doubt(sigma, self.filter(sigma.view(-1, 1, 1, 1)).rest.flatten(1) ** 2)


@dataclass(frozen=True, slots=True)
class Regression:
    """Filters of several media at ``KNOTS`` temperatures; every part media x knots x 192."""

    mean: torch.Tensor
    shade: torch.Tensor
    gain: torch.Tensor
    rest: torch.Tensor
    loud: torch.Tensor

    def filter(self, medium: torch.Tensor, temperature: torch.Tensor) -> Filter:
        """The filters of B media (by number) at B temperatures, 0 to 1, between the knots linearly."""
        low, share = between(temperature)

        def at(part: torch.Tensor) -> torch.Tensor:
            mixed = part[medium, low].lerp(part[medium, low + 1], share.unsqueeze(1))
            return mixed.view(-1, wavelet.CHANNELS, 1, 1)

        return Filter(*(at(getattr(self, part.name)) for part in fields(self)))


def between(temperature: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The knot below each of B temperatures, 0 to ``KNOTS`` - 2, and how far it is to the next, 0 to 1."""
    place = temperature.clamp(0.0, 1.0) * (KNOTS - 1)
    low = place.long().clamp(max=KNOTS - 2)
    return low, place - low


@dataclass(frozen=True, slots=True)
class Doubt:
    """How wrong the guesses are: mean squared error of every band, levels x 192, at rising noise levels.

    A mean-square guess has less variance than pictures have, by exactly its error: what it is unsure of is missing.
    """

    sigma: torch.Tensor
    variance: torch.Tensor

    def kept(self, sigma: float, below: float, hold: float) -> torch.Tensor:
        """Which part of x - D stays in every band, on the way from ``sigma`` down to ``below``: 1 x 192 x 1 x 1.

        x' = D + c (x - D). c = below / sigma is DDIM, which loses what the guess is unsure of; with few steps a picture
        goes flat. For a guess of error v, E (x - D)^2 = sigma^2 - v and E D (x - D) = v (Stein 1981), so the variance
        of pictures under noise ``below`` is kept by the c that solves c^2 (sigma^2 - v) + 2 c v = v + below^2. At the
        end of the way that is sqrt(v) / (sigma + sqrt(v)). ``hold`` from 0 to 1 counts so much of v.
        """
        v = hold * self.at(sigma).clamp(max=0.999 * sigma**2)
        part = (v**2 + (sigma**2 - v) * (v + below**2)).sqrt() - v
        return (part / (sigma**2 - v)).view(1, -1, 1, 1)

    def at(self, sigma: float) -> torch.Tensor:
        """The error of every band at a noise level, 192: geometric between the levels, the nearest one beyond them."""
        import torch

        place = torch.tensor(sigma, device=self.sigma.device).clamp(self.sigma[0], self.sigma[-1])
        above = int(torch.searchsorted(self.sigma, place).clamp(1, len(self.sigma) - 1))
        share = (place / self.sigma[above - 1]).log() / (self.sigma[above] / self.sigma[above - 1]).log()
        return self.variance[above - 1].log().lerp(self.variance[above].log(), share).exp()
