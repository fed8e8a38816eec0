"""Light: sRGB codes to linear light and back. Dissolves and fades are sums of light, and only light may be summed.

``Light`` is H x W x 3 float32, 0 to 1, linear, with sRGB's primaries (IEC 61966-2-1).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from installation.randomness import generator

if TYPE_CHECKING:
    from installation.records import Pixels

Light = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]

FINE = 65535  # steps of linear light: sRGB's darkest code spans twenty of them
PART = 256  # parts of one code, for the dither
GRAIN_MARGIN = 61  # pixels: the dither is shifted by up to this much, a prime so that the shifts repeat late


def decode(pixels: Pixels) -> Light:
    """The light of H x W x 3 uint8 sRGB pixels."""
    import cv2

    return cv2.LUT(pixels, _decoded())  # type: ignore[return-value] # cv2 knows no shapes


def encode(light: Light, turn: int = 0) -> Pixels:
    """The nearest 8-bit sRGB pixels, dithered: slow fades in the dark would show steps without it.

    ``turn`` counts flips; the grain moves with it, and its mean over turns is the exact value. Light that is
    a whole code (such as decoded pixels) comes out as that code at every turn.
    """
    fine = _encoded()[_levels(light)]
    fine += _shifted(_grain(*light.shape[:2]), turn)[..., None]
    pixels: Pixels = (fine >> 8).astype(np.uint8)
    return pixels


def luminance(light: Light) -> float:
    """The mean relative luminance Y of a picture, 0 to 1 (ITU-R BT.709)."""
    return float(light.mean(axis=(0, 1)) @ np.array([0.2126, 0.7152, 0.0722]))


def curve(codes: np.ndarray) -> np.ndarray:
    """The decoding curve of sRGB: codes 0 to 1 to linear light 0 to 1."""
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - the standard's


def inverse(light: np.ndarray) -> np.ndarray:
    """The encoding curve of sRGB, the inverse of ``curve``."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)  # noqa: PLR2004 - the standard's


@functools.cache
def _decoded() -> np.ndarray:
    return curve(np.arange(256) / 255.0).astype(np.float32)


@functools.cache
def _encoded() -> np.ndarray:
    """256ths of a code for each of 65,536 levels of light. The levels of whole codes are exact: they never dither."""
    table = np.round(inverse(np.arange(FINE + 1) / FINE) * 255.0 * PART)
    table[_levels(_decoded())] = np.arange(256) * PART
    return table.astype(np.uint16)


def _levels(light: np.ndarray) -> np.ndarray:
    levels: np.ndarray = np.clip(light * np.float32(FINE) + np.float32(0.5), 0, FINE).astype(np.uint16)
    return levels


@functools.lru_cache(maxsize=4)
def _grain(height: int, width: int) -> np.ndarray:
    rng = generator(0, 0)
    return rng.integers(0, PART, (height + GRAIN_MARGIN, width + GRAIN_MARGIN), dtype=np.uint16)


def _shifted(grain: np.ndarray, turn: int) -> np.ndarray:
    down, right = turn * 17 % GRAIN_MARGIN, turn * 37 % GRAIN_MARGIN
    return grain[down : grain.shape[0] - GRAIN_MARGIN + down, right : grain.shape[1] - GRAIN_MARGIN + right]
