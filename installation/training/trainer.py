"""Training ember for a number of minutes, on a CPU, one accelerator or several, resumable after any kill.

Every lesson is drawn from (seed, step) and everything that moves is in the checkpoint, so a run that was killed goes
on as if nothing had happened.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.errors import Refusal
from installation.knobs import nearest
from installation.machine.files import write_atomically
from installation.machine.settings import EnergySettings
from installation.readings.meter import open_meter
from installation.readings.register import NOT_YET
from installation.restorers import ember
from installation.restorers.conditions import Conditions, remember, tables
from installation.restorers.ember import Ember
from installation.restorers.filters import Bands, Regression
from installation.restorers.networks import Painter
from installation.training import proof
from installation.training.album import Album
from installation.training.corpus import read_corpus
from installation.training.lessons import Diet, Lesson, Lessons, in_order
from installation.training.objective import Ground, build_network, census, losses, regress
from installation.training.record import EXPERTS, RECORD, Bill, describe

if TYPE_CHECKING:
    import torch
    from rich.console import Console
    from rich.progress import Progress

    from installation.readings.register import Taken
    from installation.records import Image
    from installation.training.corpus import Corpus

CHECKPOINT = "training.safetensors"
MODEL = "ember"
ROWS = 6  # pictures on a sheet
SAID = 32  # words on an expert's
FLOOR = 0.02  # of the learning rate, where the cosine ends


class TrainingError(Refusal):
    """Training that cannot go on, with the reason."""


#: How often a picture is burnt by a medium other than white noise. Mean and cipher need no network: arithmetic and the
#: key undo them.
SHARES = {"heat": 0.12, "brownian": 0.10, "black-scholes": 0.08, "animorphosis": 0.06, "jpeg": 0.03}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training run gives, besides its pictures and the model it begins from."""

    minutes: float = 60.0
    seed: int = 1
    channels: tuple[int, ...] = (160, 192, 256)
    small: int = 128  # pixels a side for the first part of the time: four times cheaper
    large: int = 256
    small_share: float = 0.7
    batch: int = 32  # small pictures per step and process
    large_batch: int = 12
    rate: float = 1e-3
    warmup: int = 200  # steps
    ema: float = 0.999  # what the moving average keeps per step
    middle: float = 0.3  # P_mean and P_std of Karras et al.: the loop burns at sigma 0.3 to 20
    spread: float = 1.5
    media: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))
    silence: float = 0.25  # captions left out, so that ember can also paint unasked
    named: float = 0.0  # share of pictures of one thing each, every word as often as any other
    words: tuple[str, ...] = ()  # these; none: every word of many pictures
    album: int = 0  # pictures that an expert's lessons are mixed of; none: every lesson is drawn afresh
    expert: bool = False  # learn to lay pictures out behind loud noise, for an ember that is there already
    census: int = 1024  # pictures on which the bands' statistics are measured
    regression: int = 24  # pictures on which the media's filters are measured
    rest: float = 600.0  # seconds of training between checkpoints
    workers: int = 0  # processes that draw lessons ahead; an accelerator wants one per CPU core

    @property
    def diet(self) -> Diet:
        """What its lessons are made of."""
        return Diet(**{part.name: getattr(self, part.name) for part in fields(Diet)})


def expert(batch: int = 32, **given: Any) -> Recipe:
    """The recipe of an expert for words, which sees large pictures only, with some parts as they are given."""
    return Recipe(**{**EXPERTS, "batch": batch, "large_batch": batch, **given})


@dataclass(frozen=True, slots=True)
class Pace:
    """How training stands after a step. ``loss`` is this batch's; a silent network has about 1.3 at 128 pixels."""

    step: int
    loss: float
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from: the digest of the model it began with, if any, and what was kept out of its corpus."""

    begun: str = ""
    keep_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A trained model to begin from, and what its own training wrote down."""

    model: Ember
    record: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Begun:
        """From its folder. Raises ``ModelError``."""
        record = folder / RECORD
        return cls(ember.load(folder), json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {})


class Run:
    """A training run in memory: network, conditions, their moving average, optimiser, and how far they have come."""

    def __init__(self, recipe: Recipe, ground: Ground, origin: Origin, begun: Begun | None = None) -> None:
        import torch
        from accelerate import Accelerator  # type: ignore[import-untyped] # it has no types

        torch.manual_seed(recipe.seed)
        self.recipe, self.origin, self.begun, self.machine = recipe, origin, begun, Accelerator()
        self.ground = ground.to(self.machine.device)
        self.network, self.average = self._model(), self._model()
        self.average.load_state_dict(self.network.state_dict())
        self.average.requires_grad_(requires_grad=False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.steps, self.seconds, self.bill = 0, 0.0, Bill()

    def _model(self) -> Any:
        """The painter and the tables of its conditions, fresh or as a trained ember, or its expert, has them."""
        import torch

        painter = build_network(self.recipe.channels, expert=self.recipe.expert)
        heard = tables(len(self.ground.words), len(self.ground.media), 4 * self.recipe.channels[0])
        model = self.begun and (self.begun.model.expert if self.recipe.expert else self.begun.model)
        if model:
            painter.load_state_dict(model.network.state_dict())
            remember(heard, self.ground.words, model.conditions)
        return torch.nn.ModuleDict({"painter": painter, "tables": heard}).to(self.machine.device)

    @property
    def progress(self) -> float:
        """How much of the time is spent, 0 to 1."""
        return min(self.seconds / (60.0 * self.recipe.minutes), 1.0)

    @property
    def grown(self) -> bool:
        """Whether it is time for large pictures."""
        return self.progress >= self.recipe.small_share

    def learn(self, lesson: Lesson) -> float:
        """One step; returns its loss."""
        taken = lesson.to(self.machine.device)
        loss = losses(self.network, self.ground, taken, self._noise(taken.clean)).mean()
        self._descend(loss)
        return float(loss.detach())

    def _noise(self, like: Image) -> Image:
        """White noise of this step and process, drawn where the network is."""
        import torch

        number = (self.recipe.seed * 1_000_003 + self.steps) * 64 + self.machine.process_index
        dice = torch.Generator(like.device).manual_seed(number % 2**63)
        return torch.randn(like.shape, generator=dice, device=like.device)

    def _descend(self, loss: torch.Tensor) -> None:
        import torch

        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        loss.backward()  # type: ignore[no-untyped-call] # torch's own
        self._agree()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.steps += 1
        self._remember()

    def _agree(self) -> None:
        """Average the gradients of all processes."""
        if self.machine.num_processes > 1:
            for weight in self.network.parameters():
                if weight.grad is not None:
                    weight.grad = self.machine.reduce(weight.grad, reduction="mean")

    def agreed(self, seconds: float) -> float:
        """How long a step took, the same in all processes: they must turn to large pictures, and end, together."""
        import torch

        if self.machine.num_processes == 1:
            return seconds
        taken = torch.tensor(float(seconds), device=self.machine.device)
        return float(self.machine.reduce(taken, reduction="mean"))

    def spend(self, seconds: float, before: Taken, now: Taken) -> None:
        """Put a step on the bill."""
        self.seconds += seconds
        self.bill.add(before, now, seconds)

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

        told = {"words": json.dumps(self.ground.words), "bill": json.dumps(asdict(self.bill))}
        told |= {"steps": str(self.steps), "seconds": repr(self.seconds), "origin": json.dumps(asdict(self.origin))}
        tensors = {f"bands.{part.name}": getattr(self.ground.bands, part.name) for part in fields(Bands)}
        tensors |= {f"filters.{part.name}": getattr(self.ground.regression, part.name) for part in fields(Regression)}
        tensors |= {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
        write_atomically(path, save({name: value.contiguous() for name, value in tensors.items()}, told))

    @classmethod
    def resume(cls, recipe: Recipe, path: Path, model: Begun | None = None) -> Run:
        """Go on from a checkpoint. Raises ``TrainingError`` when it is damaged or of another network."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                told, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            ground = Ground(
                Bands(**_under("bands.", tensors)), Regression(**_under("filters.", tensors)),
                tuple(json.loads(told["words"])), tuple(recipe.media),
            )  # fmt: skip
            origin = json.loads(told["origin"])
            run = cls(recipe, ground, Origin(origin["begun"], tuple(origin["keep_out"])), model)
            run._put_back(tensors)
            run.steps, run.seconds = int(told["steps"]), float(told["seconds"])
            run.bill = Bill(**json.loads(told["bill"]))
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
    images: Path,
    out: Path,
    recipe: Recipe,
    *,
    keep_out: Iterable[str] = (),
    begun: Path | None = None,
    energy: EnergySettings | None = None,
    console: Console | None = None,
) -> Path:
    """Train on a folder of pictures, or of zips with a manifest, and return the folder of the model made.

    ``out`` gets a checkpoint (and is resumed from it), ``sheets/*.png``, held-out loss by noise level in
    ``held-out.jsonl``, and the model with its record. ``begun`` is a trained model to begin from; ``energy`` says
    what to make of a machine without sensors. Raises ``CorpusError``, ``ModelError`` and ``TrainingError``.
    """
    corpus = read_corpus(images, keep_out)
    run = begin(recipe, corpus, out, keep_out=keep_out, begun=begun)
    meter = open_meter(energy or EnergySettings())
    try:
        with _line(console) as line:
            task = line.add_task("drawing lessons", total=1.0)
            for pace in practise(run, corpus, out, joules=lambda: meter.read(time.monotonic()).joules):
                line.update(task, completed=run.progress, description=_describe(pace, run.bill))
    finally:
        meter.close()
    return out / MODEL


def begin(recipe: Recipe, corpus: Corpus, out: Path, *, keep_out: Iterable[str] = (), begun: Path | None = None) -> Run:
    """A run, resumed when ``out`` holds a checkpoint, else fresh or from a trained model, which an expert must have."""
    if recipe.expert and begun is None:
        raise TrainingError("An expert belongs to an ember. Say which it begins with, such as assets/ember.")
    _require_shown(recipe.words, corpus.vocabulary())
    given = Begun.read(begun) if begun else None
    if (out / CHECKPOINT).is_file():
        return Run.resume(recipe, out / CHECKPOINT, given)
    model = given.model if given else None
    bands = model.bands if model else census(corpus, recipe.large, recipe.census, recipe.seed)
    regression = regress(corpus, tuple(recipe.media), recipe.large, recipe.regression, recipe.seed)
    ground = Ground(bands, regression, corpus.vocabulary(), tuple(recipe.media))
    return Run(recipe, ground, Origin(model.digest if model else "", tuple(keep_out)), given)


def _require_shown(words: Iterable[str], shown: Sequence[str]) -> None:
    """Raises ``TrainingError`` for the first word that too few pictures show."""
    for word in words:
        if word not in shown:
            near = nearest(word, shown) or " Leave it out, or gather more of them."
            raise TrainingError(f"Too few pictures here are said to show {word!r} for it to be learnt.{near}")


def practise(
    run: Run,
    corpus: Corpus,
    out: Path,
    clock: Callable[[], float] = time.monotonic,
    joules: Callable[[], Taken] = lambda: NOT_YET,
) -> Iterator[Pace]:
    """Learn until the time is spent; every few minutes write the checkpoint, the model and its proofs.

    With several processes all of them learn, and the first one writes.
    """
    lessons = Lessons(corpus, run.ground.words, run.recipe.diet, run.recipe.seed, run.machine.process_index)
    lessons.large[0] = run.grown
    album = run.recipe.album
    course = Album(lessons, album, run.recipe.workers) if album else lessons
    saved, coming = run.seconds, in_order(course, run.steps, 0 if album else run.recipe.workers)
    while run.progress < 1.0:
        started, before = clock(), joules()
        lesson = next(coming)
        loss = run.learn(lesson)
        taken = run.agreed(clock() - started)
        run.spend(taken, before, joules())
        lessons.large[0] = run.grown
        if run.progress >= 1.0 or run.seconds - saved >= run.recipe.rest:
            saved = run.seconds
            if run.machine.is_main_process:
                run.save(out / CHECKPOINT)
                publish(run, corpus, out)
            run.machine.wait_for_everyone()
        pictures = len(lesson.words) * run.machine.num_processes
        yield Pace(run.steps, loss, pictures / max(taken, 1e-9), max(60.0 * run.recipe.minutes - run.seconds, 0.0))


def publish(run: Run, corpus: Corpus, out: Path) -> None:
    """The model as it is now with its record and a sheet to look at; of a whole ember also its loss on the held-out."""
    import torch

    ground = run.ground.to(torch.device("cpu"))
    average = copy.deepcopy(run.average).cpu()
    conditions = Conditions(ground.words, ground.media, average["tables"], ground.regression)
    made = _made(run, ground.bands, Painter(average["painter"], conditions))
    sheet = out / f"sheets/{run.steps:06d}.png"
    if run.recipe.expert:  # of what it was not trained for, nothing has changed
        proof.export(made, out / MODEL, describe(run, corpus))
        write_atomically(sheet, proof.said(made, ground.words[:SAID]))
        return
    pictures = proof.held_out(corpus, run.recipe.large, run.recipe.seed)
    made.doubt = proof.doubt(made, pictures)
    proof.export(made, out / MODEL, describe(run, corpus))
    write_atomically(sheet, proof.sheet(made, pictures[:ROWS]))
    with (out / "held-out.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps({"step": run.steps, "psnr": proof.trial(made, pictures)}) + "\n")


def _made(run: Run, bands: Bands, learnt: Painter) -> Ember:
    """The ember that a run has made: a new network with the expert it had before, or a new expert for its network."""
    begun = run.begun.model if run.begun else None
    if begun and run.recipe.expert:
        return Ember(begun.network, bands, "in training", begun.conditions, begun.doubt, expert=learnt)
    return Ember(learnt.network, bands, "in training", learnt.conditions, expert=begun.expert if begun else None)


def _line(console: Console | None) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console)


def _describe(pace: Pace, bill: Bill) -> str:
    return f"step {pace.step}, loss {pace.loss:.3f}, {pace.images_per_second:.0f} images/s, {bill.told()}"


def _laid_out_like(weight: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The value with the strides of its weight: the fused optimiser walks both in memory order and checks nothing."""
    import torch

    return torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
