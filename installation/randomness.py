"""Counter-based random numbers: any generation of any lineage can be rendered again from (seed, serial).

Philox has a 128-bit key: a lineage's 64-bit seed and a generation's 64-bit serial. Seeding torch's own generator
would not do: its Mersenne twister on the CPU keeps 32 bits, which collide after about 77,000 draws, minutes at 60
per second. Noise is drawn on the CPU, so that it is the same on every device.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    Floats = np.ndarray[tuple[int], np.dtype[np.float32]]
    Words = np.ndarray[tuple[int], np.dtype[np.uint64]]

Generator = np.random.Generator
BLOCK = 2**16  # numbers filled at once: half a megabyte of working memory, which stays in a core's own cache


def generator(seed: int, serial: int, stream: int = 0) -> Generator:
    """The random numbers of one generation, 0 <= seed, serial < 2**64; ``stream`` separates the uses of one turn.

    The stream is the top word of Philox's counter, so streams of one key never overlap (Salmon et al. 2011).
    """
    key = np.array([seed, serial], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, 0, stream], dtype=np.uint64)))


def followers(rng: Generator, number: int) -> list[Generator]:
    """``rng`` itself and others from the same key, one for each of ``number`` processes that follow one another.

    Each is 2**128 draws ahead of the last, so none overlaps with another, or knows how much another has drawn.
    """
    leaps = [rng.bit_generator.jumped(place) for place in range(1, number)]  # type: ignore[attr-defined] # of Philox
    return [rng, *map(np.random.Generator, leaps)]


def white(rng: Generator, like: torch.Tensor) -> torch.Tensor:
    """Standard normal noise in the shape, dtype and on the device of ``like``: float32 numbers, no larger than 6.7.

    Takes two words from ``rng``, the key of a Philox of its own. Its counters are dealt out in blocks, which as many
    threads fill as torch may use: the numbers are the same for any number of them.
    """
    import torch

    noise = np.empty(like.numel(), dtype=np.float32)
    key = rng.integers(0, 2**64, 2, dtype=np.uint64)
    if noise.size <= BLOCK:
        _fill(noise, key, 0)
    else:
        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            tuple(threads.map(lambda at: _fill(noise[at : at + BLOCK], key, at), range(0, noise.size, BLOCK)))
    return torch.from_numpy(noise).reshape(like.shape).to(device=like.device, dtype=like.dtype)


def _fill(noise: Floats, key: Words, start: int) -> None:
    """Normal numbers from pairs of uniform ones (Box & Muller 1958): four vectorised passes, where a ziggurat branches.

    The place of the first number is the second word of the counter, so no two blocks share a number.
    """
    half = (noise.size + 1) // 2
    counter = np.array([0, start, 0, 0], dtype=np.uint64)
    uniform = np.random.Philox(key=key, counter=counter).random_raw(half).view(np.uint32).astype(np.float32)
    radius, turn = uniform[:half], uniform[half:]
    radius += 0.5  # the logarithm of 0 is infinite; half a step of 2**32 is not
    radius *= 2.0**-32
    np.log(radius, out=radius)
    radius *= -2.0
    np.sqrt(radius, out=radius)
    turn *= 2.0 * np.pi * 2.0**-32
    np.multiply(np.cos(turn), radius, out=noise[:half])
    np.sin(turn, out=turn)
    np.multiply(turn[: noise.size - half], radius[: noise.size - half], out=noise[half:])
