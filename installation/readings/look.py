"""A picture as the readings see it: small, and each part of it worked out once, when it is first asked for."""

from __future__ import annotations

import functools
import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from installation.records import Pixels

REC_709 = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
MOST_PIXELS = 480 * 270  # a quarter of 1920 x 1080 a side; the loop's own 256 x 256 is read whole
GLANCE = 32  # pixels a side: layout and colour survive, texture does not
THUMB = 16  # pixels a side: enough to tell pictures apart


class Rings(NamedTuple):
    """The modes of one picture size, gathered by scale: which ones, ring after ring, how many each has, its mean k.

    ``k`` is in radians per pixel; the constant mode is in no ring.
    """

    order: np.ndarray
    modes: np.ndarray
    k: np.ndarray


class Look:
    """One picture, H x W x 3 uint8 sRGB, prepared for its readings. Not changed after it was made."""

    def __init__(self, pixels: Pixels) -> None:
        """Nothing is worked out yet."""
        self.pixels = pixels

    @cached_property
    def halvings(self) -> int:
        """How often it is halved, both ways, until no more pixels are left than 480 x 270 has."""
        height, width = self.pixels.shape[:2]
        times = 0
        while (height >> times) * (width >> times) > MOST_PIXELS:
            times += 1
        return times

    @cached_property
    def small(self) -> Pixels:
        """Halved that often, by areas: three times as fast as in one step, and 1 level off at most."""
        pixels = self.pixels
        for _ in range(self.halvings):
            pixels = _halved(pixels)
        return pixels

    @cached_property
    def half(self) -> Pixels:
        """``small`` halved once more, for whoever needs no more; a picture that is tiny already stays."""
        return _halved(self.small) if min(self.small.shape[:2]) >= 2 * GLANCE else self.small

    @cached_property
    def luma(self) -> np.ndarray:
        """Rec. 709 luma of ``small``, uint8."""
        return luma(self.small)

    @cached_property
    def grey(self) -> np.ndarray:
        """The same as float32, 0 to 255."""
        return self.luma.astype(np.float32)

    @cached_property
    def glance(self) -> np.ndarray:
        """What a glance keeps: 32 x 32 CIE Lab values, float32."""
        import cv2

        small = cv2.resize(self.half, (GLANCE, GLANCE), interpolation=cv2.INTER_AREA)
        lab: np.ndarray = cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
        return lab

    @cached_property
    def thumb(self) -> np.ndarray:
        """The glance at half its size, flat: 16 x 16 x 3 CIE Lab values, float32."""
        import cv2

        return cv2.resize(self.glance, (THUMB, THUMB), interpolation=cv2.INTER_AREA).reshape(-1)

    @cached_property
    def waves(self) -> np.ndarray:
        """Orthonormal cosine transform (DCT-II) of ``grey``, by SciPy: in half the time of OpenCV.

        The modes of a picture with insulated edges: its border is no edge to them, which a Fourier transform would
        take for the strongest there is. White noise of variance s^2 has power s^2 in every mode.
        """
        import cv2
        import scipy.fft  # type: ignore[import-untyped] # ships no types

        mean = cv2.mean(self.grey)[0]  # apart, as float32 would round it into all the other modes
        waves = np.asarray(scipy.fft.dctn(self.grey - np.float32(mean), norm="ortho", overwrite_x=True))
        waves[0, 0] = mean * math.sqrt(waves.size)
        return waves

    @cached_property
    def power(self) -> tuple[Rings, np.ndarray]:
        """Mean power per mode of every ring, float64, in grey levels squared."""
        return radial_power(self.waves)

    @cached_property
    def blurred(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Local mean of ``grey`` under SSIM's window, its square, and the local variance."""
        mean = window(self.grey)
        square, spread = mean * mean, window(self.grey * self.grey)
        spread -= square
        return mean, square, spread


def luma(pixels: Pixels) -> np.ndarray:
    """Rec. 709 luma of H x W x 3 uint8 sRGB pixels, rounded to H x W uint8."""
    import cv2

    weighted: np.ndarray = cv2.transform(pixels, REC_709).reshape(pixels.shape[:2])
    return weighted


def window(values: np.ndarray) -> np.ndarray:
    """Local means under the Gaussian window of SSIM, 11 x 11 with a deviation of 1.5 pixels; edges are mirrored."""
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5))


def radial_power(waves: np.ndarray) -> tuple[Rings, np.ndarray]:
    """Mean power per mode of every ring, float64, in the square of what ``waves`` was made from."""
    rings = rings_of(*waves.shape)
    squares = np.square(waves).reshape(-1).take(rings.order)
    return rings, np.add.reduceat(squares, np.cumsum(rings.modes) - rings.modes, dtype=np.float64) / rings.modes


@functools.lru_cache(maxsize=4)
def rings_of(height: int, width: int) -> Rings:
    """Rings as wide as the modes of the shorter side are apart; those without a mode are left out."""
    k = math.pi * np.hypot(np.arange(height)[:, None] / height, np.arange(width) / width).reshape(-1)
    ring = np.floor(k * min(height, width) / math.pi + 1e-9).astype(np.intp)  # 1e-9: k is rounded
    ring[0] = ring.max() + 1
    _, index, modes = np.unique(ring, return_inverse=True, return_counts=True)
    means = np.bincount(index, k) / modes
    return Rings(np.argsort(index, axis=None, kind="stable")[:-1], modes[:-1], means[:-1])


def _halved(pixels: Pixels) -> Pixels:
    import cv2

    height, width = pixels.shape[:2]
    return np.asarray(cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA))
