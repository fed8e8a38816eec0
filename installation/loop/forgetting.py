"""Forgetting, measured: at which temperature do half of the lineages lose their origin? That is the melting point.

Below it a loop is frozen, every lineage stays with the picture it began from; above, it roams. N lineages begin from N
pictures and turn k times with nothing but burning and restoring; a label is kept if a lineage's picture is still
nearer to its own origin than to the other N - 1. By chance 1 / N are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.knobs import declared
from installation.loop.generation import turn
from installation.loop.lineage import Lineage

if TYPE_CHECKING:
    import torch

    from installation.records import Image
    from installation.restorers import Restorer

GLANCE = 16  # pixels a side on which nearness is judged: layout and colour, no texture
HALF = 0.5
#: Nothing but burning and restoring: what drifts, holds or refreshes would hide what the restorer does.
AT_REST = {"/loop/stages": 0.0, "/loop/colour": 0.0, "/loop/noise-floor": 0.0, "/loop/measure-every": 1000.0}


@dataclass(frozen=True, slots=True)
class Trial:
    """How long is waited and with which numbers: the same noise at every temperature, so that shares are comparable."""

    steps: int = 2
    generations: int = 20
    seed: int = 1


def labels_kept(
    restorer: Restorer,
    medium: str,
    temperature: float,
    pictures: Image,
    trial: Trial,
    *,
    turned: Callable[[], None] = lambda: None,
) -> float:
    """The share of lineages that still know their origin, 0 to 1. ``pictures`` is N x 3 x H x W in -1 to 1.

    All of them turn in one batch. ``turned`` is called after each generation.
    """
    lineage = Lineage.begin("forgetting", trial.seed, pictures)
    chosen = declared()["/burn/medium"].parse(medium)
    values = {"/burn/medium": chosen, f"/burn/{medium}/temperature": temperature, "/restore/steps": float(trial.steps)}
    for _ in range(trial.generations):
        lineage.next()
        for _moment in turn(lineage, restorer, {**AT_REST, **values}, lambda: 0.0):
            pass
        turned()
    return float((nearest(lineage.present, pictures) == nearest(pictures, pictures)).float().mean())


def nearest(images: Image, pictures: Image) -> torch.Tensor:
    """Which picture each image looks most like at a glance, B whole numbers."""
    import torch
    from torch.nn.functional import adaptive_avg_pool2d

    seen, known = (adaptive_avg_pool2d(each.cpu(), GLANCE).flatten(1) for each in (images, pictures))
    return torch.cdist(seen, known).argmin(dim=1)


def melting_point(kept: Callable[[float], float], looks: int) -> tuple[float | None, float]:
    """Where a falling share crosses one half, by bisection, with the share found nearest to it.

    ``kept`` gives the share at a temperature. The point is known to 2^-looks; None when half or more are kept at T = 1.
    """
    low, high, share = 0.0, 1.0, kept(1.0)
    if share >= HALF:
        return None, share
    for _ in range(looks):
        middle = (low + high) / 2.0
        share = kept(middle)
        low, high = (middle, high) if share >= HALF else (low, middle)
    return (low + high) / 2.0, share


def require_medium(name: str) -> str:
    """The medium of this name. Raises ``KnobError`` with the nearest when there is none."""
    return all_media()[int(declared()["/burn/medium"].parse(name))]


def all_media() -> tuple[str, ...]:
    """The media in which a melting point can be looked for."""
    return tuple(declared()["/burn/medium"].choices)
