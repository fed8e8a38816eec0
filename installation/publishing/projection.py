"""A take projected again: what was on the wall at every tick of a film, from the frames and their true times."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.dissolve import Arrivals, Dissolve
from installation.stage.flashes import steadied
from installation.stage.light import Light, decode

if TYPE_CHECKING:
    from installation.recording.takes import Mark
    from installation.records import Frame, Pixels

LONGEST_DISSOLVE = 0.35  # seconds, as on the stage
LONGEST_PAUSE = 8.0  # seconds: a piece that slept overnight need not be watched sleeping
LAST_LOOK = 2.0  # seconds for the last picture


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """A recorded picture in linear light, to be seen from ``began`` to ``until``, in seconds of the film."""

    light: Light
    began: float
    until: float


def schedule(marks: Iterable[Mark]) -> dict[int, tuple[float, float]]:
    """From when until when each frame is to be seen, in seconds of the film, by its serial.

    True times, but a pause longer than ``LONGEST_PAUSE`` is cut to it, and time never runs backwards.
    """
    ordered = list(marks)
    stamps = np.array([mark.at_ns for mark in ordered], np.int64)
    gaps = np.clip(np.diff(stamps) / 1e9, 0.0, LONGEST_PAUSE)
    edges = np.concatenate([[0.0], np.cumsum(gaps), [gaps.sum() + LAST_LOOK]]).tolist()
    return {mark.frame: (edges[place], edges[place + 1]) for place, mark in enumerate(ordered)}


def shots(frames: Iterable[Frame], times: Mapping[int, tuple[float, float]]) -> Iterator[Shot]:
    """The frames as light, with their times; all of the size and, by black bars, of the shape of the first.

    A frame that is missing (a damaged segment) leaves its time to the one before it; the last one is looked at longer.
    """
    held: Shot | None = None
    for frame in frames:
        began, until = times[frame.serial]
        if held:
            yield dataclasses.replace(held, until=began)
        height, width = held.light.shape[:2] if held else frame.pixels.shape[:2]
        held = Shot(decode(fitted(frame.pixels, height, width)), began, until)
    if held:
        yield dataclasses.replace(held, until=max(held.until, held.began + LAST_LOOK))


def projected(shots: Iterable[Shot], rate: int) -> Iterator[Light]:
    """What is on the wall at every tick, ``rate`` a second: dissolves in linear light, never faster than is safe."""
    arrivals, tick = Arrivals(), 0
    seen: Light | None = None
    dissolve, held = None, None
    for shot in shots:
        arrivals.note(shot.began)
        # What was reached by now, not what the last tick showed: where frames come as fast as ticks, or faster, every
        # tick is the first moment of a dissolve, and a film that went on from there would never leave its first frame.
        before = shot.light if dissolve is None or held is None else dissolve.picture(held, shot.began)
        dissolve = Dissolve(before, shot.began, 0.0 if held is None else arrivals.limit(LONGEST_DISSOLVE))
        held = shot.light
        while tick < shot.until * rate:
            seen = steadied(before if seen is None else seen, dissolve.picture(held, tick / rate), 1.0 / rate)
            yield seen
            tick += 1


def fitted(pixels: Pixels, height: int, width: int) -> Pixels:
    """The whole picture in the middle of height x width, on black where the shapes differ. H x W x 3 uint8 sRGB."""
    if pixels.shape[:2] == (height, width):
        return pixels
    from PIL import Image, ImageOps

    padded = ImageOps.pad(Image.fromarray(pixels), (width, height), Image.Resampling.LANCZOS)
    return np.asarray(padded)
