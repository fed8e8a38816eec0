"""Burning by encryption (Prometheus): every byte becomes noise to whoever has no key, and nothing is lost to who has.

The other way round from diffusion, whose noise forgets. The ransomware of 2021 drew its password from the computer's
tick count, the milliseconds since it was started, and fell when CyCraft tried them all; so does this.

Everything happens in memory, on a copy of the pixels; nothing here opens, reads or writes a file.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.images import by_pixels
from installation.knobs import knob
from installation.records import Burnt

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Image

    Bytes = np.ndarray[Any, np.dtype[np.uint8]]

TICKS = 2**20  # milliseconds since the start: seventeen minutes and a half, as many keys as a visitor can try
BITS, ALL = 8, 255
BATCH = 4096  # keys tried between two looks at what they made
HEADER = 256  # bytes looked at to know a picture: 85 pixels of its first row
SMOOTH = 50.0  # mean step between neighbours: noise has 85.3 +- 3.9, and of a million tries one falls below 66
CONTRAST = 0.5  # standard deviation of photographs in -1 to 1: sigma_data of Karras et al. 2022
PIXELS, CHOICE = 0, 1  # nonces: one keystream for the pixels, one for which of their bits are encrypted


@medium("cipher")
@dataclass(frozen=True, slots=True)
class Cipher:
    """ChaCha20 (Bernstein 2008) over a share of the picture's bits, its key drawn from a tick count.

    *planes*: from the lowest bit up, so that the encrypted part of a byte's range is T: the picture falls into
    posters and those into noise. *bytes*: a share T of the bytes as a whole, the others not at all. A hotter fire
    encrypts what a cooler one has and more. The result has the 256 levels of 8-bit sRGB.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How much of the picture is encrypted.")
    order: str = knob("planes", choices=("planes", "bytes"), doc="Bits from the lowest up (planes), or byte by byte.")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        burnt = by_pixels(image, lambda pixels: self._encrypted(pixels, key(int(rng.integers(TICKS)))))
        if self.order == "bytes":
            signal, noise, sigma = channel(self.temperature)
            return Burnt(burnt, self.temperature, sigma, signal, noise, image)
        whole, share = planes(self.temperature)
        free = whole + math.ceil(share)
        return Burnt(
            burnt, self.temperature, covering_sigma(whole, share), evidence=lambda guess: agreeing(guess, burnt, free)
        )

    def _encrypted(self, pixels: Bytes, secret: bytes) -> Bytes:
        if self.temperature == 1.0:
            return encrypt(pixels, secret)
        return encrypt(pixels, secret, veil(secret, pixels.shape, self.temperature, self.order))


def key(tick: int) -> bytes:
    """The 256-bit key of a tick count: its SHA-256. As strong as the number of ticks that come into question."""
    return hashlib.sha256(b"Prometheus" + tick.to_bytes(8, "little")).digest()


def stream(secret: bytes, size: int, nonce: int = PIXELS) -> Bytes:
    """So many bytes of the keystream of ChaCha20 (RFC 8439's cipher with Bernstein's 64-bit counter and nonce)."""
    return _turned(np.zeros(size, np.uint8), secret, nonce)


def encrypt(pixels: Bytes, secret: bytes, bits: Bytes | None = None) -> Bytes:
    """A copy of uint8 pixels of any shape, encrypted; ``bits`` says which bits of each byte, by default all of them."""
    if bits is None:
        return _turned(pixels, secret, PIXELS)
    hidden = stream(secret, pixels.size).reshape(pixels.shape) & bits
    hidden ^= pixels
    return hidden


def _turned(data: Bytes, secret: bytes, nonce: int) -> Bytes:
    """A copy of the bytes with the keystream laid over them, in their order; it cannot be written into."""
    from cryptography.hazmat.primitives import ciphers

    chacha = ciphers.algorithms.ChaCha20(secret, bytes(8) + nonce.to_bytes(8, "little"))
    turned = ciphers.Cipher(chacha, None).encryptor().update(np.ascontiguousarray(data).reshape(-1).data)
    return np.frombuffer(turned, np.uint8).reshape(data.shape)


def decrypt(pixels: Bytes, secret: bytes, bits: Bytes | None = None) -> Bytes:
    """What ``encrypt`` was given, bit for bit: what is turned twice is as it was (x ^ k ^ k = x)."""
    return encrypt(pixels, secret, bits)


def veil(secret: bytes, shape: tuple[int, ...], temperature: float, order: str = "planes") -> Bytes:
    """Which bits of each byte a temperature encrypts, as uint8 masks: chosen by the key alone, growing with T."""
    whole, share = (0, temperature) if order == "bytes" else planes(temperature)
    more = ALL if order == "bytes" else min(2 ** (whole + 1) - 1, ALL)
    dice = stream(secret, 2 * math.prod(shape), CHOICE).view(np.uint16).reshape(shape)
    bits = (dice < round(share * 2**16)).view(
        np.uint8
    )  # 0 or 1; sums where a choice could not be foreseen: half as long
    bits *= np.uint8(more - (2**whole - 1))
    bits += np.uint8(2**whole - 1)
    return bits


def planes(temperature: float) -> tuple[int, float]:
    """How many bits from the lowest are encrypted in every byte, 0 to 8, and in what share of the bytes one more.

    The encrypted range, 2^bits of the 256 levels, is T of them on average: from 1 / 256 upward it grows in proportion.
    """
    levels = max(2.0**BITS * temperature, 1.0)
    whole = math.frexp(levels)[1] - 1  # the exponent itself: a logarithm just below 8 is rounded to 8
    return whole, levels / 2**whole - 1.0


def covering_sigma(whole: int, share: float) -> float:
    """The noise level that covers ``whole`` encrypted bits in every byte and one more in a share of them, 0 to 80.

    A byte with b bits encrypted is off by the difference of two uniform numbers below 2^b: a variance of (4^b - 1) / 6
    squared levels. Bytes without any bit left say nothing, so the rest of the picture speaks more softly.
    """
    if whole == BITS:
        return HOTTEST_SIGMA
    off = ((1.0 - share) * 4.0**whole + share * 4.0 ** (whole + 1) - 1.0) / 6.0
    heard = 1.0 - share if whole == BITS - 1 else 1.0
    return min(math.sqrt(off) / 127.5 / heard, HOTTEST_SIGMA)


def channel(temperature: float) -> tuple[float, float, float]:
    """A share T of bytes encrypted as white noise: y = signal x + noise w, exactly so in mean and variance; and sigma.

    Encrypted bytes are uniform, of variance 1/3; which ones are is a toss of a coin, of variance T (1 - T) x^2. A few
    wild bytes are not yet Gaussian noise: they are covered by noise as loud as one of them is off.
    """
    signal = 1.0 - temperature
    noise = math.sqrt(temperature / 3.0 + temperature * signal * CONTRAST**2)
    wild = math.sqrt(1.0 / 3.0 + CONTRAST**2)
    return signal, noise, min(math.hypot(noise / signal, wild), HOTTEST_SIGMA) if signal > 0.0 else HOTTEST_SIGMA


def agreeing(guess: Image, burnt: Image, free: int) -> Image:
    """The guess moved as little as possible so that it has the upper bits that nobody has encrypted, B x 3 x H x W."""
    cell = 2.0**free
    low = ((burnt + 1.0) * 127.5).round().div(cell, rounding_mode="floor") * cell - 0.5
    return guess.clamp(low / 127.5 - 1.0, (low + cell) / 127.5 - 1.0)


def brute_force(header: Bytes, ticks: Iterable[int]) -> int | None:
    """The tick whose key makes a picture of the first 256 encrypted bytes (all bits), or None when none of them does.

    A picture is known by its smoothness: neighbours of one colour differ little. White noise has no such smell.
    """
    candidates, first = iter(ticks), header.reshape(-1)[:HEADER]
    while batch := list(islice(candidates, BATCH)):
        smooth = roughness(np.stack([decrypt(first, key(tick)) for tick in batch])) < SMOOTH
        if smooth.any():
            return batch[int(smooth.argmax())]
    return None


def roughness(pixels: Bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The mean step between neighbours of one colour in rows of interleaved RGB bytes, in levels; of noise 85.3."""
    levels = pixels.astype(np.int16)
    steps: np.ndarray[Any, np.dtype[np.float64]] = np.abs(levels[..., 3:] - levels[..., :-3]).mean(axis=-1)
    return steps
