"""Families of models that can be collapsed: how one is read, taught, written and tried. Ember, and pipelines by LoRA.

A job knows no family: whatever a folder holds, it paints with the restorer's own ``restore`` and asks the family for
the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from installation.collapse import CollapseError
from installation.randomness import generator, white
from installation.restorers import diffusion, ember, lora, trust
from installation.restorers.latents import encode
from installation.restorers.protocol import ModelError, Restorer
from installation.training import proof, pupil
from installation.training.adapter import Adapter
from installation.training.objective import to_batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installation.collapse.images import Settings
    from installation.randomness import Generator
    from installation.restorers.diffusion import Diffusion
    from installation.restorers.ember import Ember
    from installation.training.gallery import Pictures

EMBERS_MOST = 256  # pixels a side: larger ones fall apart into scenes of that size

Grown_co = TypeVar("Grown_co", bound=Restorer, covariant=True)
Model = TypeVar("Model", bound=Restorer)


class Learner(Protocol[Grown_co]):
    """A model in one trial of learning."""

    def learn(self, pictures: Pictures, batch: int, rng: Generator) -> float:
        """One step on a batch drawn from pictures, N x H x W x 3; its loss. Raises ``DivergenceError``."""
        ...

    def grown(self) -> Grown_co:
        """The model that it has become."""
        ...


class Family(Protocol[Model]):
    """What a collapse needs to know of the models that it retrains; a generation's folder is as ``export`` left it."""

    def digest(self) -> str:
        """Which model is generation 0. Raises ``ModelError`` for a damaged one."""
        ...

    def told(self) -> Mapping[str, Any]:
        """What a run's folder must say of the model, besides its digest, so that anybody can go on with it."""
        ...

    def load(self, folder: Path) -> Model:
        """The model as it was given, or a generation. What was loaded before is not to be used any more."""
        ...

    def pupil(self, folder: Path, rate: float, steps: int, rng: Generator) -> Learner[Model]:
        """The model of a folder as a learner for so many steps; ``rate`` of AdamW."""
        ...

    def export(self, model: Model, folder: Path) -> None:
        """Write a folder that ``load`` and the shelf take. Raises ``OSError`` or ``SafetensorError``."""
        ...

    def loss(self, model: Model, pictures: Pictures, sigma: float, seed: int) -> float:
        """Mean squared error of one guess at pictures behind noise: always the same noise for a seed."""
        ...


class Embers:
    """Ember: every generation is a whole model."""

    def __init__(self, given: Path) -> None:
        """``given``: the folder of generation 0."""
        self._given = given

    def digest(self) -> str:
        return ember.verify(self._given)

    def told(self) -> Mapping[str, Any]:
        return {}

    def load(self, folder: Path) -> Ember:
        """Without its expert for loud noise, which is not retrained and would forget nothing."""
        return ember.load(folder, alone=True)

    def pupil(self, folder: Path, rate: float, steps: int, rng: Generator) -> pupil.Pupil:  # noqa: ARG002 - it begins without dice
        return pupil.Pupil(self.load(folder), rate, steps)

    def export(self, model: Ember, folder: Path) -> None:
        proof.export(model, folder)

    def loss(self, model: Ember, pictures: Pictures, sigma: float, seed: int) -> float:
        return pupil.blindness(model, pictures, sigma, seed)


class Pipelines:
    """A Stable Diffusion folder: a generation is an adapter beside it, and generation 0 wears none.

    The base is in memory once, and is never written.
    """

    def __init__(self, base: Path, settings: Settings) -> None:
        """Nothing is loaded yet. Raises ``CollapseError`` for a bias: a pipeline draws its noise itself, in latents."""
        if settings.bias != 1.0:
            raise CollapseError(f"A pipeline draws its own noise and knows no bias of {settings.bias:g}. Use --bias 1.")
        self._base = base.resolve()
        self._plain: Diffusion | None = None

    def digest(self) -> str:
        return trust.vouch(self._base).digest

    def told(self) -> Mapping[str, Any]:
        return {"base": str(self._base)}

    def load(self, folder: Path) -> Diffusion:
        self._plain = plain = self._plain or _plain(self._base)
        lora.take_off(plain.pipe.unet)
        model = diffusion.Diffusion(plain.pipe, plain.digest)
        return diffusion.adapted(model, folder) if lora.base_of(folder) else model

    def pupil(self, folder: Path, rate: float, steps: int, rng: Generator) -> Apprentice:
        model = self.load(self._base)
        return Apprentice(model, Adapter(model, rng, rate, worn=folder), steps)

    def export(self, model: Diffusion, folder: Path) -> None:
        lora.save(model.pipe.unet, folder, self._base)

    def loss(self, model: Diffusion, pictures: Pictures, sigma: float, seed: int) -> float:
        """Of latents, at the nearest noise level that the network knows."""
        shown, rung = to_batch([*pictures]), model.schedule.nearest(sigma)
        clean = encode(model.pipe.vae, shown)
        guess = model.denoise(clean + rung.sigma * white(generator(seed, 0), clean), rung, shown.shape)
        return float((guess - clean).square().mean())


class Apprentice:
    """A pipeline whose adapter learns, watched for divergence as ``Pupil`` is."""

    def __init__(self, model: Diffusion, adapter: Adapter, steps: int) -> None:
        self._model, self._adapter, self._steps = model, adapter, steps
        self._done: list[float] = []

    def learn(self, pictures: Pictures, batch: int, rng: Generator) -> float:
        """One step on a batch drawn from pictures, N x H x W x 3; its loss. Raises ``DivergenceError``."""
        drawn = to_batch([*pictures[rng.integers(len(pictures), size=batch)]])
        self._done.append(self._adapter.learn(drawn, rng))
        pupil.check(self._done, self._steps)
        return self._done[-1]

    def grown(self) -> Diffusion:
        """The model in what it has learnt."""
        return self._model


def of(model: Path, settings: Settings) -> Family[Any]:
    """The family of a model's folder: a pipeline's has an index, any other is ember's. Raises ``CollapseError``."""
    if (model / trust.INDEX).is_file():
        return Pipelines(model, settings)
    if settings.size > EMBERS_MOST:
        raise CollapseError(f"An ember has learnt pictures of {EMBERS_MOST} pixels. Use --size {EMBERS_MOST} or less.")
    return Embers(model)


def _plain(base: Path) -> Diffusion:
    """The pipeline as it was given, on the GPU where there is one. Raises ``ModelError``."""
    import torch

    model = diffusion.load(base, "cuda" if torch.cuda.is_available() else "cpu")
    if not isinstance(model, diffusion.Diffusion):
        raise ModelError(f"{base}: adapters are for Stable Diffusion. Collapse another --model.")
    return model
