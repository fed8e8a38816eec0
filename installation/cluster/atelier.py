"""A collapse's pictures, painted by all machines of a cluster: equal hash for hash to those that one would paint.

A generation's weights were learnt on this machine a moment ago, so they travel: as a parcel of safetensors, once to
every node. A pipeline's base does not; each node loads its own, and its passport says which.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.cluster.parcel import Parcel, pack, unpack
from installation.cluster.passport import Passport, passport
from installation.cluster.reach import Reach
from installation.cluster.spread import Needs, News, silent, spread
from installation.collapse.images import Settings as Collapsing
from installation.training import family
from installation.training.painting import Batch

if TYPE_CHECKING:
    from installation.machine.settings import Settings
    from installation.training.gallery import Pictures


ONE = Needs()


@dataclass(frozen=True, slots=True)
class Weights:
    """A generation's model on its way; ``base`` is the pipeline's folder of which it is an adapter, if it is one."""

    digest: str
    parcel: Parcel = field(compare=False, repr=False)
    base: Path | None
    settings: Collapsing


@dataclass(frozen=True, slots=True, eq=False)
class Sitting:
    """What one worker paints at once, and with which model."""

    weights: Weights
    batch: Batch


@dataclass(frozen=True, slots=True)
class Atelier:
    """A studio whose painters are the workers of a cluster."""

    reach: Reach
    passport: Passport
    base: Path | None = None
    needs: Needs = ONE
    progress: Callable[[News], None] = silent

    def paint(self, model: Any, folder: Path, wanted: Mapping[str, Batch]) -> Iterator[tuple[str, Pictures]]:  # noqa: ARG002 - the workers load it themselves
        """Every batch by its name, as it is finished. Raises ``UnfinishedError`` where not all could be painted."""
        settings, parcel = next(iter(wanted.values())).settings, pack(folder)
        weights = Weights(parcel.digest, parcel, self.base, settings)
        sittings = {name: Sitting(weights, batch) for name, batch in wanted.items()}
        return spread(sittings, painted, self.reach, passport=self.passport, needs=self.needs, progress=self.progress)


def open_atelier(
    reach: Reach, model: Path, settings: Settings, collapsing: Collapsing, progress: Callable[[News], None] = silent
) -> Atelier:
    """A studio for a collapse of ``model``. Raises ``ModelError`` where a pipeline's base is damaged.

    Where a node has a graphics card a pipeline takes one for each batch.
    """
    told = family.of(model, collapsing).told()
    base = Path(told["base"]) if "base" in told else None
    gpus = float(base is not None and any(node.gpus for node in reach.nodes()))
    restorer = ("diffusion", str(base)) if base else ("none", None)  # an ember travels; what computes it must agree
    return Atelier(reach, passport([restorer], settings), base, Needs(gpus=gpus), progress)


def painted(sitting: Sitting) -> Pictures:
    """A batch, in a worker."""
    return sitting.batch.painted(_loaded(sitting.weights))


@functools.lru_cache(maxsize=1)
def _loaded(weights: Weights) -> Any:
    """The model of this generation, which a worker keeps until it is given the next."""
    with tempfile.TemporaryDirectory(prefix="burntout-") as folder:
        kept = unpack(weights.parcel, Path(folder) / "model")
        return _family(weights.base or kept, weights.settings).load(kept)


@functools.lru_cache(maxsize=1)
def _family(folder: Path, settings: Collapsing) -> family.Family[Any]:
    """A pipeline's stays, with its base in memory, and only changes its adapter."""
    return family.of(folder, settings)
