"""The register of forms: what an edition can be, one file each, and whether this machine can make it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from installation.knobs import nearest
from installation.publishing.whole import PublishError

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take

FASTEST, SLOWEST = 120, 1  # pictures a second
STILLS = ("generations", "ticks")
LOOKS = ("pictures", "wall")
TALLEST = 8640  # pixels: a quarter of the wall of a planetarium; above it encoders refuse one after the other


@dataclasses.dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants of an edition beside its forms. None leaves the choice to the form.

    ``height`` in pixels, ``rate`` in pictures a second, ``title`` and ``loop`` in seconds; ``audio`` is a WAV or FLAC
    file, ``generation`` the serial of the picture to print, ``paper`` A3 to A0, ``stills`` what a sequence has,
    ``look`` whether films have the loop's pictures or what the wall showed of them.
    """

    height: int | None = None
    rate: int = 30
    title: float = 0.0
    audio: Path | None = None
    loop: float = 12.0
    generation: int | None = None
    paper: str = "A3"
    stills: str = "generations"
    look: str = "pictures"

    def __post_init__(self) -> None:
        """Raises ``PublishError`` for what no form could do."""
        if not SLOWEST <= self.rate <= FASTEST:
            raise PublishError(f"{self.rate} pictures a second? Choose --rate from {SLOWEST} to {FASTEST}.")
        if self.height is not None and not 2 <= self.height <= TALLEST:  # noqa: PLR2004 - half-size colour of one pixel
            raise PublishError(f"{self.height} pixels high? Choose --height from 2 to {TALLEST}.")
        if not 0.0 <= self.title <= 60.0:  # noqa: PLR2004 - a minute of reading
            raise PublishError(f"{self.title:g} seconds of title? Choose --title-card from 0 to 60 seconds.")
        if not 1.0 <= self.loop <= 600.0:  # noqa: PLR2004 - ten minutes: nobody sees it close
            raise PublishError(f"A loop of {self.loop:g} seconds? Choose --loop from 1 second to 10 minutes.")
        if self.stills not in STILLS:
            raise PublishError(f"Stills of {self.stills!r}? Choose --stills {' or '.join(STILLS)}.")
        if self.look not in LOOKS:
            raise PublishError(f"Films of {self.look!r}? Choose --look {' or '.join(LOOKS)}.")


Make = Callable[["Take", Path, Wishes, "Progress"], object]


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """Something a take can be published as.

    ``make`` writes it to a path, whole or not at all. ``ending`` follows the take's name: its suffix, or the end of a
    folder's name. ``encoders`` are FFmpeg's, without which it cannot be made.
    """

    name: str
    doc: str
    ending: str
    make: Make
    encoders: tuple[str, ...] = ()

    def place(self, take: Take, out: Path) -> Path:
        """Where it goes: in ``out``, under the take's own name, wherever that take was named from."""
        return out / f"{take.folder.resolve().name}{self.ending}"

    def lack(self) -> str | None:
        """Why this machine cannot make it, in a sentence; None when it can."""
        import av

        missing = [name for name in self.encoders if not _has(name)]
        if not missing:
            return None
        return f"{self.name} needs {', '.join(missing)}, which the FFmpeg of av {av.__version__} here lacks."


FORMS: dict[str, Form] = {}
DEFAULT = ("h264", "contact-sheet")
#: What people say, and which form they mean by it.
SPOKEN = {"film": "h264", "stills": "png", "sheet": "contact-sheet"}


def form(name: str, ending: str, *encoders: str) -> Callable[[Make], Make]:
    """File a form under its name; its docstring's first line says what it is. Raises ``ValueError`` for a taken one."""

    def file(make: Make) -> Make:
        if name in FORMS:
            raise ValueError(f"Two forms are called {name}.")
        doc = (make.__doc__ or "").strip().splitlines()[0]
        FORMS[name] = Form(name, doc, ending, make, encoders)
        return make

    return file


def chosen(names: Iterable[str]) -> list[Form]:
    """The forms of these names, in this order, each once; an everyday word stands for the most usual form.

    Raises ``PublishError`` for a name that is none, and for a form that cannot be made here: before anything is made.
    """
    meant = (SPOKEN.get(name.strip(), name.strip()) for name in names)
    found = [_named(name) for name in dict.fromkeys(meant)]
    if lacks := [lack for each in found if (lack := each.lack())]:
        raise PublishError(" ".join(lacks) + " Leave it out, or install the av wheel from PyPI.")
    return found


def _named(name: str) -> Form:
    if name not in FORMS:
        hint = nearest(name, [*FORMS, *SPOKEN])
        raise PublishError(f"No form is called {name!r}.{hint} There are: {', '.join(FORMS)}.")
    return FORMS[name]


def _has(encoder: str) -> bool:
    from av.codec.codec import Codec, UnknownCodecError

    try:
        Codec(encoder, "w")
    except UnknownCodecError:
        return False
    return True
