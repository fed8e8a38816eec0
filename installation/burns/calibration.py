"""Isothermal calibration: a table by which equal temperatures look equally burnt in every medium.

Every medium's damage d(T) is measured on real pictures, 0 untouched to 1 at its own hottest, and made monotone. On the
calibrated scale T means the damage that white noise, the reference, does at T; the medium burns at the temperature
at which it does as much.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from installation import __version__
from installation.burns.damage import damage
from installation.burns.registry import MEDIA
from installation.errors import Refusal
from installation.images import load as load_picture
from installation.images import to_tensor
from installation.machine.files import share, write_atomically
from installation.randomness import generator

if TYPE_CHECKING:
    from installation.burns.registry import Medium
    from installation.records import Image, Pixels

log = logging.getLogger(__name__)

FILE = "calibration.json"
AGAIN = "Make another: burntout calibrate"
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
REFERENCE = "gaussian"
MEASURE = "1 - SSIM of the luma, mean over octaves down to 16 px"
TEMPERATURES = tuple(step / 10 for step in range(11))  # in straight lines: at most 0.023 of damage was missed
SEED = 1
TILT = 1e-3  # of T itself in every row: nowhere level, so that every damage has one temperature


class CalibrationError(Refusal):
    """A table that cannot be made, read or trusted, with what to do about it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured, and how: one row of damages, strictly rising from 0 to 1, for every medium.

    ``size`` in pixels a side and the number of ``pictures`` are conditions, as are ``measure``, ``seed`` and
    ``versions``.
    """

    temperatures: tuple[float, ...] = (0.0, 1.0)
    damage: Mapping[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)
    size: int = 0
    pictures: int = 0
    seed: int = SEED
    measure: str = MEASURE
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kind: Literal["burntout calibration"] = "burntout calibration"

    def harm(self, medium: str, temperature: float) -> float:
        """The damage the medium does at a raw temperature, 0 to 1; a medium without a row harms as much as T says."""
        return float(np.interp(temperature, self.temperatures, self._row(medium)))

    def inverse(self, medium: str, harm: float) -> float:
        """The raw temperature at which the medium does this damage: the inverse of ``harm``."""
        return float(np.interp(harm, self._row(medium), self.temperatures))

    def raw(self, medium: str, temperature: float) -> float:
        """The raw temperature for one on the calibrated scale; a medium without a row keeps it as it is."""
        if medium == REFERENCE or not {medium, REFERENCE} <= self.damage.keys():
            return temperature
        return self.inverse(medium, self.harm(REFERENCE, temperature))

    def halfways(self) -> list[tuple[str, float]]:
        """Every medium with the raw temperature at which it has done half its harm."""
        return [(medium, self.inverse(medium, 0.5)) for medium in self.damage]

    def missing(self, media: Collection[str]) -> list[str]:
        """The media that have no row, in alphabetical order."""
        return sorted(set(media) - self.damage.keys())

    def _row(self, medium: str) -> tuple[float, ...]:
        return self.damage.get(medium, self.temperatures)


def gallery(folder: Path | None, size: int, number: int) -> list[Pixels]:
    """At most so many pictures from a folder and those in it, evenly spread over their names; None: the shipped ones.

    Each is size x size x 3 uint8. Raises ``CalibrationError`` for a folder without pictures and ``ImageError`` for a
    damaged one.
    """
    folders = [folder] if folder else [share("assets") / kind for kind in ("archive", "origins")]
    paths = sorted(path for each in folders for path in each.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise CalibrationError(
            f"{folders[0]} has no pictures. Name a folder of JPEG, PNG or WebP files, best 64 or more."
        )
    step = max(len(paths) / number, 1.0)
    return [load_picture(paths[int(place * step)], size, size) for place in range(min(number, len(paths)))]


def measured(
    pictures: Sequence[Pixels],
    media: Mapping[str, type[Medium]] = MEDIA,
    progress: Callable[[float], None] = lambda _: None,
) -> Calibration:
    """Burn every picture in every medium, with its knobs as they are by default, at eleven temperatures.

    One or more pictures, H x W x 3 uint8, all of one size; ``progress`` hears the share done, 0 to 1. Raises
    ``CalibrationError`` when they are too flat for a medium to harm.
    """
    sums = {name: np.zeros(len(TEMPERATURES)) for name in media}
    for serial, pixels in enumerate(pictures):
        for name, kind in media.items():
            sums[name] += wear(kind, to_tensor(pixels), serial)
        progress((serial + 1) / len(pictures))
    return Calibration(
        TEMPERATURES,
        {name: _normalised(name, total) for name, total in sums.items()},
        size=min(pictures[0].shape[:2]),
        pictures=len(pictures),
        versions={"burntout": __version__} | {name: version(name) for name in ("torch", "numpy", "pillow")},
    )


def wear(kind: type[Medium], image: Image, serial: int) -> np.ndarray:
    """The damage one 1 x 3 x H x W image takes at every temperature, always with the same noise: one fire, growing."""
    heated = (dataclasses.replace(kind(), temperature=each) for each in TEMPERATURES)  # type: ignore[type-var] # a panel
    return np.array([float(damage(burn(image, generator(SEED, serial)).image, image)) for burn in heated])


def isotonic(values: np.ndarray) -> np.ndarray:
    """The nearest sequence (least squares) that never falls.

    max over j <= i of min over k >= i of the mean of values j to k (Robertson, Wright & Dykstra 1988, eq. 1.4.4).
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first, last = np.arange(len(values))[:, None], np.arange(len(values))[None, :]
    means = np.where(last >= first, (sums[1:] - sums[:-1, None]) / np.maximum(last - first + 1, 1), np.inf)
    least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]  # over k >= i, for every j
    rising: np.ndarray = np.where(first <= last, least, -np.inf).max(axis=0)
    return rising


def load(path: Path) -> Calibration:
    """A table from its JSON file. Raises ``CalibrationError`` when it is missing, damaged or something else."""
    try:
        table = TypeAdapter(Calibration).validate_json(path.read_bytes())
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read ({error.strerror}). {AGAIN}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise CalibrationError(f"{path} is no calibration: {where}: {first['msg']}. {AGAIN}") from error
    if faulty := [name for name, row in _rows(table).items() if not _rises(row) or len(row) != len(table.temperatures)]:
        raise CalibrationError(f"{path}: {faulty[0]} does not rise from 0 to 1 step by step. {AGAIN}")
    return table


def save(table: Calibration, path: Path) -> None:
    """Write the table as JSON, a row a line, whole or not at all. Raises ``StorageError``."""
    file = TypeAdapter(Calibration).dump_json(table, indent=1)
    write_atomically(path, re.sub(rb"\n\s+(?=[\d\]])", b" ", file) + b"\n")


@functools.cache
def shipped() -> Calibration:
    """The table that travels with the program. Raises ``CalibrationError`` when it is missing or damaged."""
    return load(share("assets") / FILE)


def standing(state: Path) -> Calibration:
    """The table to play by: the artist's own in the state folder, else the shipped one."""
    return first_good(state / FILE, share("assets") / FILE)


def first_good(*paths: Path) -> Calibration:
    """The first of these tables that can be read; without any, one by which every T stays raw.

    A show must begin: what is wrong with a table is logged, and the next one taken.
    """
    for path in filter(Path.exists, paths):
        try:
            return _complained_of(load(path))
        except CalibrationError as error:
            log.error("%s", error)  # noqa: TRY400 - a sentence for the gallery, no traceback
    return Calibration()


def _complained_of(table: Calibration) -> Calibration:
    if missing := table.missing(MEDIA):
        log.warning("The calibration has no %s: T stays raw there. %s", " and no ".join(missing), AGAIN)
    return table


def _rows(table: Calibration) -> dict[str, tuple[float, ...]]:
    return {"temperatures": table.temperatures, **table.damage}


def _rises(row: Sequence[float]) -> bool:
    """Whether a row can be inverted: from 0 to 1, strictly. NaN does not rise."""
    return len(row) > 1 and (row[0], row[-1]) == (0.0, 1.0) and bool(np.all(np.diff(row) > 0.0))


def _normalised(name: str, sums: np.ndarray) -> tuple[float, ...]:
    """A measured row made monotone, from exactly 0 to exactly 1, and invertible."""
    rising = isotonic(sums) - sums[0]
    if not rising[-1] > 0.0:
        raise CalibrationError(f"{name} did no harm to these pictures: they are flat. Take photographs.")
    tilted = (1.0 - TILT) * rising / rising[-1] + TILT * np.array(TEMPERATURES)
    return (0.0, *(round(float(value), 5) for value in tilted[1:-1]), 1.0)
