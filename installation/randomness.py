"""Counter-based random numbers: any generation of any lineage can be rendered again from (seed, serial).

Philox has a 128-bit key: a lineage's 64-bit seed and a generation's 64-bit serial. Seeding torch's own generator
would not do: its Mersenne twister on the CPU keeps 32 bits, which collide after about 77,000 draws, minutes at 60
per second. Noise is drawn on the CPU, so that it is the same on every device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

Generator = np.random.Generator


def generator(seed: int, serial: int, stream: int = 0) -> Generator:
    """The random numbers of one generation, 0 <= seed, serial < 2**64; ``stream`` separates the uses of one turn.

    The stream is the top word of Philox's counter, so streams of one key never overlap (Salmon et al. 2011).
    """
    key = np.array([seed, serial], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, 0, stream], dtype=np.uint64)))


def white(rng: Generator, like: torch.Tensor) -> torch.Tensor:
    """Standard normal noise in the shape, dtype and on the device of ``like``."""
    import torch

    noise = rng.standard_normal(tuple(like.shape), dtype=np.float32)
    return torch.from_numpy(noise).to(device=like.device, dtype=like.dtype)
