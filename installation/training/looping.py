"""Sixty turns of the real loop from one photograph: what is remembered, and whether it freezes or runs away."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.images import to_pixels
from installation.loop.generation import Moment, turns
from installation.loop.lineage import Lineage
from installation.readings import likeness, luma, recollection

if TYPE_CHECKING:
    from installation.records import Image, Pixels
    from installation.restorers import Restorer

TEMPERATURES = (0.4, 0.7)
LATE = 20  # the last turns, on which the end is judged
STILL = 0.01  # mean change per turn, of -1 to 1, that nobody would notice: about one level of 255
FLAT = 0.25  # of the origin's contrast, or of its detail
COARSE = 4.0  # pixels: what is smaller is detail
ASTRAY = 25.0  # CIE Lab units between the mean colours: another colour by any name


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """A lineage of so many generations: its pictures and what they remember, the origin first.

    ``change`` is the mean absolute difference to the generation before, in units of -1 to 1; ``refused`` says why
    generations were not accepted.
    """

    pictures: tuple[Pixels, ...]
    memory: tuple[float, ...]
    change: tuple[float, ...]
    refused: tuple[str, ...]


def go_round(restorer: Restorer, origin: Image, temperature: float, count: int, steps: int) -> Round:
    """Let the loop turn ``count`` times at one temperature, all other knobs at rest. ``origin``: 1 x 3 x H x W.

    The keeper is sent away: what gets stuck shall be seen to be stuck.
    """
    lineage = Lineage.begin("card", 1, origin)
    knobs = {
        "/burn/gaussian/temperature": temperature,
        "/restore/steps": float(steps),
        "/loop/stages": 0.0,
        "/loop/keeper/on": 0.0,
    }
    moments = list(_generations(lineage, restorer, knobs, count))
    images = [origin, *(moment.image for moment in moments)]
    pictures = tuple(to_pixels(image) for image in images)
    first = recollection(pictures[0])
    return Round(
        pictures=pictures,
        memory=tuple(likeness(recollection(picture), first) for picture in pictures),
        change=tuple(float((b - a).abs().mean()) for a, b in pairwise(images)),
        refused=tuple(moment.refused for moment in moments if moment.refused),
    )


def _generations(lineage: Lineage, restorer: Restorer, knobs: Mapping[str, float], count: int) -> Iterator[Moment]:
    """The finished turns; a refused one counts, so that a model that only fails comes to an end."""
    done = 0
    for moment in turns(lineage, restorer, lambda _: knobs, time.monotonic):
        if moment.phase == "generation":
            yield moment
            done += 1
            if done == count:
                return


def judge(made: Round) -> dict[str, Any]:
    """Figures of a round and three verdicts on its last third: does it freeze, flatten, or run away in colour?

    ``drift``: distance of the mean colours of origin and end in CIE Lab; ``contrast``: standard deviation of the luma
    of the last pictures over the origin's; ``detail``: the same of what is finer than 4 pixels, as the loop holds
    contrast by itself; ``change``: mean change per turn at the end, of -1 to 1.
    """
    late = made.pictures[-LATE:]
    drift = float(np.linalg.norm(mean_colour(made.pictures[-1]) - mean_colour(made.pictures[0])))
    contrast, detail = (
        float(np.mean([spread(luma(picture)) for picture in late]) / max(spread(luma(made.pictures[0])), 1e-9))
        for spread in (np.std, detail_of)
    )
    change = float(np.mean(made.change[-LATE:]))
    return {
        "memory": [round(value, 3) for value in made.memory],
        "drift": drift,
        "contrast": contrast,
        "detail": detail,
        "change": change,
        "refused": list(made.refused),
        "freezes": change < STILL,
        "flattens": min(contrast, detail) < FLAT,
        "runs_away": drift > ASTRAY,
    }


def mean_colour(picture: Pixels) -> np.ndarray[Any, Any]:
    """The mean colour of H x W x 3 uint8 sRGB pixels in CIE Lab, 3."""
    import cv2

    lab: np.ndarray[Any, Any] = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    mean: np.ndarray[Any, Any] = lab.mean(axis=(0, 1), dtype=np.float64)
    return mean


def detail_of(levels: np.ndarray[Any, Any]) -> float:
    """The standard deviation of what a Gaussian blur of 4 pixels takes out of an H x W picture."""
    import cv2

    fine = levels.astype(np.float32)
    return float((fine - cv2.GaussianBlur(fine, (0, 0), COARSE)).std())
