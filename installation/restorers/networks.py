"""Ember's networks: one that restores behind every noise, and an expert for words that lays pictures out.

What a picture is of is decided behind loud noise, where only its coarse bands can be guessed at. The expert is asked
for nothing else: it sees the whole picture on a quarter of the places and was trained on loud noise alone, so that it
learns many times faster what words look like. An ensemble of expert denoisers (Balaji et al. 2022, arXiv:2211.01324),
two of them: where something is said the expert down to ``LOUD``, and ember's own network from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.restorers import precision, wavelet
from installation.restorers.quiet import quietly

if TYPE_CHECKING:
    import torch

    from installation.restorers.conditions import Conditions

EXPERT = "expert"  # its folder within ember's
COARSE = 12  # bands that it is told of: means of 8 x 8 pixels, and their coarsest details
FOLD = 2  # places a side that it takes for one
LOUD = 1.5  # sigma from which on it is asked, T = .63; what is finer than its bands, ember's own network sees better


@dataclass(frozen=True, slots=True, eq=False)
class Painter:
    """A network, and what it learnt of words."""

    network: Any
    conditions: Conditions


def ask(network: Any, bands: torch.Tensor, level: torch.Tensor, told: torch.Tensor | None) -> torch.Tensor:
    """What a network says of bands, B x 192 x h x w to the same; nothing of bands that it is not told of.

    ``level`` is B numbers as of ``ember.loudness``, ``told`` the vectors of the conditions, B x width.
    """
    import torch
    from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle

    heard = hears(network)
    fold = 1 if heard == wavelet.CHANNELS else FOLD
    folded = pixel_unshuffle(bands[:, :heard], fold).contiguous(memory_format=torch.channels_last)
    (guess,) = network(folded, level, class_labels=told, return_dict=False)
    said: torch.Tensor = pad(pixel_shuffle(guess, fold), (0, 0, 0, 0, 0, bands.shape[1] - heard))
    return said


def hears(network: Any) -> int:
    """How many bands a network is told of, from the coarsest on."""
    return wavelet.CHANNELS if network.config.in_channels == wavelet.CHANNELS else COARSE


def read(folder: Path, device: torch.device) -> Any:
    """A network from a folder whose files were verified; bfloat16 where the machine computes in it, else float32.

    Raises ``OSError``, ``ValueError``, ``KeyError`` or ``RuntimeError`` for what is no network.
    """
    import torch
    from diffusers import UNet2DModel

    with quietly():
        network = UNet2DModel.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False, dtype=torch.float32
        )
        # narrowed here: while the library does, what plays would compute otherwise too (see diffusion)
        network.to(device, precision.fast(device), memory_format=torch.channels_last)
    return network.eval().requires_grad_(requires_grad=False)
