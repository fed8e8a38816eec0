"""Pictures that collapse: how a generation is taught, what is measured of it, and what chance alone would do.

A model paints some pictures; the next model is the same one taught a little more, with those. Alemohammad et al. 2023
(arXiv:2307.01850), Shumailov et al. 2024 (Nature 631:755). The mathematics stands here; ``training.retraining`` does
the work, ``collapse.folder`` keeps what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from installation.collapse.ngram import CollapseError
from installation.collapse.text import Meaning
from installation.images import MOST_PIXELS
from installation.knobs import nearest
from installation.randomness import generator

if TYPE_CHECKING:
    from installation.randomness import Generator

#: What the next model learns from. ``synthetic``: only what the last one painted. ``fresh``: a share of that is
#: replaced by real pictures, drawn anew. ``augmentation``: all real pictures are added. ``accumulate``: all real
#: pictures and everything painted so far.
Mode = Literal["synthetic", "fresh", "augmentation", "accumulate"]
MODES: tuple[Mode, ...] = get_args(Mode)
PLACE = 32  # pixels: sides are multiples of it
RUNS = 64  # of chance, averaged: the standard error of the pictures left is then under 1 in 140
CHANCE_STREAM = 1  # of the random numbers of generation 0


@dataclass(frozen=True, slots=True)
class Settings:
    """How pictures collapse. Raises ``CollapseError`` for what no generation can be made with.

    ``share`` of real pictures (mode fresh), ``count`` pictures a generation, ``size`` pixels a side. Each is painted
    from one that was learnt, burnt to temperature ``start`` and restored in so many ``steps``; 1 is nothing but noise.
    ``bias`` is lambda of MAD: the variance of that noise, below 1 nearer the middle than it was learnt. ``practice``
    steps of learning a generation, ``batch`` pictures a step, ``rate`` of learning.
    """

    mode: Mode = "synthetic"
    share: float = 0.2
    count: int = 256
    size: int = 128
    start: float = 0.7
    bias: float = 1.0
    steps: int = 4
    practice: int = 100
    batch: int = 16
    rate: float = 2e-4

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if self.mode not in MODES:
            raise CollapseError(f"There is no mode {self.mode!r}; use {', '.join(MODES)}.{nearest(self.mode, MODES)}")
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:  # NaN is in no range
                raise CollapseError(f"{name} takes a number from {low:g} to {high:g}, not {getattr(self, name)}.")
        if self.size % PLACE:
            raise CollapseError(f"size takes a multiple of {PLACE} pixels, not {self.size}.")
        if self.count * self.size**2 > MOST_PIXELS:
            most = MOST_PIXELS // self.size**2
            raise CollapseError(
                f"{self.count} pictures of {self.size} pixels fill no sheet. Use --count {most} or less."
            )

    def beginning(self) -> dict[str, Any]:
        """What decides generation 0: runs that agree in it may share one."""
        return {name: getattr(self, name) for name in ("count", "size", "start", "bias", "steps")}

    def described(self) -> str:
        """The settings in a line."""
        told = {name.replace("_", " "): value for name, value in asdict(self).items() if name not in {"mode", "share"}}
        return ", ".join(f"{name} {value:g}" for name, value in told.items())

    @property
    def title(self) -> str:
        """The mode in words, as curves are called."""
        return f"{self.share:.0%} fresh" if self.mode == "fresh" else self.mode


LIMITS: Mapping[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "count": (8, 4096),
    "size": (64, 1024),
    "start": (0.05, 1.0),
    "bias": (0.05, 2.0),
    "steps": (1, 50),
    "practice": (1, 100_000),
    "batch": (1, 256),
    "rate": (1e-6, 10.0),
}

#: The readings of collapse for pictures, by their names in ``readings.json``. Titles in letters that Pillow can draw.
MEANING: Mapping[str, Meaning] = {
    "recall": Meaning(
        "recall", "of real", "Real pictures that lie among the painted ones.", "Kynkäänniemi et al. 2019"
    ),
    "weights": Meaning(
        "recall of the weights alone", "of real",
        "The same of what the model restores from always the same ashes of real pictures, burnt to 0.85.",
        "Kynkäänniemi et al. 2019",
    ),
    "precision": Meaning(
        "precision", "of painted", "Painted pictures that lie among the real ones.", "Kynkäänniemi et al. 2019"
    ),
    "kinds": Meaning(
        "kinds left", "of real", "Real pictures that some painted one is most like.", "Fisher 1930, Wright 1931"
    ),
    "coverage": Meaning("coverage", "of real", "Real pictures with a painted one near them.", "Naeem et al. 2020"),
    "frechet": Meaning(
        "Frechet distance", "squared", "How far the painted pictures lie from the real ones, as two Gaussians.",
        "Dowson and Landau 1982",
    ),
    "variance": Meaning("total variance", "of real", "How widely the painted pictures are spread.", "in features"),
    "within": Meaning(
        "variance within kinds", "of real", "How widely painted pictures of one cluster are spread.",
        "ten clusters of the real ones, Lloyd 1982",
    ),
    "tail": Meaning(
        "tail mass", "of painted", "Painted pictures outside what 95 % of real ones keep to.", "Mahalanobis 1936"
    ),
    "forgetting": Meaning(
        "loss on real pictures", "squared", "Error of one guess at pictures never learnt from, behind noise of 0.5.",
        "Karras et al. 2022",
    ),
}  # fmt: skip


def compose(settings: Settings, real: Any, painted: Sequence[Any], rng: Generator) -> Any:
    """What the next generation learns from. ``real`` and every one of ``painted`` are arrays with a row per picture.

    ``painted`` holds what all generations so far have painted, the last one last.
    """
    last = painted[-1]
    match settings.mode:
        case "fresh":
            fresh = round(settings.share * len(last))
            kept = rng.permutation(len(last))[fresh:]
            return np.concatenate([last[kept], real[rng.integers(len(real), size=fresh)]])
        case "augmentation":
            return np.concatenate([real, last])
        case "accumulate":
            return np.concatenate([real, *painted])
    return last


def copying(settings: Settings, kinds: int, rng: Generator) -> Iterator[int]:
    """How many of so many real pictures are left, generation by generation, where models only copy. Endless.

    A model that returns each picture it learnt from with equal chance: Wright-Fisher, with the same diet.
    """
    real = np.arange(kinds)
    painted = [real[rng.integers(kinds, size=settings.count)]]
    while True:
        yield len(np.unique(painted[-1]))
        taught = compose(settings, real, painted, rng)
        painted.append(taught[rng.integers(len(taught), size=settings.count)])


def chance(settings: Settings, kinds: int, last: int, seed: int = 0) -> list[float]:
    """The share of ``kinds`` that copying leaves, for generations 0 to ``last``: the mean of 64 runs."""
    rng = generator(seed, 0, CHANCE_STREAM)
    lives = [[next(life) for _ in range(last + 1)] for life in (copying(settings, kinds, rng) for _ in range(RUNS))]
    return [float(left) / kinds for left in np.mean(lives, axis=0)]


def understood(said: Mapping[str, Any]) -> Settings:
    """Settings from what ``asdict`` made of them; names not known are passed over. Raises ``CollapseError``."""
    known = {part.name for part in fields(Settings)}
    return Settings(**{name: value for name, value in said.items() if name in known})
