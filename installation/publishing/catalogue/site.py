"""The website: an index, a page for every take, a feed and a book to print, in a folder that any server can serve.

It needs no server either: opened from the folder every link works, and nothing on the pages is a script.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation.machine.files import share, write_atomically
from installation.publishing.catalogue import book, feed, pages
from installation.publishing.catalogue.leaf import gathered
from installation.publishing.whole import whole

if TYPE_CHECKING:
    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.leaf import Leaf
    from installation.recording.takes import Take

FOLDER = "site"  # below the state, where nobody says another
FONTS = ("IBMPlexSans-Text.woff", "OFL.txt")
BOOK = "catalogue.pdf"

Telling = Callable[[str, float], None]


def site(shown: Sequence[Take], folder: Path, imprint: CatalogueSettings, tell: Telling) -> Path:
    """Make or renew the website of these takes; returns its index.

    Films and stills are made once and kept, pages are written anew each time. What is not ours in the folder stays.
    ``tell`` hears what is being made and its share, 0 to 1. Raises ``PublishError`` for a disk that refuses.
    """
    newest_first = sorted(shown, key=lambda take: take.started, reverse=True)
    leaves = [gathered(take, folder / "takes", functools.partial(tell, take.name)) for take in newest_first]
    _set(leaves, folder, imprint)
    tell(BOOK, 0.0)
    book.book(leaves, folder / "takes", folder / BOOK, imprint)
    tell(BOOK, 1.0)
    return folder / "index.html"


def _set(leaves: Sequence[Leaf], folder: Path, imprint: CatalogueSettings) -> None:
    """Everything that is text; the index last, when all it links to is there."""
    for name in FONTS:
        with whole(folder / "fonts" / name) as beside:
            shutil.copyfile(share("assets") / "fonts" / name, beside)
    write_atomically(folder / pages.STYLE, pages.style())
    for leaf in leaves:
        write_atomically(folder / "takes" / f"{leaf.name}.html", pages.leaf(leaf, imprint))
    write_atomically(folder / "feed.xml", feed.feed(leaves, imprint))
    write_atomically(folder / "index.html", pages.index(leaves, imprint))
