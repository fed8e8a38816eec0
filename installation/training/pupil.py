"""An ember that learns a little more: the fine-tuning of one generation of a collapse, and what it paints then."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.collapse import CollapseError
from installation.images import to_pixels
from installation.randomness import generator, white
from installation.records import Burnt
from installation.restorers import Restoring
from installation.restorers.conditions import GAUSSIAN, SILENCE
from installation.restorers.ember import LOUDEST, Ember
from installation.training.lessons import SAID, Lesson
from installation.training.objective import Ground, draw_sigma, losses, to_batch

if TYPE_CHECKING:
    from installation.collapse.images import Settings
    from installation.randomness import Generator
    from installation.records import Image
    from installation.restorers.protocol import Restorer
    from installation.training.gallery import Pictures

WARMUP = 30  # steps of learning
EMA = 0.99  # what the moving average keeps per step, once it is older than a thousand steps
MIDDLE, SPREAD = 0.3, 1.5  # P_mean, P_std of ember's own training
PARTS = 5  # of a practice: no part of it may be worse than its first
FEWEST = 10  # steps of a part: below that, chance decides
WORSE = 1.25  # times the first part's loss: chance alone moves it by a tenth
AT_ONCE = 64  # pictures painted together


class DivergenceError(CollapseError):
    """Learning that got worse at the very pictures it learnt from: no collapse but a rate too high."""


class Pupil:
    """A model that learns from some pictures, in float32, with its moving average: what it will be."""

    def __init__(self, model: Ember, rate: float, steps: int) -> None:
        """``rate``: of AdamW, warmed up and then down a cosine to 0 over ``steps``."""
        import torch

        self._model, self._rate, self._steps = model, rate, steps
        self.network = copy.deepcopy(model.network).float().train().requires_grad_(requires_grad=True)
        self.average = copy.deepcopy(self.network).requires_grad_(requires_grad=False)
        self._ground = Ground(model.bands, model.conditions.regression, model.words, ())
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=0.0, fused=True
        )
        self._done: list[float] = []

    def learn(self, pictures: Pictures, batch: int, rng: Generator) -> float:
        """One step on a batch drawn from pictures, N x H x W x 3; returns its loss. Raises ``DivergenceError``."""
        import torch

        clean = to_batch([*pictures[rng.integers(len(pictures), size=batch)]])
        loss = losses(self._heard(), self._ground, _lesson(clean, rng), white(rng, clean)).mean()
        loss.backward()  # type: ignore[no-untyped-call] # torch's own
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for group in self._optimiser.param_groups:
            group["lr"] = self._pace()
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self._remember()
        self._done.append(float(loss.detach()))
        check(self._done, self._steps)
        return self._done[-1]

    def grown(self) -> Ember:
        """The model that it has become."""
        network = self.average.eval()
        return Ember(network, self._model.bands, "in training", self._model.conditions, self._model.doubt)

    def _heard(self) -> Any:
        return {"painter": self.network, "tables": self._model.conditions.tables}

    def _pace(self) -> float:
        step = len(self._done)
        return self._rate * min((step + 1) / WARMUP, 0.5 + 0.5 * math.cos(math.pi * step / self._steps))

    def _remember(self) -> None:
        """Move the average; a young one forgets faster."""
        import torch

        moved = 1.0 - min(EMA, (1 + len(self._done)) / (10 + len(self._done)))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                kept.lerp_(new, moved)


def check(losses: list[float], steps: int) -> None:
    """Whether learning goes well so far, of so many ``steps``. Raises ``DivergenceError``, with the numbers.

    A collapsing model learns what it is shown ever better; only a diverging one gets worse at that.
    """
    if not math.isfinite(losses[-1]):
        raise DivergenceError(f"The loss at step {len(losses)} is no number. Learn at a lower rate.")
    part = max(steps // PARTS, FEWEST)
    if len(losses) >= 2 * part and len(losses) % part == 0:
        before, now = float(np.mean(losses[:part])), float(np.mean(losses[-part:]))
        if now > WORSE * before:
            raise DivergenceError(
                f"The loss on its own lessons rose from {before:.3f} to {now:.3f} by step {len(losses)}: this is no "
                "collapse but a rate too high. Learn at a lower one."
            )


def restored(model: Restorer, parents: Pictures, settings: Settings, rng: Generator) -> Pictures:
    """Pictures burnt to ``settings.start`` by noise of ``settings.bias`` times its variance, and painted again.

    At 1 nothing of them is left, not even the eightieth part that the loudest level would let through.
    """
    clean = to_batch([*parents])
    turn = min(settings.start * math.pi / 2.0, math.atan(LOUDEST))
    signal, noise = math.cos(turn), math.sin(turn)
    left = signal if settings.start < 1.0 else 0.0
    image = left * clean + math.sqrt(settings.bias) * noise * white(rng, clean)
    seen = clean if left else clean.new_zeros(clean.shape)  # what a pipeline encodes, and burns in its latents itself
    burnt = Burnt(image, settings.start, sigma=noise / signal, signal=signal, noise=noise, source=seen)
    *_, last = model.restore(burnt, Restoring(steps=settings.steps), rng)
    return np.stack([to_pixels(last.denoised[place : place + 1]) for place in range(len(parents))])


def blindness(model: Ember, pictures: Pictures, sigma: float, seed: int) -> float:
    """The mean squared error, -1 to 1, of one guess at pictures behind noise: always the same noise for a seed."""
    clean = to_batch([*pictures])
    guess = model.denoise(clean + sigma * white(generator(seed, 0), clean), sigma)
    return float((guess - clean).square().mean())


def _lesson(clean: Image, rng: Generator) -> Lesson:
    """Nothing but white noise, and not a word."""
    import torch

    count = len(clean)
    return Lesson(
        clean=clean,
        burnt=clean,
        medium=torch.full((count,), GAUSSIAN),
        temperature=torch.zeros(count),
        sigma=draw_sigma(count, MIDDLE, SPREAD, rng),
        words=torch.full((count, SAID), SILENCE),
    )
