"""What is measured of a generation of a collapse: its pictures among real ones, and what its model has forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.readings import Look, tail
from installation.readings.frechet import frechet
from installation.readings.prdc import distances, prdc
from installation.training import features
from installation.training.pupil import blindness

if TYPE_CHECKING:
    from collections.abc import Callable

    from installation.readings.tail import Ball
    from installation.training.features import Cloud, Features
    from installation.training.gallery import Gallery, Pictures

    Loss = Callable[[Any, Pictures, float, int], float]
    Labels = np.ndarray[tuple[int], np.dtype[np.int64]]

CLUSTERS = 10
ROUNDS = 50  # of Lloyd's algorithm at most; a few hundred points settle in ten
BLIND = 0.5  # sigma at which forgetting is measured: most of a picture can still be seen, its detail must be known


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """The real pictures as clouds of points, against which every generation is held."""

    gallery: Gallery
    features: Features
    real: Cloud
    centres: Cloud
    ball: Ball

    @classmethod
    def of(cls, gallery: Gallery) -> Yardstick:
        """Made of the pictures that are learnt from."""
        seen = features.learn(gallery.taught)
        real = seen(gallery.taught)
        return cls(gallery, seen, real, clusters(real, CLUSTERS), tail.fit(_thumbs(gallery.taught)))

    def measure(
        self, model: Any, painted: Pictures, risen: Pictures, seed: int, loss: Loss = blindness
    ) -> dict[str, float]:
        """The readings of a model, as ``collapse.images.MEANING`` explains them.

        ``painted`` is what it made of what it was taught, ``risen`` what it restores from the ashes of the real
        pictures; both N x H x W x 3. ``loss`` is its family's, of pictures behind noise; unless given, ember's.
        """
        made = self.features(painted)
        among = prdc(self.real, made)
        return {
            "recall": among.recall,
            "weights": prdc(self.real, self.features(risen)).recall,
            "precision": among.precision,
            "kinds": len(np.unique(distances(made, self.real).argmin(axis=1))) / len(self.real),
            "coverage": among.coverage,
            "frechet": frechet(self.real, made),
            "variance": spread(made) / spread(self.real),
            "within": within(made, self.centres) / within(self.real, self.centres),
            "tail": float(self.ball.outside(_thumbs(painted)).mean()),
            "forgetting": loss(model, self.gallery.held, BLIND, seed),
        }


def spread(cloud: Cloud) -> float:
    """The mean squared distance of N x D points to their mean."""
    return float(np.square(cloud - cloud.mean(axis=0)).sum(axis=1).mean())


def within(cloud: Cloud, centres: Cloud) -> float:
    """The same of every point to the mean of those that share its nearest centre."""
    label = distances(cloud, centres).argmin(axis=1)
    means = np.stack([cloud[label == own].mean(axis=0) for own in label])
    return float(np.square(cloud - means).sum(axis=1).mean())


def clusters(cloud: Cloud, count: int) -> Cloud:
    """The centres of so many clusters of N x D points, the same every time (Lloyd 1982).

    It begins with points that lie farthest from one another (Gonzalez 1985).
    """
    centres = _far_apart(cloud, count)
    for _ in range(ROUNDS):
        label = distances(cloud, centres).argmin(axis=1)
        moved = np.stack(
            [cloud[label == at].mean(axis=0) if (label == at).any() else centres[at] for at in range(count)]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres


def _far_apart(cloud: Cloud, count: int) -> Cloud:
    chosen = [int(distances(cloud, cloud.mean(axis=0, keepdims=True)).argmin())]
    while len(chosen) < count:
        chosen.append(int(distances(cloud, cloud[chosen]).min(axis=1).argmax()))
    return cloud[chosen]


def _thumbs(pictures: Pictures) -> np.ndarray[Any, Any]:
    return np.array([Look(picture).thumb for picture in pictures])
