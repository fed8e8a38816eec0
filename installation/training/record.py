"""What a training run says of itself, beside its weights: made how, of what, with what."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from installation.readings.register import Missing, Taken
from installation.restorers.networks import EXPERT

if TYPE_CHECKING:
    from installation.training.corpus import Corpus
    from installation.training.trainer import Run

RECORD = "training.json"
#: What an expert's recipe has of its own: few channels, whole pictures, loud noise alone and many words.
EXPERTS: Mapping[str, Any] = {
    "expert": True, "channels": (128, 192), "small_share": 0.0, "rate": 6e-4, "middle": 1.4, "spread": 1.0,
    "media": {}, "silence": 0.15, "named": 0.8, "album": 32_768,
}  # fmt: skip


@dataclass(slots=True)
class Bill:
    """What a run has spent in joules, as far as somebody counted; it travels in the checkpoint."""

    joules: float = 0.0
    estimated: bool = False
    uncounted: float = 0.0  # seconds of training without a sensor

    def add(self, before: Taken, now: Taken, seconds: float) -> None:
        """A step between two looks at the counter, and how long it took."""
        if isinstance(before, Missing) or isinstance(now, Missing):
            self.uncounted += seconds
        else:
            self.joules += now.number - before.number
            self.estimated |= before.estimated or now.estimated

    def told(self) -> str:
        """As a sentence: measured, estimated, or not counted at all."""
        unseen = f"{self.uncounted / 60.0:.0f} minutes without a sensor" if self.uncounted >= 1.0 else ""
        counted = f"{self.joules:.0f} J {'estimated' if self.estimated else 'measured'}" if self.joules else ""
        return ", ".join(part for part in (counted, unseen) if part) or "nothing yet"


def describe(run: Run, corpus: Corpus) -> dict[str, Any]:
    """Everything that is needed to train again, and what it cost so far. Folders are called CORPUS and OUT.

    What the model's other network, which was not trained this time, had written down of itself is told on.
    """
    before = run.begun.record if run.begun else {}
    if run.recipe.expert:
        return {**before, EXPERT: _described(run, corpus)}
    return _described(run, corpus) | {name: told for name, told in before.items() if name == EXPERT}


def _described(run: Run, corpus: Corpus) -> dict[str, Any]:
    import torch

    return {
        "command": command(run),
        "recipe": asdict(run.recipe),
        "begun with": run.origin.begun or "nothing",
        "steps": run.steps,
        "hours": round(run.seconds / 3600.0, 3),
        "processes": run.machine.num_processes,
        "device": device(run.machine.device),
        "torch": torch.__version__,
        "energy": run.bill.told(),
        "corpus": {
            "digest": corpus.digest,
            "taught": {kind: len(exhibits) for kind, exhibits in sorted(corpus.taught.items())},
            "held out": {kind: len(exhibits) for kind, exhibits in sorted(corpus.held.items())},
            "damaged": corpus.damaged,
            "sources": dict(sorted(corpus.sources.items())),
        },
        "words": len(run.ground.words),
        "media": list(run.ground.media),
    }


def command(run: Run) -> str:
    """The call that makes such a model: what differs from the recipe's defaults, and nothing of this machine."""
    recipe, plain = run.recipe, type(run.recipe)(**(EXPERTS if run.recipe.expert else {}))
    said = [part.name for part in fields(recipe) if getattr(recipe, part.name) != getattr(plain, part.name)]
    spoken = [name for name in said if name in SPOKEN]
    options = [f"--{name.replace('_', '-')} {getattr(recipe, name):g}" for name in spoken]
    options += [f"--words {shlex.quote(' '.join(recipe.words))}"] if recipe.words else []
    words = [f"--keep-out {shlex.quote(word)}" for word in run.origin.keep_out]
    if recipe.expert:
        return " ".join(["burntout train expert CORPUS MODEL --out OUT", *options, *words])
    begun = ["--begin-with MODEL"] if run.origin.begun else []
    return " ".join(["burntout train run CORPUS --out OUT", *options, *begun, *words])


#: What of a recipe the command line takes.
SPOKEN = ("minutes", "seed", "batch", "rate", "small_share", "workers")


def device(place: Any) -> str:
    """The accelerator's name, or how many processor cores there were."""
    import torch

    if place.type == "cuda":
        return str(torch.cuda.get_device_name(place))
    return f"{torch.get_num_threads()} CPU threads"
