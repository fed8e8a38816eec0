"""Stillness: a picture like the one that was restored last need not be restored again. What is saved is energy.

The similar-image filter of StreamDiffusion (Kodaira et al. 2023, arXiv:2312.12491), for a loop: its decision is a pure
function of the lineage, thrown with the generation's own dice, so it comes out the same when it is rendered again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from installation.records import Step

if TYPE_CHECKING:
    import torch

    from installation.loop.lineage import Lineage
    from installation.records import Burnt, Image

STREAM = 4  # a stream of a generation's random numbers that nothing else draws from
CELLS = 16  # of the thumb, a side
MOST = 10.0 / 11.0  # however still it stands, about every eleventh picture is restored: it may have somewhere to go


def is_spared(lineage: Lineage, threshold: float) -> bool:
    """Whether the present picture need not be restored; one that is restored is remembered. 0 spares none.

    It is held against the last one restored, not the last one: what drifts slowly is noticed in the end.
    """
    if threshold == 0.0:
        lineage.restored = None
        return False
    now = thumb(lineage.present)
    alike = 0.0 if lineage.restored is None else likeness(now, lineage.restored)
    spared = bool(lineage.generator(STREAM).random() < chance(alike, threshold))
    if not spared:
        lineage.restored = now
    return spared


def chance(alike: float, threshold: float) -> float:
    """How likely a picture is spared: 0 up to the threshold (below 1), from there straight to ``MOST``."""
    return MOST * max(0.0, 1.0 - (1.0 - alike) / (1.0 - threshold))


def held(lineage: Lineage, burnt: Burnt) -> Iterator[Step]:
    """The only step of a generation that is spared: the present picture holds, as it was before it was burnt."""
    yield Step(0, burnt.sigma, burnt.image, lineage.present, noisy=False, latents=burnt.latents)


def thumb(image: Image) -> torch.Tensor:
    """B x 3 x H x W to B x 3 x 16 x 16, the means of its cells."""
    from torch.nn.functional import adaptive_avg_pool2d

    return adaptive_avg_pool2d(image, (CELLS, CELLS))


def likeness(one: torch.Tensor, other: torch.Tensor) -> float:
    """The cosine between two thumbs: 1 for the same picture, also at another contrast."""
    from torch.nn.functional import cosine_similarity

    return float(cosine_similarity(one.flatten(), other.to(one).flatten(), dim=0))
