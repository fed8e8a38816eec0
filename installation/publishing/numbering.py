"""The certificate of number: which variant this is, of how many, and what its files are to the last bit.

It lies beside them, as JSON for whoever checks it and as a page for whoever hangs the print.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.files import write_atomically
from installation.publishing.provenance import checksums, statement
from installation.publishing.typesetting import FAINT, MARGIN, SMALL, TEXT, blank, note, say, table
from installation.publishing.whole import whole

if TYPE_CHECKING:
    from fpdf import FPDF

    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.leaf import Leaf
    from installation.publishing.certificate import Credential
    from installation.recording.takes import Take

CERTIFICATE, PAGE = "certificate.json", "certificate.pdf"
PICTURE = 96.0  # mm: the side of the picture that stands for all
NUMBER, TITLE = 40, 20  # points
NAMES = 62.0  # mm: as wide as the address of a knob
SIGNED = 70.0  # mm: of the line for a hand


def certify(leaf: Leaf, media: Path, credential: Credential | None, imprint: CatalogueSettings) -> Mapping[str, Any]:
    """Write both beside the files of a numbered take, when these are as they will stay; returns what they say.

    ``media`` has the pictures of its page; ``credential`` is what its films were signed with. Raises ``PublishError``
    and ``StorageError`` for a disk that refuses.
    """
    folder = leaf.take.folder
    files = {name: digest for name, digest in checksums(folder).items() if name not in {CERTIFICATE, PAGE}}
    signed = {"signed_by": credential.holder} if credential else {}
    said = {**statement(leaf.take), **signed, "sha256": files}
    write_atomically(folder / CERTIFICATE, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    with whole(folder / PAGE) as beside:
        _page(leaf, media, said, imprint).output(str(beside))
    return said


def certified(take: Take) -> Mapping[str, str]:
    """The SHA-256 of each file and folder by its name, as the take's certificate has them; nothing without one."""
    try:
        said = json.loads((take.folder / CERTIFICATE).read_bytes())
        return summed(said["sha256"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def summed(files: Mapping[str, str]) -> Mapping[str, str]:
    """The same with one line for a folder: the SHA-256 of what ``sha256sum`` says of the files in it, by name."""
    found: dict[str, str] = {}
    folders: dict[str, list[str]] = {}
    for name, digest in sorted(files.items()):
        folder, slash, inside = name.partition("/")
        if slash:
            folders.setdefault(f"{folder}/", []).append(f"{digest}  {inside}\n")
        else:
            found[name] = digest
    return found | {name: hashlib.sha256("".join(lines).encode()).hexdigest() for name, lines in folders.items()}


def _page(leaf: Leaf, media: Path, said: Mapping[str, Any], imprint: CatalogueSettings) -> FPDF:
    """One page; a hundred files need more."""
    paper = blank(imprint)
    paper.set_title(leaf.title)
    paper.set_creation_date(leaf.take.started)
    paper.add_page()
    if leaf.cover:
        paper.image(media / leaf.cover.file, paper.l_margin, MARGIN, PICTURE, alt_text=leaf.cover.words)
        paper.set_y(MARGIN + PICTURE * leaf.cover.height / leaf.cover.width + 10)
    say(paper, leaf.number, NUMBER)
    _line_for_a_hand(paper)
    paper.ln(3)
    say(paper, leaf.take.title or leaf.take.scene, TITLE)
    say(paper, imprint.artist, TEXT * 1.4, FAINT)
    table(paper, _facts(said), NAMES)
    paper.ln(5)
    for name, digest in summed(said["sha256"]).items():
        say(paper, f"{digest}  {name}", SMALL, FAINT)
    return paper


def _facts(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    drawn = said["edition"]
    known = {
        "edition seed": drawn["seed"],
        "lineage seed": said.get("seed", ""),
        **drawn["knobs"],
        "made with": said["published_with"],
        "films signed by": said.get("signed_by", ""),
    }
    return [(name, words) for name, words in known.items() if words]


def _line_for_a_hand(paper: FPDF) -> None:
    """Where somebody signs on paper: beside the number."""
    base = paper.get_y() - 5
    paper.line(paper.w - MARGIN - SIGNED, base, paper.w - MARGIN, base)
    note(paper, paper.w - MARGIN - SIGNED, base + 4, "signed")
