"""A ladder of scales: the power of the picture's waves over their wavelength, both logarithmic.

Photographs fall about as a straight line (Field 1987); heat takes the short waves first and bends its end down; white
noise is level. The thin line is power falling with the square of the frequency, which equipartition would give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from installation.readings.look import Look
from installation.stage.light import encode
from installation.stage.overlays.figures import Figures
from installation.stage.overlays.lines import single
from installation.stage.overlays.sheet import EMBER, FAINT, HAIR, Drawing, plate

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.signs import Sign
    from installation.stage.light import Light

LOWEST, HIGHEST = -2.0, 7.0  # powers of ten, of power in grey levels squared: rounding to 8 bits leaves -1.1
SHORTEST = 2.0  # pixels: the finest wave there is
FINENESS = 600  # thin lines on a canvas so many pixels high; the reading's own is twice as wide
HEAD, FOOT = 1.75, 1.5  # lines above and below the field, in sizes
BANDS = 40  # points of the curve


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture in linear light, H x W x 3, and a mark by which it is told from the one before."""

    mark: int
    picture: Light = field(compare=False)


def content(sign: Sign, figures: Figures) -> Seen | None:  # noqa: ARG001 - every kind is asked the same way
    """The picture that the audience sees; measuring it is left to the drawing."""
    if figures.picture is None:
        return None
    return Seen(hash(figures.picture[::16, ::16].tobytes()), figures.picture)


def draw(seen: Seen, sign: Sign, canvas: tuple[int, int]) -> Drawing:
    """The curve from long waves at the left to the shortest, 2 pixels, at the right."""
    size, width, height = sign.size * canvas[1], round(sign.width * canvas[0]), round(sign.height * canvas[1])
    top, stroke = round(HEAD * size), max(round(canvas[1] / FINENESS), 1)
    waves, powers = spectrum(encode(seen.picture))
    sheet = plate(width, top + height + round(FOOT * size), size)
    sheet.write(single(sign.label or "power over wavelength", "figures", size), (0, 0))
    sheet.rule((0, top + height), width, 1)
    longest = max(seen.picture.shape[:2])
    for wave in _octaves(longest):
        x = width * across(wave, longest)
        sheet.rule((x, top + height), 1, 0.3 * size, HAIR)
        label = single(f"{wave:g}", "figures", 0.8 * size)
        if label.width <= x <= width:
            sheet.write(label, (x - label.width, sheet.height - label.height), FAINT)
    places = [(width * across(wave, longest), top + height * (1.0 - upward(power)))
              for wave, power in zip(waves, powers, strict=True)]  # fmt: skip
    sheet.line(_reference(places[0], longest, (width, top + height), height), stroke, FAINT)
    sheet.line(places, 2 * stroke, EMBER)
    return sheet.done()


def spectrum(picture: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Wavelengths in pixels, falling, and the mean power of their waves in grey levels squared."""
    look = Look(picture)
    rings, power = look.power
    scale = 2.0**look.halvings
    band = np.minimum((np.log(rings.k / rings.k[0]) / math.log(math.pi / rings.k[0]) * BANDS).astype(int), BANDS)
    kept = rings.k <= math.pi
    modes = np.bincount(band[kept], rings.modes[kept])
    some = modes > 0
    mean_power = np.bincount(band[kept], (power * rings.modes)[kept])[some] / modes[some]
    mean_k = np.bincount(band[kept], (rings.k * rings.modes)[kept])[some] / modes[some]
    return 2.0 * math.pi / mean_k * scale, mean_power


def across(wavelength: float, longest: int) -> float:
    """Where a wavelength stands, 0 to 1, between twice the picture's side and 2 pixels."""
    return math.log(2.0 * longest / wavelength) / math.log(2.0 * longest / SHORTEST)


def upward(power: float) -> float:
    """Where a power stands, 0 to 1; what is beyond the axis stands at its end."""
    logarithm = math.log10(max(power, 10.0**LOWEST))
    return min((logarithm - LOWEST) / (HIGHEST - LOWEST), 1.0)


def _octaves(longest: int) -> list[float]:
    return [2.0**power for power in range(1, int(math.log2(longest)) + 1, 2)]


def _reference(
    start: tuple[float, float], longest: int, corner: tuple[int, int], height: int
) -> list[tuple[float, float]]:
    """Power falling with the square of the frequency, from the curve's first point to the field's lower right sides."""
    (x, y), (right, foot) = start, corner
    fall = 2.0 * math.log10(longest) / (HIGHEST - LOWEST) * height / right  # pixels down for each across
    end = max(min(right - x, (foot - y) / fall), 0.0)
    return [(x, y), (x + end, y + end * fall)]
