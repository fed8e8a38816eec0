"""What the keeper remembers of a lineage: a fingerprint of every generation, and how it last intervened.

All of it travels in the checkpoint, so that a lineage reborn after a death is kept as if nothing had happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from installation.records import Image

REMEMBERED = 4096  # generations
CELLS = 16  # of the thumb: 4 x 4
REC_709 = np.array([0.2126, 0.7152, 0.0722])
#: Linear sRGB to CIE XYZ relative to the white D65 (IEC 61966-2-1), each row divided by the white's own X, Y, Z.
_TO_XYZ = np.array([[0.43395, 0.37621, 0.18984], [0.21267, 0.71516, 0.07217], [0.01776, 0.10947, 0.87278]])
#: ``hash``: dHash of 9 x 8 luma. ``thumb``: 4 x 4 CIE Lab, a and b plus 128, rounded. ``light`` and ``contrast``: mean
#: and standard deviation of the 9 x 8 luma, 0 to 1. ``temperature``: as burnt.
FINGERPRINT = np.dtype(
    [("hash", "<u8"), ("thumb", "u1", (CELLS, 3)), ("light", "<f4"), ("contrast", "<f4"), ("temperature", "<f4")]
)


class History:
    """The newest 4096 fingerprints, oldest first."""

    __slots__ = ("_end", "_records")

    def __init__(self, records: np.ndarray | None = None) -> None:
        """Begin empty, or with what a checkpoint kept."""
        self._records = np.zeros(2 * REMEMBERED, FINGERPRINT)
        self._end = 0 if records is None else len(records)
        if records is not None:
            self._records[: self._end] = records

    def __len__(self) -> int:
        return min(self._end, REMEMBERED)

    def add(self, record: np.ndarray) -> None:
        """Remember one more generation, and forget the oldest of too many."""
        if self._end == len(self._records):  # twice as long as needed, so that the newest always lie in one piece
            self._records[:REMEMBERED] = self._records[REMEMBERED:]
            self._end = REMEMBERED
        self._records[self._end] = record
        self._end += 1

    def newest(self, count: int = REMEMBERED) -> np.ndarray:
        """The newest so many fingerprints, or as many as there are; a view, oldest first."""
        return self._records[self._end - min(count, len(self)) : self._end]

    def clear(self) -> None:
        """Forget everything: what comes now has nothing to do with it."""
        self._end = 0


@dataclass(frozen=True, slots=True)
class Care:
    """How the keeper last intervened: the ``rung`` of its ladder, from 1 (0: never), at serial ``since``.

    ``error`` and ``integral`` are the controller's: what diversity lacks, now and summed up.
    """

    rung: int = 0
    since: int = 0
    error: float = 0.0
    integral: float = 0.0


def fingerprint(image: Image, temperature: float) -> np.ndarray:
    """The fingerprint of the first of B x 3 x H x W pictures in -1 to 1: one ``FINGERPRINT`` record."""
    from torch.nn.functional import adaptive_avg_pool2d

    first = (image[:1].detach().float() + 1.0) / 2.0
    luma = (REC_709 @ adaptive_avg_pool2d(first, (8, 9))[0].flatten(1).cpu().numpy()).reshape(8, 9)
    record = np.zeros((), FINGERPRINT)
    record["hash"] = dhash(luma)
    record["thumb"] = thumb(adaptive_avg_pool2d(first, (4, 4))[0].cpu().numpy())
    record["light"], record["contrast"], record["temperature"] = luma.mean(), luma.std(), temperature
    return record


def dhash(luma: np.ndarray) -> int:
    """64 bits of an 8 x 9 luma: whether each cell is darker than its right neighbour (Krawetz 2013)."""
    return int.from_bytes(np.packbits(luma[:, 1:] > luma[:, :-1]).tobytes(), "big")


def thumb(colours: np.ndarray) -> np.ndarray:
    """3 x 4 x 4 sRGB-coded colours in 0 to 1 as 16 x 3 CIE Lab, uint8, one unit a Delta E; a and b plus 128."""
    coded = np.clip(colours.reshape(3, -1), 0.0, 1.0)
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - the standard's
    relative = _TO_XYZ @ linear
    f = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29)
    lab = np.stack([116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]) + 128.0, 200.0 * (f[1] - f[2]) + 128.0], axis=1)
    rounded: np.ndarray = np.rint(np.clip(lab, 0.0, 255.0)).astype(np.uint8)
    return rounded
