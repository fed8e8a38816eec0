"""Evidence: what a burn has kept for certain, and how a guess is corrected to agree with it (data consistency).

A restorer guesses the whole picture, also what was never lost. A medium that knows what it left alone puts that back:
guess + B (burnt - A guess), A being the medium and B its inverse wherever that can be trusted (DDNM, Wang et al.
2022, arXiv:2212.00490; back-projection, Irani & Peleg 1991). A guess that burns to what was seen is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

DOUBTFUL, CERTAIN = (
    0.05,
    0.2,
)  # of its amplitude left: below the first a mode is the guess's, above the second the burn's


def trust(gain: torch.Tensor) -> torch.Tensor:
    """How far to believe what is left of each mode, 0 to 1: a fade from a gain of .05 to one of .2, signs ignored.

    A sharp edge between what is kept and what is invented would ring in the picture.
    """
    return ((gain.abs() - DOUBTFUL) / (CERTAIN - DOUBTFUL)).clamp(0.0, 1.0)


def inverse(gain: torch.Tensor) -> torch.Tensor:
    """1 / gain as far as it can be trusted, ``trust(gain) / gain`` for a gain of 0 to 1, itself 0 to 5.

    Going back through heat is ill-posed, as 1 / gain grows like exp(tau f^2): nothing is divided by less than .05.
    """
    return trust(gain) / gain.clamp_min(DOUBTFUL)
