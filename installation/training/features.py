"""What the card compares pictures by: layout, shape and texture, measured without any trained network.

Features of a network trained on photographs would see more of what is on a picture; none can be had without
downloading pickled weights. These are named for what they are, and figures made with them compare with no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.readings import Look

if TYPE_CHECKING:
    from installation.records import Pixels

    Vector = np.ndarray[tuple[int], np.dtype[Any]]
    Cloud = np.ndarray[tuple[int, int], np.dtype[Any]]

NAME = "lab-hog-octaves-48"
ABOUT = (
    "three times 16 whitened principal components, measured on training pictures: layout and colour (16 x 16 CIE Lab), "
    "shape (histograms of 9 directions in 8 x 8 cells of 64 x 64 luma) and texture (log energies of five octaves of "
    "CIE Lab on 4 x 4 places)"
)
KEPT = 16  # components of each kind
CELLS, DIRECTIONS, OCTAVES, PLACES = 8, 9, 5, 4
LUMA_SIDE = 64  # pixels on which shape is seen
DIM = 0.05  # edges fainter than this, of a luma from 0 to 1, count as none
HUSH = 0.01  # squared Lab units: texture fainter than this counts as none


@dataclass(frozen=True, slots=True)
class Axes:
    """Whitened principal components: mean D, directions K x D, deviations K."""

    mean: Vector
    directions: Cloud
    spread: Vector

    def __call__(self, cloud: Cloud) -> Cloud:
        """N x D to N x K, each component of unit variance on what it was measured on."""
        placed: Cloud = (cloud - self.mean) @ self.directions.T / self.spread
        return placed


@dataclass(frozen=True, slots=True)
class Features:
    """Pictures as points; learnt from training pictures, so that held-out ones are strangers to it."""

    axes: tuple[Axes, ...]

    def __call__(self, pictures: Iterable[Pixels]) -> Cloud:
        """N pictures, H x W x 3 uint8 sRGB, as N x 48."""
        seen = [[sense(picture) for sense in SENSES] for picture in pictures]
        return np.hstack([axes(np.stack(kind)) for axes, kind in zip(self.axes, zip(*seen, strict=True), strict=True)])


def learn(pictures: Iterable[Pixels]) -> Features:
    """The components of some hundred pictures. Raises ``ValueError`` for fewer than two."""
    seen = [[sense(picture) for sense in SENSES] for picture in pictures]
    return Features(tuple(components(np.stack(kind), KEPT) for kind in zip(*seen, strict=True)))


def components(cloud: Cloud, kept: int) -> Axes:
    """The first principal components of N x D points, at most N - 1; those without any spread are left out."""
    if len(cloud) < 2:  # noqa: PLR2004 - a deviation
        raise ValueError(f"Components need two pictures at least, not {len(cloud)}.")
    mean = cloud.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(cloud - mean, full_matrices=False)
    spread = sizes[:kept] / np.sqrt(len(cloud) - 1)
    alive = spread > 1e-6 * max(spread[0], 1e-12)
    return Axes(mean, directions[:kept][alive], spread[alive])


def layout(picture: Pixels) -> Vector:
    """What lies where in which colour: 16 x 16 CIE Lab, flat."""
    thumb: Vector = Look(picture).thumb
    return thumb


def shape(picture: Pixels) -> Vector:
    """Which way edges run where (histograms of oriented gradients, Dalal and Triggs 2005): 8 x 8 x 9, flat."""
    import cv2

    small = cv2.resize(picture, (LUMA_SIDE, LUMA_SIDE), interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    down, across = np.gradient(luma)
    strength, turn = np.hypot(across, down), np.arctan2(down, across) % np.pi / np.pi * DIRECTIONS
    nearness = 1.0 - np.abs((turn[..., None] - np.arange(DIRECTIONS) + DIRECTIONS / 2) % DIRECTIONS - DIRECTIONS / 2)
    votes = strength[..., None] * nearness.clip(min=0.0)
    side = LUMA_SIDE // CELLS
    cells = votes.reshape(CELLS, side, CELLS, side, DIRECTIONS).sum(axis=(1, 3))
    around = cv2.blur(np.linalg.norm(cells, axis=2), (3, 3), borderType=cv2.BORDER_REFLECT)
    directed: Vector = (cells / (around[..., None] + DIM)).reshape(-1)
    return directed


def texture(picture: Pixels) -> Vector:
    """How much happens at which size where: half the log energy of five octaves of CIE Lab on 4 x 4 places, flat."""
    import cv2

    energies, present = [], _lab(picture)
    for _ in range(OCTAVES):
        height, width = present.shape[:2]
        coarse = cv2.resize(present, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        detail = present - cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
        energies.append(cv2.resize(detail**2, (PLACES, PLACES), interpolation=cv2.INTER_AREA))
        present = coarse
    logs: Vector = 0.5 * np.log(np.stack(energies) + HUSH).reshape(-1)
    return logs


SENSES: tuple[Callable[[Pixels], Vector], ...] = (layout, shape, texture)


def _lab(picture: Pixels) -> np.ndarray[Any, Any]:
    import cv2

    lab: np.ndarray[Any, Any] = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    return lab
