"""Burning with JPEG: saved again and again, each time on another grid, until the file holds nothing but its own noise.

Eight bits a colour are the nature of this fire: every pass rounds, and the rounding is part of what burns.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from installation.burns.jpeg_bins import agreeing
from installation.burns.registry import medium
from installation.burns.temperature import HOTTEST_SIGMA
from installation.images import by_pixels
from installation.knobs import knob
from installation.records import Burnt

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image, Pixels

Grid = np.ndarray[tuple[int], np.dtype[np.int64]]  # how far down and to the right the grid of blocks was moved
BLOCK = 8  # pixels a side of what JPEG transforms at once
COOLEST_QUALITY, HOTTEST_QUALITY = 95, 50  # below 50 a picture freezes into blocks, whose silhouette never goes
HOTTEST_PASSES = 512  # at quality 50 a photograph of 256 pixels a side is then correlated with its origin by 0.00


@medium("jpeg")
@dataclass(frozen=True, slots=True)
class Jpeg:
    """JPEG compression (ITU-T T.81), repeated; the grid of blocks jumps before every pass and back after it.

    On a grid that stays, recompression reaches a fixed point within a few passes and burns no more. On one that
    jumps every pass rounds other coefficients: the errors add up, feed on themselves, and the picture turns to noise.
    Each image of a batch is burnt on the same grids. The result has the 256 levels of 8-bit sRGB.
    """

    temperature: float = knob(0.3, low=0.0, high=1.0, glide=0.5, doc="How often and how badly the image is saved.")
    shift: bool = knob(True, doc="Whether the grid jumps; if not, the fire stops.")  # noqa: FBT003 - a switch's default
    chroma: str = knob("4:2:0", choices=("4:4:4", "4:2:0"), doc="Colour at full or at half resolution.")

    def __call__(self, image: Image, rng: Generator) -> Burnt:
        times = passes(self.temperature)
        if self.temperature == 0.0:
            return Burnt(image, 0.0, 0.0)
        grids = rng.integers(1, BLOCK, (times, 2)) if self.shift else np.zeros((times, 2), dtype=np.int64)
        level = quality(self.temperature)
        burnt = by_pixels(image, lambda pixels: resave(pixels, level, self.chroma, grids))
        counted = times if self.shift else 1
        return Burnt(
            burnt,
            self.temperature,
            covering_sigma(level, counted),
            evidence=lambda guess: self._agreeing(guess, burnt, grids[-1], counted),
        )

    def _agreeing(self, guess: Image, burnt: Image, grid: Grid, times: int) -> Image:
        """The guess clipped to the bins of the last pass, on its grid, widened by what the passes before it did.

        Half a step rounds a clean picture; what the last pass rounded had the errors of the others in it already.
        """
        down, right = map(int, grid)
        level = quality(self.temperature)
        before = math.sqrt(3.0) * covering_sigma(level, times - 1)  # half the width of a uniform error of that spread
        luma, chroma = (table.to(burnt) for table in tables(level))
        half = 2 if self.chroma == "4:2:0" else 1
        shown, guessed = (image.roll((-down, -right), (-2, -1)) for image in (burnt, guess))
        clipped = agreeing(guessed, shown, (luma, chroma, chroma), (1, half, half), before)
        return clipped.roll((down, right), (-2, -1))


def passes(temperature: float) -> int:
    """How often the picture is saved: 0 at T = 0, else 1 + 511 T^2, rounded. Raises ``ValueError`` outside 0 to 1."""
    if not 0.0 <= temperature <= 1.0:
        raise ValueError(f"A temperature lies between 0 and 1, not {temperature}.")
    return round(1 + (HOTTEST_PASSES - 1) * temperature**2) if temperature > 0.0 else 0


def quality(temperature: float) -> int:
    """The quality factor of libjpeg (1 to 100): 95 at T = 0 falling in proportion to 50 at T = 1."""
    return round(COOLEST_QUALITY - (COOLEST_QUALITY - HOTTEST_QUALITY) * temperature)


def covering_sigma(level: int, times: int) -> float:
    """The noise level that covers what ``times`` passes on grids that jump have done to any 8 x 8 frequency.

    Rounding to steps of D leaves an error of D / sqrt(12) (D / 127.5 / sqrt(12) in -1 to 1, as the transform is
    orthonormal), and independent errors add in squares. On three photographs of 256 pixels a side at T from 0.1 to 1
    the largest measured error of a frequency was 0.14 to 1.3 of this.
    """
    return min(coarsest_step(level) / (math.sqrt(12.0) * 127.5) * math.sqrt(times), HOTTEST_SIGMA)


def coarsest_step(level: int) -> int:
    """The largest step of the quantisation tables that libjpeg really writes at this quality, 1 to 255 grey levels."""
    return max(max(table) for table in quantisation(level))


def quantisation(level: int) -> tuple[list[int], list[int]]:
    """The tables of brightness and of colour that libjpeg really writes: 64 steps each, in grey levels, row by row."""
    from PIL import Image as Pillow

    file = encoded(np.zeros((BLOCK, BLOCK, 3), dtype=np.uint8), level, "4:4:4")
    with Pillow.open(io.BytesIO(file), formats=["JPEG"]) as picture:
        tables: dict[int, list[int]] = getattr(picture, "quantization", {})
        return tables[0], tables[1]


def tables(level: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The same as two 8 x 8 tensors in the units of an image of -1 to 1."""
    import torch

    luma, chroma = (torch.tensor(table, dtype=torch.float32).reshape(BLOCK, BLOCK) for table in quantisation(level))
    return luma / 127.5, chroma / 127.5


def resave(pixels: Pixels, level: int, chroma: str, grids: Iterable[tuple[int, int]]) -> Pixels:
    """Save and open once for every grid, which is moved (down, right) by so many pixels: over the edges and back."""
    stands = (0, 0)
    for down, right in grids:
        moved = np.roll(pixels, (stands[0] - down, stands[1] - right), (0, 1))  # from grid to grid, without going home
        pixels, stands = decoded(encoded(moved, level, chroma)), (down, right)
    return np.roll(pixels, stands, (0, 1)) if any(stands) else pixels


def encoded(pixels: Pixels, level: int, chroma: str) -> bytes:
    """H x W x 3 uint8 as the bytes of a JPEG file, 1 to 65,535 pixels a side; nothing touches the disk.

    By OpenCV, whose libjpeg-turbo writes the same bytes as Pillow's and takes a quarter less time on the way.
    """
    import cv2

    sampling = {"4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420}[chroma]
    settings = [cv2.IMWRITE_JPEG_QUALITY, level, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)[1].tobytes()


def decoded(file: bytes) -> Pixels:
    """The H x W x 3 uint8 pixels of a JPEG file we wrote."""
    import cv2

    pixels: Pixels = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR_RGB)  # type: ignore[assignment] # ours
    return pixels
