"""The website: an index, a page for every take, a feed and a book to print, in a folder that any server can serve.

It needs no server either: opened from the folder every link works, and nothing on the pages is a script.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation import __version__
from installation.machine.files import share, write_atomically
from installation.publishing.catalogue import book, feed, lineages, pages
from installation.publishing.catalogue.leaf import NOTE, gathered, safe
from installation.publishing.whole import PublishError, whole

if TYPE_CHECKING:
    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.leaf import Leaf
    from installation.publishing.catalogue.lineages import Descent
    from installation.recording.takes import Take

FOLDER = "site"  # below the state, where nobody says another
FONTS = ("IBMPlexSans-Text.woff", "OFL.txt")
BOOK = "catalogue.pdf"

Telling = Callable[[str, float], None]


def site(shown: Sequence[Take], folder: Path, imprint: CatalogueSettings, tell: Telling) -> Path:
    """Make or renew the website of these takes; returns its index.

    What was made of a take is used again, and so is the book when nothing in it has changed. The page of a take whose
    folder is gone goes too; what is not ours stays. ``tell`` hears what is being made and its share, 0 to 1. Raises
    ``PublishError`` for a disk that refuses, and where there is no take any more but pages of some.
    """
    media = folder / "takes"
    if not shown and any(media.glob(f"*/{NOTE}")):
        raise PublishError(
            f"There is no take at all, but {folder} has pages of some; nothing was changed. Is the takes' disk missing?"
            " To begin anew, delete that folder."
        )
    newest_first = sorted(shown, key=lambda take: take.started, reverse=True)
    leaves = [gathered(take, media, functools.partial(tell, take.name)) for take in newest_first]
    descents = lineages.descents(leaves)
    _set(leaves, folder, imprint, descents)
    _forget(media, shown)
    tell(BOOK, 0.0)
    _bind(leaves, folder, imprint, descents)
    tell(BOOK, 1.0)
    return folder / "index.html"


def _set(leaves: Sequence[Leaf], folder: Path, imprint: CatalogueSettings, descents: Sequence[Descent]) -> None:
    """Everything that is text; the index last, when all it links to is there."""
    for name in FONTS:
        with whole(folder / "fonts" / name) as beside:
            shutil.copyfile(share("assets") / "fonts" / name, beside)
    write_atomically(folder / pages.STYLE, pages.style())
    kin = lineages.kinship(descents)
    for leaf in leaves:
        write_atomically(folder / "takes" / f"{leaf.name}.html", pages.leaf(leaf, imprint, kin.get(leaf.name)))
    write_atomically(folder / "feed.xml", feed.feed(leaves, imprint))
    write_atomically(folder / "index.html", pages.index(leaves, imprint, descents[: lineages.MOST]))


def _forget(media: Path, shown: Sequence[Take]) -> None:
    """Remove page, film and stills of every take whose folder is gone; a take that cannot be read is not gone."""
    with contextlib.suppress(OSError):  # what cannot be looked at or will not go stays until the next time
        places = {take.folder.parent for take in shown}
        known = {safe(folder.name) for place in places for folder in place.iterdir()}
        for note in media.glob(f"*/{NOTE}"):
            if note.parent.name not in known:
                (media / f"{note.parent.name}.html").unlink(missing_ok=True)
                shutil.rmtree(note.parent)


def _bind(leaves: Sequence[Leaf], folder: Path, imprint: CatalogueSettings, descents: Sequence[Descent]) -> None:
    """The book, unless it says all this already: a hundred takes are minutes of work."""
    told = [(leaf.name, leaf.title, leaf.of, leaf.scene) for leaf in leaves]
    said = repr((__version__, imprint, told, descents))
    digest, note = hashlib.sha256(said.encode(errors="replace")).hexdigest(), folder / f"{BOOK}.sha256"
    if not (folder / BOOK).is_file() or not note.is_file() or note.read_text(encoding="utf-8") != digest:
        book.book(leaves, folder / "takes", folder / BOOK, imprint, descents)
        write_atomically(note, digest)
