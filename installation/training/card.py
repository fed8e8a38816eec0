"""The model card: every figure measured, every sheet drawn, and the page written from them, by one command.

Figures go to ``figures.json`` section by section, so that a card that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import images
from installation.burns import MEDIA
from installation.errors import Refusal
from installation.machine.files import share, write_atomically
from installation.restorers import archive, ember
from installation.training import clouds, features, figures, looping, page, sheets, wiener
from installation.training.corpus import read_corpus
from installation.training.proof import held_out
from installation.training.record import RECORD
from installation.training.sheets import Row
from installation.training.trial import (
    ARCHIVE,
    EMBER,
    PREVIOUS,
    SIDE,
    TEMPERATURES,
    Contender,
    Sizes,
    Trial,
    as_pixels,
    asked,
    batch_of,
    burnt_by,
    restored,
)

if TYPE_CHECKING:
    import torch
    from rich.console import Console

    from installation.records import Image, Pixels
    from installation.training.corpus import Corpus
    from installation.training.trial import Track

FORMAT = "burntout-figures-1"
FIGURES, PAGE, LIMITS = "figures.json", "README.md", "limits.md"
SHEETS = "sheets"
PHOTOGRAPH = "owl.webp"  # of assets/origins, held out of every training of ours: what the loop begins from
SAMPLES = 64
FRAMES = 12  # of the loop that are shown
#: What is asked for on the sheet of samples, where ember knows the word; what it knows best fills the rest.
CAPTIONS = (
    "cat dog horse lion leopard bird owl fish butterfly bear elephant frog face woman man child hat hand house castle "
    "church tower bridge city street ship boat car train rocket airplane mountain hill forest tree flower leaf field "
    "beach sea river waterfall desert snow ice sky cloud sunset night moon star galaxy nebula planet fire lava rock "
    "sand grass brick wood metal fruit bread chair lamp clock guitar painting portrait"
)


class CardError(Refusal):
    """A card that cannot be made, with the reason."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a card is made with, besides the model and its corpus."""

    previous: Path | None = None
    out: Path | None = None
    sizes: Sizes = dataclasses.field(default_factory=Sizes)
    keep_out: tuple[str, ...] = ()
    device: str = "cpu"
    afresh: bool = False


class Workshop:
    """Everything a section may need; what is slow is made when it is first asked for."""

    def __init__(self, folder: Path, source: Path, options: Options, track: Track[Any]) -> None:
        self.folder, self.source, self.options, self.track = folder, source, options, track
        self.out = options.out or folder
        self.sizes = options.sizes

    @cached_property
    def contenders(self) -> dict[str, Contender]:
        """Ember, the previous ember where one is given, and the archive."""
        device = self.options.device
        found: dict[str, Contender] = {EMBER: ember.load(self.folder, device)}
        if self.options.previous:
            found[PREVIOUS] = ember.load(self.options.previous, device)
        return {**found, ARCHIVE: archive.load(share("assets") / "archive")}

    @cached_property
    def archived(self) -> list[Pixels]:
        """The pictures of the archive."""
        pictures: torch.Tensor = getattr(self.contenders[ARCHIVE], "pictures")  # noqa: B009 - an Archive
        return [picture.permute(1, 2, 0).contiguous().numpy() for picture in pictures]

    @cached_property
    def corpus(self) -> Corpus:
        """The pictures, taught and held out as in training."""
        corpus = read_corpus(self.source, self.options.keep_out)
        if not corpus.held:
            raise CardError(f"{self.source}: no picture is held out here. Give more pictures, a hundred at least.")
        return corpus

    @cached_property
    def trial(self) -> Trial:
        """The trial, with features learnt from training pictures."""
        return Trial(
            self.contenders, self.corpus, features.learn(self._lessons), self.sizes, device=self.options.device
        )

    @cached_property
    def wiener(self) -> wiener.Wiener:
        """The best linear filter of the same training pictures."""
        return wiener.learn(batch_of([picture], self.options.device) for picture in self._lessons)

    @cached_property
    def _lessons(self) -> list[Pixels]:
        return clouds.mix(self.corpus.taught, self.sizes.taught, 1, clouds.REFERENCE)

    @cached_property
    def shown(self) -> list[Pixels]:
        """The held-out photographs on the sheets."""
        return held_out(self.corpus, SIDE, 1)[: self.sizes.shown]

    def keep(self, name: str, title: str, note: str, rows: Sequence[Row], cell: int = 128) -> None:
        """Write a sheet beside the page."""
        write_atomically(self.out / SHEETS / f"{name}.webp", sheets.encode(sheets.draw(title, note, rows, cell)))


Section = Callable[[Workshop], dict[str, Any]]


def make(folder: Path, source: Path, options: Options, console: Console | None = None) -> Path:
    """Measure a model, draw its sheets and write its page; returns the page.

    ``source`` is the folder it was trained on. ``figures.json``, ``sheets/*.webp`` and ``README.md`` go to
    ``options.out``, or beside the model. What was measured of the same model, corpus and sizes is not measured again.
    Raises ``CardError``, ``ModelError`` and ``CorpusError``.
    """
    with _tracking(console) as track:
        workshop = Workshop(folder, source, options, track)
        told = measure(workshop)
    limits = folder / LIMITS
    written = page.write(told, limits.read_text(encoding="utf-8") if limits.is_file() else page.UNWRITTEN)
    write_atomically(workshop.out / PAGE, written)
    return workshop.out / PAGE


def measure(workshop: Workshop) -> dict[str, Any]:
    """Every section's figures, written down as soon as they are there."""
    path = workshop.out / FIGURES
    inputs = _inputs(workshop)
    told = {} if workshop.options.afresh else _begun(path, inputs)
    told |= {"format": FORMAT, "date": datetime.now(UTC).date().isoformat(), "inputs": inputs}
    for name, section in SECTIONS.items():
        if name not in told:
            told[name] = section(workshop)
            write_atomically(path, json.dumps(told, indent=1))
    device = figures.device_name(workshop.options.device)
    told.setdefault("speed", {})
    if device not in told["speed"]:
        told["speed"][device] = figures.speed(workshop.trial, workshop.folder, photograph())
    write_atomically(path, json.dumps(told, indent=1))
    return told


def about(workshop: Workshop) -> dict[str, Any]:
    """What the model is: its size, digest, words, media, and the record of its training."""
    model, record = workshop.contenders[EMBER], workshop.folder / RECORD
    weights, expert = list(workshop.folder.rglob("*.safetensors")), getattr(model, "expert", None)
    return {
        "parameters": _parameters(getattr(model, "network")),  # noqa: B009 - an Ember
        "expert": _parameters(expert.network) if expert else 0,
        "bytes": sum(file.stat().st_size for file in weights),
        "words": len(getattr(model, "words", ())),
        "media": list(getattr(model, "media", ())),
        "training": json.loads(record.read_text(encoding="utf-8")) if record.is_file() else None,
    }


def _parameters(network: Any) -> int:
    return sum(weight.numel() for weight in network.parameters())


def corpus(workshop: Workshop) -> dict[str, Any]:
    """What lies in the corpus folder: how many pictures of each kind, by source and licence; what the archive has too.

    The archive may hold some of the held-out photographs themselves, which flatters it.
    """
    pictures, held = workshop.corpus, clouds.squares(workshop.corpus.held)
    return {
        "whole held out": len(held),
        "of which the archive holds": clouds.shared(held, workshop.archived),
        "taught": {kind: len(shelf) for kind, shelf in sorted(pictures.taught.items())},
        "held out": {kind: len(shelf) for kind, shelf in sorted(pictures.held.items())},
        "sources": dict(sorted(pictures.sources.items())),
    }


def denoising(workshop: Workshop) -> dict[str, Any]:
    """Single guesses by noise level."""
    return figures.denoising(workshop.trial, workshop.wiener, workshop.track)


def among(workshop: Workshop) -> dict[str, Any]:
    """Distances to held-out pictures, and copies."""
    return {"features": features.NAME, "about": features.ABOUT, **clouds.measure(workshop.trial, workshop.track)}


def media(workshop: Workshop) -> dict[str, Any]:
    """Every medium undone, with a sheet for each."""
    origins = batch_of(workshop.shown, workshop.options.device)
    rows = [
        {"medium": medium, "temperature": temperature, **figures.fidelity(found, origins)}
        for medium in workshop.track(list(MEDIA), "Restoring every medium")
        for temperature, found in _medium(workshop, medium, origins)
    ]
    return {"rows": rows, "pictures": len(origins), "steps": workshop.sizes.steps}


def _medium(workshop: Workshop, medium: str, origins: Image) -> Iterator[tuple[float, dict[str, Image]]]:
    """The batches of one medium by temperature; at the end, its sheet."""
    rows = [Row(workshop.shown, "origin")]
    for temperature in TEMPERATURES:
        found = figures.undone(workshop.trial, medium, temperature, origins)
        yield temperature, found
        if medium == "gaussian":
            found |= _beside(workshop, temperature, origins)
        for number, (name, batch) in enumerate(found.items()):
            label = f"T = {temperature:g}\n{name}" if number == 0 else name
            rows.append(Row(as_pixels(batch), label, apart=number == 0))
    note = f"{len(origins)} held-out photographs, burnt by {medium} and restored in {workshop.sizes.steps} steps."
    workshop.keep(medium, medium, note, rows)


def _beside(workshop: Workshop, temperature: float, origins: Image) -> dict[str, Image]:
    """What the others make of the very same ashes."""
    burnt = burnt_by("gaussian", temperature, origins, 0)
    rivals = {name: rival for name, rival in workshop.contenders.items() if name != EMBER}
    return {name: restored(rival, burnt, workshop.sizes.steps, 0) for name, rival in rivals.items()}


def samples(workshop: Workshop) -> dict[str, Any]:
    """Pictures from noise by caption, and the training pictures most like them."""
    model, sizes = workshop.contenders[EMBER], workshop.sizes
    captions = _captions(getattr(model, "words", ()))
    made = list(workshop.track(list(enumerate(captions)), "Painting by caption"))
    pictures = [asked(model, caption, sizes, workshop.options.device, serial) for serial, caption in made]
    said = captions if any(captions) else []
    rows = [Row(pictures[at : at + 8], captions=said[at : at + 8]) for at in range(0, len(pictures), 8)]
    note = f"{len(pictures)} samples in {sizes.pure_steps} steps at guidance {sizes.guidance:g}, none chosen."
    workshop.keep("samples", "From nothing but noise", note, rows)
    _suspects(workshop, pictures)
    return {"captions": captions, "steps": sizes.pure_steps, "guidance": sizes.guidance}


def _suspects(workshop: Workshop, pictures: list[Pixels]) -> None:
    """The samples most like a training picture above the picture they are like."""
    pairs = clouds.nearest(workshop.trial, pictures)[: workshop.sizes.shown]
    rows = [
        Row([sample for sample, _, _ in pairs], "sample"),
        Row([taught for _, taught, _ in pairs], "nearest\ntaught", [f"{apart:.1f} apart" for *_, apart in pairs]),
    ]
    note = "The samples most like a training picture, and that picture. Apart by the features of the card."
    workshop.keep("nearest", "Copied?", note, rows)


def loop(workshop: Workshop) -> dict[str, Any]:
    """The loop from a photograph, judged for every contender, shown for ember."""
    tasks = [(name, temperature) for name in workshop.contenders for temperature in looping.TEMPERATURES]
    told: list[dict[str, Any]] = []
    rows: list[Row] = []
    for name, temperature in workshop.track(tasks, "Going round"):
        origin = photograph().to(workshop.options.device)
        made = looping.go_round(workshop.contenders[name], origin, temperature, workshop.sizes.turns, 2)
        told.append({"who": name, "temperature": temperature, **looping.judge(made)})
        if name == EMBER:
            rows += _strip(made, temperature)
    note = f"{workshop.sizes.turns} generations from one photograph: burnt, restored in two steps, burnt again."
    workshop.keep("loop", "In the loop", note, rows)
    return {"rows": told, "origin": PHOTOGRAPH, "turns": workshop.sizes.turns}


def _strip(made: looping.Round, temperature: float) -> list[Row]:
    """Twelve of the generations in two rows, with what they remember."""
    last = len(made.pictures) - 1
    chosen = sorted({round(last * share**1.7) for share in (index / (FRAMES - 1) for index in range(FRAMES))})
    captions = [f"{at}: {made.memory[at]:+.2f}" for at in chosen]
    half = -(-len(chosen) // 2)
    parts = [(chosen[:half], captions[:half]), (chosen[half:], captions[half:])]
    labels = (f"T = {temperature:g}\nmemory", "")
    return [
        Row([made.pictures[at] for at in places], label, said, apart=label != "")
        for (places, said), label in zip(parts, labels, strict=True)
    ]


SECTIONS: Mapping[str, Section] = {
    "model": about,
    "corpus": corpus,
    "denoising": denoising,
    "clouds": among,
    "media": media,
    "samples": samples,
    "loop": loop,
}


def photograph() -> Image:
    """The photograph that the loop begins from, 1 x 3 x 256 x 256."""
    return images.to_tensor(images.load(share("assets") / "origins" / PHOTOGRAPH, SIDE, SIDE))


def _captions(words: Sequence[str]) -> list[str]:
    """64 words to ask for, as far as ember knows so many; where it knows none, it is asked for nothing 64 times."""
    if not words:
        return [""] * SAMPLES
    known = [word for word in CAPTIONS.split() if word in words]
    return [*known, *(word for word in words if word not in known)][:SAMPLES]


def _inputs(workshop: Workshop) -> dict[str, Any]:
    """What the figures depend on."""
    digests = {name: contender.digest for name, contender in workshop.contenders.items()}
    return {**digests, "corpus": workshop.corpus.digest, "sizes": dataclasses.asdict(workshop.sizes)}


def _begun(path: Path, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that are there already, if they are of the same model, corpus and sizes."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return dict(told) if told["format"] == FORMAT and told["inputs"] == inputs else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@contextlib.contextmanager
def _tracking(console: Console | None) -> Iterator[Track[Any]]:
    """A progress bar for each pass over something."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        yield lambda items, words: progress.track(items, description=words)
