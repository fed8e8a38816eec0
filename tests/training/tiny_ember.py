"""A tiny ember on the disk, and a wall of pictures it can learn in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from installation.restorers import wavelet
from installation.restorers.ember import Ember
from installation.restorers.filters import Bands
from installation.training.objective import build_network
from installation.training.proof import export
from tests.restorers.tiny_conditions import knowing

if TYPE_CHECKING:
    from pathlib import Path


def tiny_ember(folder: Path) -> Path:
    """A folder that ``ember.load`` takes, of a network that has learnt nothing."""
    torch.manual_seed(1)
    std = torch.logspace(0.5, -1.5, wavelet.CHANNELS).view(1, -1, 1, 1)
    export(Ember(build_network((32, 32, 32)), Bands(torch.zeros_like(std), std), "", knowing()), folder)
    return folder


def wall(folder: Path, count: int = 20) -> Path:
    """Pictures of one stripe each, which are all different."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        rows = (np.arange(72)[:, None, None] < 12 + 2 * index) * np.uint8(1)
        colour = np.array([230 - 5 * index, 60 + 3 * index, 20 + 9 * index % 200], np.uint8)
        Image.fromarray((20 + rows * colour).astype(np.uint8).repeat(72, 1)).save(folder / f"{index:02}.png")
    return folder
