"""Typesetting: how our PDFs are set, by fpdf2. A4, one typeface, warm ink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from installation import __version__
from installation.machine.files import share

if TYPE_CHECKING:
    from fpdf import FPDF

    from installation.machine.settings import CatalogueSettings

MARGIN = 20.0  # mm
TEXT, SMALL = 9.5, 7.5  # points
INK, FAINT = (29, 26, 23), (106, 100, 91)
FONT = "IBMPlexSans-Text.woff"


def blank(imprint: CatalogueSettings) -> FPDF:
    """A document without a page yet, in the name of whoever publishes."""
    from fpdf import FPDF

    paper = FPDF(format="A4")
    paper.set_margin(MARGIN)
    paper.c_margin = 0.0  # words begin where pictures do
    paper.set_auto_page_break(True, MARGIN)  # noqa: FBT003 - fpdf2's own signature
    paper.add_font("plex", fname=share("assets") / "fonts" / FONT)
    paper.set_title(imprint.title)
    paper.set_author(imprint.artist or imprint.title)
    paper.set_creator(f"Burntout {__version__}")
    paper.set_lang("en")
    return paper


def table(paper: FPDF, rows: Sequence[tuple[str, str]], names: float = 34.0) -> None:
    """Names, in a column ``names`` mm wide, and words beside them, on as many pages as it takes."""
    paper.ln(3)
    for name, words in rows:
        make_room(paper, 6)
        paper.set_font("plex", size=TEXT)
        paper.set_text_color(*FAINT)
        paper.cell(names, 5, name)
        paper.set_text_color(*INK)
        paper.multi_cell(0, 5, words, align="L", new_x="LMARGIN", new_y="NEXT")


def make_room(paper: FPDF, tall: float) -> None:
    """A new page where less than so many mm are left; what is taller than a page begins where it is."""
    if paper.get_y() + tall > paper.h - MARGIN and paper.get_y() > 2 * MARGIN:
        paper.add_page()


def say(paper: FPDF, words: str, size: float, ink: tuple[int, int, int] = INK) -> None:
    """A paragraph."""
    if words:
        paper.set_font("plex", size=size)
        paper.set_text_color(*ink)
        paper.multi_cell(0, size * 0.5, words, align="L", new_x="LMARGIN", new_y="NEXT")


def note(paper: FPDF, left: float, base: float, words: str, ink: tuple[int, int, int] = FAINT) -> None:
    """Words on their base line."""
    paper.set_font("plex", size=SMALL)
    paper.set_text_color(*ink)
    paper.text(left, base, words)
