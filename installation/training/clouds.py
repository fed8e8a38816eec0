"""How the pictures a model makes lie among pictures it has never seen, and whether it copies those it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.randomness import generator
from installation.readings import likeness, recollection
from installation.readings.frechet import frechet
from installation.readings.prdc import distances, expected_coverage, prdc
from installation.training.composition import compose
from installation.training.trial import (
    BATCH,
    EMBER,
    SIDE,
    TEMPERATURES,
    Track,
    Trial,
    as_pixels,
    batch_of,
    burnt_by,
    from_noise,
    in_batches,
    restored,
)

if TYPE_CHECKING:
    from installation.records import Pixels
    from installation.training.composition import Shelf
    from installation.training.trial import Cloud

REFERENCE, QUERY = 11, 12  # streams of random numbers: two draws of held-out pictures
WHOLE = ("photo", "art")  # kinds that are trained on as they are, so that a copy can be known
NOISE = "noise"
SAME = 0.97  # correlation at a glance above which two pictures are one


def mix(shelf: Shelf, count: int, seed: int, stream: int) -> list[Pixels]:
    """Pictures of the training mix, 256 x 256, from one shelf."""
    drawn = (compose(shelf, SIDE, generator(seed, index, stream)).pixels for index in range(count))
    return [np.ascontiguousarray(picture) for picture in drawn]


def measure(trial: Trial, track: Track[Any]) -> dict[str, Any]:
    """Distances to held-out pictures, of other held-out ones, of restorations and of pure samples; and copies.

    Each row says who, from what (``noise`` or a temperature), and the figures. Restorations are of one draw of held-out
    pictures, compared with another: what none of them can go below is the first row.
    """
    reference, query = (mix(trial.corpus.held, trial.sizes.cloud, trial.seed, way) for way in (REFERENCE, QUERY))
    real = trial.features(reference)
    rows = [{"who": "held-out", "from": None, **_figures(real, trial.features(query))}]
    samples: dict[str, Cloud] = {}
    tasks = [(name, heat) for name in trial.contenders for heat in (NOISE, *TEMPERATURES)]
    for name, heat in track(tasks, "Comparing clouds of pictures"):
        made = samples_of(trial, name) if isinstance(heat, str) else list(_restorations(trial, name, heat, query))
        kept = {} if heat == NOISE else {"memory": _memory(made, query)}
        cloud = trial.features(made)
        samples |= {name: cloud} if heat == NOISE else {}
        rows.append({"who": name, "from": heat, **_figures(real, cloud), **kept})
    told = {"pictures": len(real), "expected_coverage": expected_coverage(len(real), len(real))}
    return {"rows": rows, **told, "copies": copies(trial, samples[EMBER], track)}


def copies(trial: Trial, samples: Cloud, track: Track[Any]) -> dict[str, Any]:
    """Whether pure samples lie nearer to training pictures than pictures never seen do.

    ``ratio``: mean of (distance to the nearest training picture / distance to the nearest of half the held-out ones)
    over samples, divided by the same for the other half of the held-out pictures. 1: samples are as far from training
    pictures as strangers are; far below 1: memorised.
    """
    taught = trial.features(track(squares(trial.corpus.taught)[: trial.sizes.compared], "Looking for copies"))
    held = squares(trial.corpus.held) or mix(trial.corpus.held, trial.sizes.cloud, trial.seed, REFERENCE)
    judges, strangers = np.array_split(trial.features(held), 2)
    made, control = (nearness(cloud, taught, judges) for cloud in (samples, strangers))
    told = {"ratio": made / control, "samples": made, "strangers": control}
    return {**told, "taught": len(taught), "judges": len(judges), "made": len(samples)}


def nearness(cloud: Cloud, taught: Cloud, judges: Cloud) -> float:
    """Mean ratio of the distances to the nearest training picture and to the nearest judge."""
    near, far = (distances(cloud, others).min(axis=1) for others in (taught, judges))
    return float((near / far.clip(min=1e-9)).mean())


def nearest(trial: Trial, samples: list[Pixels]) -> list[tuple[Pixels, Pixels, float]]:
    """Samples with the training picture most like each and their distance, the most suspicious first."""
    whole = squares(trial.corpus.taught)[: trial.sizes.compared]
    apart = distances(trial.features(samples), trial.features(whole))
    pairs = [(sample, whole[row.argmin()], float(row.min())) for sample, row in zip(samples, apart, strict=True)]
    return sorted(pairs, key=lambda pair: pair[2])


def shared(pictures: Sequence[Pixels], others: Sequence[Pixels]) -> int:
    """How many of the pictures are among the others too, cropped alike, as far as a glance can tell."""
    known = [recollection(other) for other in others]
    seen = (recollection(picture) for picture in pictures)
    return sum(max((likeness(glance, other) for other in known), default=0.0) > SAME for glance in seen)


def squares(shelf: Shelf) -> list[Pixels]:
    """The middles of all whole pictures of a shelf, 256 x 256."""
    whole = (exhibit.pixels for kind in WHOLE for exhibit in shelf.get(kind, []))
    return [_middle(picture) for picture in whole]


def samples_of(trial: Trial, name: str) -> list[Pixels]:
    """What a contender makes of nothing but noise, without a word."""
    made: list[Pixels] = []
    for serial in range(-(-trial.sizes.cloud // BATCH)):
        images = from_noise(trial.contenders[name], BATCH, trial.sizes.pure_steps, trial.device, serial=serial)
        made += as_pixels(images)
    return made[: trial.sizes.cloud]


def _restorations(trial: Trial, name: str, temperature: float, query: list[Pixels]) -> Iterator[Pixels]:
    for serial, some in enumerate(in_batches(query)):
        burnt = burnt_by("gaussian", temperature, batch_of(some, trial.device), serial)
        yield from as_pixels(restored(trial.contenders[name], burnt, trial.sizes.steps, serial))


def _figures(real: Cloud, made: Cloud) -> dict[str, float]:
    return {"frechet": frechet(real, made), **asdict(prdc(real, made))}


def _memory(made: list[Pixels], origins: list[Pixels]) -> float:
    pairs = zip(made, origins, strict=True)
    return float(np.mean([likeness(recollection(one), recollection(other)) for one, other in pairs]))


def _middle(picture: Pixels) -> Pixels:
    import cv2

    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side, :3]
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
