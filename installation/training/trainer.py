"""Training ember for a number of minutes, resumable after any kill.

Every batch is drawn from (seed, step) and everything that moves is in the checkpoint, so a run that was killed goes
on as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from installation.errors import Refusal
from installation.machine.files import write_atomically
from installation.randomness import generator
from installation.restorers import wavelet
from installation.restorers.ember import Bands, Ember
from installation.training import proof
from installation.training.corpus import read_corpus
from installation.training.objective import build_network, census, draw_sigma, losses, to_batch

if TYPE_CHECKING:
    import torch
    from rich.console import Console
    from rich.progress import Progress

    from installation.training.corpus import Corpus

CHECKPOINT = "training.safetensors"
MODEL = "ember"
ROWS = 6  # pictures on a sheet
FLOOR = 0.02  # of the learning rate, where the cosine ends


class TrainingError(Refusal):
    """Training that cannot go on, with the reason."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training run gives, besides its pictures."""

    minutes: float = 60.0
    seed: int = 1
    channels: tuple[int, ...] = (160, 192, 256)
    small: int = 128  # pixels a side for the first part of the time: four times cheaper
    large: int = 256
    small_share: float = 0.7
    batch: int = 32  # small pictures per step
    large_batch: int = 12
    rate: float = 1e-3
    warmup: int = 200  # steps
    ema: float = 0.999  # what the moving average keeps per step
    middle: float = 0.0  # P_mean and P_std of Karras et al.: the loop burns at sigma 0.3 to 20
    spread: float = 1.4
    census: int = 1024  # pictures on which the bands' statistics are measured
    rest: float = 300.0  # seconds of training between checkpoints


@dataclass(frozen=True, slots=True)
class Pace:
    """How training stands after a step. ``loss`` is this batch's; a silent network has about 1.3 at 128 pixels."""

    step: int
    loss: float
    images_per_second: float
    seconds_left: float


class Run:
    """A training run in memory: network, its moving average, optimiser, and how far they have come."""

    def __init__(self, recipe: Recipe, bands: Bands) -> None:
        import torch

        torch.manual_seed(recipe.seed)
        self.recipe, self.bands = recipe, bands
        self.network, self.average = build_network(recipe.channels), build_network(recipe.channels)
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.steps, self.seconds = 0, 0.0

    @property
    def progress(self) -> float:
        """How much of the time is spent, 0 to 1."""
        return min(self.seconds / (60.0 * self.recipe.minutes), 1.0)

    @property
    def diet(self) -> tuple[int, int]:
        """Size and number of the pictures of the next batch."""
        recipe = self.recipe
        small = self.progress < recipe.small_share
        return (recipe.small, recipe.batch) if small else (recipe.large, recipe.large_batch)

    def learn(self, corpus: Corpus) -> float:
        """One step on a fresh batch; returns its loss."""
        rng = generator(self.recipe.seed, self.steps)
        size, count = self.diet
        clean = wavelet.analyse(to_batch([corpus.draw(size, rng) for _ in range(count)]))
        sigma = draw_sigma(count, self.recipe.middle, self.recipe.spread, rng)
        loss = losses(self.network, self.bands, clean, sigma, rng).mean()
        self._descend(loss)
        return float(loss.detach())

    def _descend(self, loss: torch.Tensor) -> None:
        import torch

        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        loss.backward()  # type: ignore[no-untyped-call] # torch's own
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.steps += 1
        self._remember()

    def _rate(self) -> float:
        """Linear warm-up by steps, cosine by time."""
        cosine = FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * self.progress))
        return self.recipe.rate * min((self.steps + 1) / self.recipe.warmup, cosine)

    def _remember(self) -> None:
        """Move the average; a young one forgets faster, or the first random weights would stay for a thousand steps."""
        import torch

        moved = 1.0 - min(self.recipe.ema, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                kept.lerp_(new, moved)

    def save(self, path: Path) -> None:
        """Write everything needed to go on, whole or not at all: four times the float32 weights."""
        from safetensors.torch import save

        tensors = {"bands.mean": self.bands.mean, "bands.std": self.bands.std}
        tensors |= {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
        told = {"steps": str(self.steps), "seconds": repr(self.seconds)}
        write_atomically(path, save({name: value.contiguous() for name, value in tensors.items()}, told))

    @classmethod
    def resume(cls, recipe: Recipe, path: Path) -> Run:
        """Go on from a checkpoint. Raises ``TrainingError`` when it is damaged or of another network."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                told, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            run = cls(recipe, Bands(tensors["bands.mean"], tensors["bands.std"]))
            run._put_back(tensors)
            run.steps, run.seconds = int(told["steps"]), float(told["seconds"])
        except (SafetensorError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise TrainingError(f"{path} does not fit this training ({error}). Move it away to begin anew.") from error
        return run

    def _put_back(self, tensors: dict[str, torch.Tensor]) -> None:
        self.network.load_state_dict(_under("network.", tensors))
        self.average.load_state_dict(_under("average.", tensors))
        weights = list(self.network.parameters())
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in _under("optimiser.", tensors).items():
            index, _, what = name.partition(".")
            state.setdefault(int(index), {})[what] = _laid_out_like(weights[int(index)], value)
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})


def train(
    images: Path, out: Path, recipe: Recipe, *, keep_out: Iterable[str] = (), console: Console | None = None
) -> Path:
    """Train on a folder of pictures, or of zips with a manifest, and return the folder of the model made.

    ``out`` gets a checkpoint (and is resumed from it), ``sheets/*.png``, held-out loss by noise level in
    ``held-out.jsonl``, and the model. Raises ``CorpusError`` and ``TrainingError``.
    """
    corpus = read_corpus(images, keep_out)
    run = begin(recipe, corpus, out)
    with _line(console) as line:
        task = line.add_task("", total=1.0)
        for pace in practise(run, corpus, out):
            line.update(task, completed=run.progress, description=_describe(pace))
    return out / MODEL


def begin(recipe: Recipe, corpus: Corpus, out: Path) -> Run:
    """A run, resumed when ``out`` holds a checkpoint."""
    if (out / CHECKPOINT).is_file():
        return Run.resume(recipe, out / CHECKPOINT)
    return Run(recipe, census(corpus, recipe.large, recipe.census, recipe.seed))


def practise(run: Run, corpus: Corpus, out: Path, clock: Callable[[], float] = time.monotonic) -> Iterator[Pace]:
    """Learn until the time is spent; every few minutes write the checkpoint, the model and its proofs."""
    saved = run.seconds
    while run.progress < 1.0:
        started, (_, count) = clock(), run.diet
        loss = run.learn(corpus)
        taken = clock() - started
        run.seconds += taken
        if run.progress >= 1.0 or run.seconds - saved >= run.recipe.rest:
            saved = run.seconds
            run.save(out / CHECKPOINT)
            publish(run, corpus, out)
        yield Pace(run.steps, loss, count / max(taken, 1e-9), max(60.0 * run.recipe.minutes - run.seconds, 0.0))


def publish(run: Run, corpus: Corpus, out: Path) -> None:
    """The model as it is now, its loss on held-out pictures and a sheet to look at."""
    proof.export(run.average, run.bands, out / MODEL)
    ember = Ember(run.average, run.bands, "in training")
    pictures = proof.held_out(corpus, run.recipe.large, run.recipe.seed)
    write_atomically(out / f"sheets/{run.steps:06d}.png", proof.sheet(ember, pictures[:ROWS]))
    with (out / "held-out.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps({"step": run.steps, "psnr": proof.trial(ember, pictures)}) + "\n")


def _line(console: Console | None) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console)


def _describe(pace: Pace) -> str:
    return f"step {pace.step}, loss {pace.loss:.3f}, {pace.images_per_second:.0f} images/s"


def _laid_out_like(weight: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The value with the strides of its weight: the fused optimiser walks both in memory order and checks nothing."""
    import torch

    return torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
