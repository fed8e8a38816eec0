"""What a tiny ember knows: two words, one medium that dims the light, and vectors that are not nothing."""

import torch

from installation.restorers import wavelet
from installation.restorers.conditions import Conditions, tables
from installation.restorers.filters import KNOTS, Regression

WIDTH = 128  # of a network whose first level has 32 channels


def dimming() -> Regression:
    """A medium that multiplies pictures by 1 - T/2 and leaves nothing else to guess: gain 1 / (1 - T/2)."""
    dim = 1.0 - torch.linspace(0.0, 0.5, KNOTS).view(1, KNOTS, 1).expand(1, KNOTS, wavelet.CHANNELS)
    nothing = torch.zeros_like(dim)
    return Regression(nothing, nothing, 1.0 / dim, nothing + 0.1, dim)


def knowing(words: tuple[str, ...] = ("cat", "hat"), seed: int = 0) -> Conditions:
    heard = tables(len(words), 1, WIDTH)
    dice = torch.Generator().manual_seed(seed)
    for table in heard.values():
        table.weight.data.copy_(torch.randn(table.weight.shape, generator=dice))
        table.weight.requires_grad_(requires_grad=False)
    heard["words"].weight.data[0] = 0.0
    return Conditions(words, ("dimming",), heard, dimming())
