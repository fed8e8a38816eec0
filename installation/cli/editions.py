"""Numbered editions: so many unique variants of a scene, made here one after the other or spread over a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from installation import melting
from installation.cli.playing import find_scene
from installation.cli.voice import Config, State, given, group, progress_bar, say
from installation.machine import settings as settings_

if TYPE_CHECKING:
    from rich.progress import Progress

    from installation.cluster.spread import News
    from installation.machine.settings import Settings
    from installation.publishing.portfolio import Outcome, Portfolio
    from installation.restorers import Restorer

app = group("Make numbered editions.")


@app.command()
def edition(
    scene: Annotated[str, typer.Argument(help="A scene by its name, or a scene's file.")],
    *,
    count: Annotated[int, typer.Option(help="How many variants.")] = 10,
    seed: Annotated[int | None, typer.Option(help="What they are drawn with; default: the scene's own.")] = None,
    form: Annotated[
        str, typer.Option(metavar="NAME[,NAME]", help="What to make of each; see burntout publish --help.")
    ] = "h264,contact-sheet",
    generations: Annotated[int | None, typer.Option(help="Of each; default: the scene's longest score, once.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Instead: how long each is.")] = None,
    size: Annotated[int | None, typer.Option(metavar="PIXELS", help="Pixels a side: a multiple of 64.")] = None,
    height: Annotated[int | None, typer.Option(help="Of films, in pixels; default: 1080.")] = None,
    rate: Annotated[int, typer.Option(help="Of films, in pictures a second.")] = 30,
    ray: Annotated[
        str | None, typer.Option(metavar="local|HOST:PORT", help="Spread them over a Ray cluster, or over all cores.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The edition's folder; default: below the state.")] = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Make an edition: numbered variants of a scene, no two alike, each a take with its films, page and certificate.

    They differ in their seeds, and within the ranges that the scene declares under [edition]. After an interruption the
    same command goes on where it was. For example: burntout edition hearth --count 100 --seed 7 --form h264,stills
    """
    from installation.publishing import Wishes, certificate, chosen
    from installation.publishing import portfolio as portfolios
    from installation.publishing.numbered import asked, loaded
    from installation.publishing.performing import Length
    from installation.publishing.rehearsal import SEED

    settings = settings_.load(config, given(state=state))
    found = find_scene(scene, settings.state / melting.NAME)
    drawn_with = next(each for each in (seed, found.seed, SEED) if each is not None)
    wanted = asked(
        found, count, drawn_with,
        length=Length(generations, seconds) if generations is not None or seconds is not None else None,
        size=size,
        forms=tuple(each.name for each in chosen(form.split(","))),
        wishes=Wishes(height=height, rate=rate),
        settings=settings,
        now=datetime.now(UTC),
    )  # fmt: skip
    folder = out or settings.state / portfolios.FOLDER / wanted.name
    here = replace(wanted.restorer, device="cpu") if ray else wanted.restorer  # the cards may all be elsewhere
    restorer = loaded(here)
    standing = certificate.standing(settings.state), settings.catalogue
    with portfolios.opened(folder, wanted, restorer.digest, *standing) as portfolio, progress_bar() as progress:
        making = _Making(portfolio, settings, progress)
        failed = making.fill(making.over(ray) if ray and portfolio.missing() else making.here(restorer))
        index = making.pages()
    say(f"{count - failed} of {count} variants are in {folder}; their pages begin with {index}.")
    if failed:
        say("The same command tries again what is missing.")
        raise typer.Exit(1)


class _Making:
    """An edition on its way, and what is said of it. ``done`` counts the variants that are there."""

    def __init__(self, portfolio: Portfolio, settings: Settings, progress: Progress) -> None:
        self._portfolio, self._settings, self._progress = portfolio, settings, progress
        self._count = len(portfolio.variants)
        self._done = self._count - len(portfolio.missing())
        self._task = progress.add_task("", total=self._count)
        self._look()

    def here(self, restorer: Restorer) -> Iterator[Outcome]:
        """One variant after the other, on this machine."""
        from installation.publishing.portfolio import in_order

        return in_order(self._portfolio, restorer, lambda _, share: self._look(share))

    def over(self, ray: str) -> Iterator[Outcome]:
        """As many at once as a cluster has room for."""
        from installation.cluster.editions import spread_out
        from installation.cluster.reach import reached

        with reached(ray) as reach:
            yield from spread_out(self._portfolio, reach, self._settings, self._hear)

    def fill(self, outcomes: Iterator[Outcome]) -> int:
        """Make what is missing; how many could not be made."""
        failed = 0
        for outcome in outcomes:
            failed, self._done = failed + bool(outcome.failure), self._done + (not outcome.failure)
            if outcome.failure:
                self._warn(f"{self._portfolio.edition.title(outcome.variant)}: {outcome.failure}")
            for sentence in outcome.unsigned:
                self._warn(sentence)
            self._look()
        return failed

    def pages(self) -> Path:
        """The website of all that is there; where it begins."""
        task = self._progress.add_task("Pages", total=1.0)
        return self._portfolio.site(lambda _, share: self._progress.update(task, completed=share))

    def _look(self, share: float = 0.0) -> None:
        words = f"{self._done} of {self._count} variants"
        self._progress.update(self._task, completed=self._done + share, description=words)

    def _hear(self, news: News) -> None:
        """What a cluster has to tell besides what is done."""
        match news.kind:
            case "joined":
                self._warn(f"{news.node} works with us.")
            case "gone":
                self._warn(f"{news.node} is gone; others do what it had begun.")
            case "again":
                self._warn(f"{news.job} is made again elsewhere: {news.sentence}")
            case "left out":
                self._warn(news.sentence)

    def _warn(self, sentence: str) -> None:
        self._progress.console.print(Text(sentence, "yellow"), soft_wrap=True)
