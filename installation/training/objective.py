"""What is learnt: the network, its loss, the noise it meets and the statistics it stands on.

Denoising score matching with the preconditioning of Karras et al. 2022 (arXiv:2206.00364), in wavelet bands.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.randomness import generator, white
from installation.restorers import wavelet
from installation.restorers.ember import LOUDEST, QUIETEST, Bands, loudness

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image
    from installation.training.composition import Picture
    from installation.training.corpus import Corpus

EDGE = 1e-6  # ranks are kept this far from 0 and 1, where the normal quantile is infinite
FAINTEST = 1e-3  # a band that grey or flat pictures never use must not divide by nothing
HANDFUL = 8  # pictures of the census at a time


def build_network(channels: tuple[int, ...]) -> Any:
    """A UNet over the grid of places: 192 bands in, 192 out, attention only in its middle, silent at first.

    Silent (its last layer is zero) means that training starts at the Wiener filter. ``channels``: multiples of 32.
    """
    import torch
    from diffusers import UNet2DModel

    network = UNet2DModel(
        sample_size=32,
        in_channels=wavelet.CHANNELS,
        out_channels=wavelet.CHANNELS,
        layers_per_block=1,
        block_out_channels=channels,
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
        attention_head_dim=min(64, channels[-1]),
    )
    torch.nn.init.zeros_(network.conv_out.weight)
    torch.nn.init.zeros_(network.conv_out.bias)
    return network.to(memory_format=torch.channels_last)


def losses(network: Any, bands: Bands, clean: torch.Tensor, sigma: torch.Tensor, rng: Generator) -> torch.Tensor:
    """The loss of each picture, B: squared error of F per band, weighted in proportion to c_out (mean weight 1).

    Pixels' squared error would weigh by c_out^2, whitened bands equally; this stands halfway between them.
    """
    import torch

    c_skip, c_out, c_in = bands.scales(sigma)
    apart = clean - bands.mean
    noisy = apart + sigma * white(rng, clean)
    target = (apart - c_skip * noisy) / c_out
    with torch.autocast(clean.device.type, torch.bfloat16):
        heard = (c_in * noisy).contiguous(memory_format=torch.channels_last)
        (guess,) = network(heard, loudness(sigma.flatten()), return_dict=False)
    weight = c_out / c_out.mean(dim=1, keepdim=True)
    each: torch.Tensor = (weight * (guess.float() - target) ** 2).mean(dim=(1, 2, 3))
    return each


def draw_sigma(count: int, middle: float, spread: float, rng: Generator) -> torch.Tensor:
    """Noise levels for a batch, count x 1 x 1 x 1: ln sigma is normal (P_mean, P_std), clipped to 0.02 to 80.

    Stratified: every batch meets quiet and loud noise, which steadies the loss.
    """
    import torch

    ranks = ((np.arange(count) + rng.uniform(size=count)) / count).clip(EDGE, 1.0 - EDGE)
    normal = NormalDist(middle, spread)
    levels = np.exp([normal.inv_cdf(float(rank)) for rank in ranks]).clip(QUIETEST, LOUDEST)
    return torch.from_numpy(levels.astype(np.float32)).view(-1, 1, 1, 1)


def to_batch(pictures: list[Picture]) -> Image:
    """B x 3 x H x W float32 in -1 to 1 of H x W x 3 uint8 pictures of one size."""
    import torch

    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 127.5 - 1.0).permute(0, 3, 1, 2)


def census(corpus: Corpus, size: int, count: int, seed: int) -> Bands:
    """Mean and standard deviation of every band over ``count`` pictures of the mix, size x size."""
    rng = generator(seed, 0, stream=1)
    places, total, square = 0, np.zeros(wavelet.CHANNELS), np.zeros(wavelet.CHANNELS)
    for _ in range(-(-count // HANDFUL)):
        bands = wavelet.analyse(to_batch([corpus.draw(size, rng) for _ in range(HANDFUL)])).double()
        places += bands[:, 0].numel()
        total += bands.sum(dim=(0, 2, 3)).numpy()
        square += bands.square().sum(dim=(0, 2, 3)).numpy()
    mean = total / places
    return Bands(_as_bands(mean), _as_bands(np.sqrt((square / places - mean**2).clip(FAINTEST**2))))


def _as_bands(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> torch.Tensor:
    import torch

    return torch.from_numpy(values.astype(np.float32)).view(1, -1, 1, 1)
