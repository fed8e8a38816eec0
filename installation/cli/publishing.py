"""What leaves the room: takes, publish (an edition, the catalogue), restage, strip."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from installation.cli.voice import (
    Config,
    State,
    console,
    find_take,
    given,
    group,
    progress_bar,
    say,
    temperatures,
)
from installation.machine import settings as settings_
from installation.machine.files import StorageError, alone, share
from installation.restorers.shelf import NAMES

app = group("Publish the piece.")


@app.command("takes")
def list_takes(
    what: Annotated[str, typer.Argument(metavar="[keep]", help="keep: first make takes of what the ring holds.")] = "",
    state: State = None,
    config: Config = None,
) -> None:
    """List the takes that were recorded."""
    from installation.recording import takes

    settings = settings_.load(config, given(state=state))
    if what == "keep":
        _keep(settings.state)
    elif what:
        raise typer.BadParameter(f"{what!r} is nothing one can do with takes; there is keep.")
    table = Table("take", "scene", "frames", "MB", "status", box=None)
    for take in takes.all_takes(settings.state):
        size = f"{take.total_bytes / 1e6:.1f}"
        table.add_row(take.name, take.scene, str(take.frames), size, take.status)
    if table.row_count:
        console.print(table)
    else:
        say(f"No takes in {settings.state}. Record one: burntout run --record")


def _keep(state: Path) -> None:
    """Make takes of what the ring held when the piece last ended. Raises ``StorageError`` while it plays."""
    from installation.recording import desk, takes
    from installation.recording.keeping import Keeping

    try:
        with alone(state):
            keeping = Keeping()
            keeping.ask(state / desk.RING, state / takes.FOLDER, 0.0)
            keeping.look(math.inf)
    except StorageError as refusal:
        raise StorageError(f"{refusal} While it plays: burntout send /record/keep") from None


@app.command()
def published(
    take: Annotated[str, typer.Argument(help="A take's name, its folder, or 'last'.")] = "last",
    delete: Annotated[str | None, typer.Option(metavar="FILE", help="Delete this one, after asking.")] = None,
    state: State = None,
    config: Config = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """List what was published of a take, beside it; the take stays whatever is deleted of that.

    For example: burntout published last --delete 2026-11-23T20-00-00-hearth-prores.mov
    """
    from installation.console import shelf

    found = find_take(take, settings_.load(config, given(state=state)))
    known = {each.file: each for each in shelf.editions(found)}
    if delete:
        sent = known[delete].sent if delete in known else delete  # what is not there is refused by name
        shelf.edition(found, sent)
        if not yes:
            typer.confirm(f"Delete {delete} for good?", abort=True)
        shelf.withdraw(found, sent)
        say(f"Deleted: {delete}.")
        return
    table = Table("form", "file", "MB", box=None)
    for each in known.values():
        table.add_row(each.form, Text(each.file), f"{each.total_bytes / 1e6:.1f}")
    if known:
        console.print(table)
    else:
        say(f"Nothing of {found.name} was published beside it. Publish it: burntout publish {found.name}")


class Press(TyperGroup):
    """What ``publish`` can do. Without the name of one of them it is an edition: ``publish last --form gif``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # typer keeps these types to itself
        """Put the word in that was left out."""
        return list(super().parse_args(ctx, args if args[:1] and args[0] in self.commands else ["edition", *args]))


class WithForms(TyperCommand):
    """A command whose help lists every form of an edition, which this machine cannot make, and what else there is."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # typer keeps these types to itself
        """Write the list. Asked only for help: it looks into FFmpeg, which is slow to load."""
        from installation.publishing import FORMS

        with formatter.section("Forms"):
            listed = sorted(FORMS.values(), key=lambda form: form.doc)  # by their first word: films, loops, prints
            formatter.write_dl([(form.name, " ".join(filter(None, (form.doc, form.lack())))) for form in listed])
        with formatter.section("Besides"):
            others = {name: each for name, each in ctx.parent.command.commands.items() if name != ctx.info_name}
            formatter.write_dl(
                [(f"publish {name}", each.get_short_help_str(limit=120)) for name, each in others.items()]
            )
        super().format_epilog(ctx, formatter)


press = typer.Typer(cls=Press, rich_markup_mode=None, pretty_exceptions_enable=False, help="Publish the piece.")
app.add_typer(press, name="publish")


@press.command("edition", cls=WithForms)
def publish(
    take: Annotated[str, typer.Argument(help="A take's name, its folder, or 'last'.")] = "last",
    out: Annotated[Path | None, typer.Option(help="Folder to publish into; default: the take's own.")] = None,
    *,
    form: Annotated[
        str, typer.Option(metavar="NAME[,NAME]", help="What to make; the forms are listed below, 'all' is every one.")
    ] = "h264,contact-sheet",
    height: Annotated[int | None, typer.Option(help="Of films, in pixels; default: 1080, of ffv1 the take's.")] = None,
    rate: Annotated[int, typer.Option(help="Of films, in pictures a second.")] = 30,
    title_card: Annotated[float, typer.Option(metavar="SECONDS", help="Begin films with a title card.")] = 0.0,
    audio: Annotated[
        Path | None, typer.Option(dir_okay=False, help="WAV or FLAC to lay under films, repeated or cut to length.")
    ] = None,
    loop: Annotated[float, typer.Option(metavar="SECONDS", help="About how long a loop is.")] = 12.0,
    generation: Annotated[int | None, typer.Option(help="Which to print; default: the last.")] = None,
    paper: Annotated[str, typer.Option(metavar="A3|A2|A1|A0", help="What to print on.")] = "A3",
    stills: Annotated[
        str, typer.Option(metavar="generations|ticks", help="What a sequence of stills has.")
    ] = "generations",
    look: Annotated[
        str, typer.Option(metavar="pictures|wall", help="What films have: the pictures, or what the wall showed.")
    ] = "pictures",
    state: State = None,
    config: Config = None,
) -> None:
    """Make films, loops, stills, prints and sheets of a take: by default a film (MP4) and a contact sheet (PNG).

    For example: burntout publish last --form prores,loop,print --paper A2 --title-card 4 --out edition
    """
    from installation import publishing
    from installation.panels import all_knobs
    from installation.publishing import certificate, provenance

    all_knobs()  # that signs may name: they are declared when their rooms are opened
    wishes = publishing.Wishes(height, rate, title_card, audio, loop, generation, paper, stills, look)
    forms = publishing.chosen(publishing.FORMS if form == "all" else form.split(","))
    settings = settings_.load(config, given(state=state))
    found, credential = find_take(take, settings), certificate.standing(settings.state)
    with progress_bar() as progress:
        for each in forms:
            path = each.place(found, out or found.folder)
            task = progress.add_task(path.name, total=1.0)
            each.make(found, path, wishes, lambda share, task=task: progress.update(task, completed=share))  # type: ignore[misc] # mypy cannot infer it
            attested = provenance.attest(found, path, credential, provenance.only_serial(found, each.name, wishes))
            progress.console.print(Text(str(path)), soft_wrap=True)
            if credential and attested.unsigned:
                progress.console.print(Text(attested.unsigned, "yellow"), soft_wrap=True)


@press.command("site")
def publish_site(
    out: Annotated[Path | None, typer.Option(help="Folder of the website; default: site, in the state.")] = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Make the catalogue: a website of every take with its feed, and the same as a PDF.

    It works from the folder, and from any web server. What stands on its pages is in machine.toml under [catalogue].
    """
    from installation.publishing.catalogue import site
    from installation.recording import takes

    settings = settings_.load(config, given(state=state))
    folder = out or settings.state / site.FOLDER
    with progress_bar() as progress:
        tasks: dict[str, Any] = {}

        def tell(name: str, share: float) -> None:
            task = tasks[name] if name in tasks else tasks.setdefault(name, progress.add_task(name, total=1.0))
            progress.update(task, completed=share)

        index = site.site(takes.all_takes(settings.state), folder, settings.catalogue, tell)
    say(str(index))


@press.command("bag")
def publish_bag(
    take: Annotated[str, typer.Argument(help="A take's name, its folder, or 'last'.")] = "last",
    out: Annotated[Path | None, typer.Option(help="Folder to put the bag into; default: the take's own.")] = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Pack a take for an archive: a BagIt bag with a film, versions, SBOM and a page for conservators."""
    from installation.publishing import archive

    found = find_take(take, settings_.load(config, given(state=state)))
    with progress_bar() as progress:
        task = progress.add_task(f"Packing {found.name}", total=1.0)
        bag = archive.bag(found, out or found.folder, lambda share: progress.update(task, completed=share))
    say(str(bag))


@press.command("certificate")
def publish_certificate(
    name: Annotated[str, typer.Option(help="Who signs: the artist, or the house.")] = "",
    chain: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A certificate you have: PEM, with its chain.")
    ] = None,
    key: Annotated[Path | None, typer.Option(dir_okay=False, help="And its private key, PEM, unlocked.")] = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Lay the certificate that editions are signed with: make one in a name, or take the artist's own.

    For example: burntout publish certificate --name "Ada Lovelace"
    """
    from datetime import UTC, datetime

    from installation.publishing import certificate

    folder = settings_.load(config, given(state=state)).state
    if chain and key:
        certificate.read(chain, key)  # refuse it before anything is laid
        laid = certificate.lay(folder, chain.read_bytes(), key.read_bytes())
    else:
        laid = certificate.make(folder, name, datetime.now(UTC))
    say(f"Editions are signed by {laid.holder} from now on; the key is in {folder / certificate.FOLDER}. Keep a copy.")


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A published file, or the folder of a sequence.")],
    state: State = None,
    config: Config = None,
) -> None:
    """Say who signed an edition, whether it was changed since, from which take it is, and what of that is here."""
    from installation.publishing import verify as verifying

    verdict = verifying.verify(path, settings_.load(config, given(state=state)))
    for sentence in verdict.sentences():
        say(sentence)
    if not verdict.untouched:
        raise typer.Exit(1)


@app.command()
def restage(
    take: Annotated[str, typer.Argument(help="A take's name, its folder, or 'last'.")] = "last",
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep what is rendered as a take of its own.")] = False,
    size: Annotated[int | None, typer.Option(metavar="PIXELS", help="Pixels a side: a multiple of 64.")] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps a generation: 1 to 50.")] = None,
    restorer: Annotated[str | None, typer.Option(metavar="NAME", help=f"Who restores: {', '.join(NAMES)}.")] = None,
    model: Annotated[str | None, typer.Option(metavar="FOLDER", help="With which model, as in a scene.")] = None,
    rate: Annotated[
        int | None, typer.Option(help="Show the burning in so many pictures a second, where 16 stages suffice.")
    ] = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Render a take's generations again from its log, and compare them hash for hash.

    At another size, with other steps, restorer or rate it is a kindred performance: the same score, seeds, knobs and
    messages, kept as a take of its own that says so. A film of it lasts as long. After an interruption the same command
    goes on where it was. For example: burntout restage last --size 512 --steps 8
    """
    from installation.publishing.kinship import AS_IT_WAS, Otherwise, kinship
    from installation.publishing.restage import restage as again
    from installation.publishing.retake import retake

    settings, wanted = settings_.load(config, given(state=state)), Otherwise(size, rate, steps, restorer, model)
    found, made = find_take(take, settings), None
    with progress_bar() as progress:
        task = progress.add_task(f"Restaging {found.name}", total=1.0)

        def tell(share: float) -> None:
            progress.update(task, completed=share)

        if keep or wanted != AS_IT_WAS:
            made, verdict = retake(found, wanted, settings, tell)
        else:
            verdict = again(found, settings.engine, tell)
    say(f"{kinship(made)} It is in {made.folder}." if made else verdict.sentence())
    if not verdict.identical:
        raise typer.Exit(1)


@app.command()
def strip(
    picture: Annotated[
        str, typer.Argument(help="A picture file, or the name of one that came with the program.")
    ] = "astronaut",
    *,
    out: Annotated[Path, typer.Option(help="The .png or .webp to make.", dir_okay=False)] = Path("strip.png"),
    temperatures_: Annotated[
        Any, typer.Option("--temperatures", parser=temperatures, metavar="0.2,0.5,1", help="Which temperatures.")
    ] = "0.2,0.4,0.6,0.8,1",
    calibrated: Annotated[
        bool, typer.Option("--calibrated/--raw", help="Equal harm along a row, or T on each medium's own scale.")
    ] = True,
    restored: Annotated[
        str | None, typer.Option(metavar="ember|archive", help="Show also what this restorer makes of each.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=64, max=1024, help="Pixels a side; default: the show's.")] = None,
    width: Annotated[int | None, typer.Option(min=320, max=16384, help="Pixels across; default: untouched.")] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Draw one picture burnt in every medium at several temperatures, on one sheet.

    For example: burntout strip cat --temperatures 0.3,0.6,0.9 --restored ember --out cat.png
    """
    from installation.burns import calibration
    from installation.publishing import strip as strips
    from installation.restorers import shelf

    settings = settings_.load(config, given(state=state))
    origins = {path.stem: path for path in (share("assets") / "origins").iterdir()}
    burnings = strips.Burnings(
        origins.get(picture, Path(picture)),
        size or settings.engine.size,
        temperatures_,
        calibration.standing(settings.state) if calibrated else None,
        shelf.load(restored, None, settings.engine.models, "cpu") if restored else None,
    )
    with progress_bar() as progress:
        task = progress.add_task("Burning", total=1.0)
        strips.strip(burnings, out, width=width, progress=lambda share: progress.update(task, completed=share))
    say(str(out))
