"""How our sheets and pages of a collapse look: one width, one type, one table, drawn with Pillow and said in HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PIL import ImageFont

from installation.collapse.chart import FAINT, GROUND, INK, LIVE, Box

if TYPE_CHECKING:
    from PIL import ImageDraw

    from installation.collapse.chart import Ink

WIDTH, MARGIN, GAP = 1600, 64, 32  # pixels
HEAD, PANEL = 120, 300  # pixels: title above, height of a panel
COLUMNS = 2  # of panels
TITLE, PROSE, LEADING = 40, 17, 24  # pixels
ZOOM = 2  # drawn twice as large, then made smaller

STYLE = f"""body {{ background: rgb{GROUND}; color: rgb{INK}; font: 17px/1.5 Georgia, serif; max-width: 100rem;
  margin: 4rem auto; padding: 0 4vw }}
p, th, figcaption {{ color: rgb{FAINT}; font-weight: normal }}
h2 {{ color: rgb{LIVE[0]}; font-size: 1rem; font-weight: normal }}
.said, .drawn {{ display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)) }}
.drawn {{ grid-template-columns: repeat(auto-fit, minmax(30rem, 1fr)) }}
table {{ border-collapse: collapse; margin-top: 3rem; display: block; overflow-x: auto }}
td, th {{ padding: .2rem .8rem; text-align: right }} th:first-child {{ text-align: left }}
svg, img {{ width: 100%; font-family: sans-serif }} img {{ display: block }}"""


def cell(place: int, top: int) -> Box:
    """Where the panel of this place stands below ``top``, in two columns."""
    row, across = divmod(place, COLUMNS)
    wide = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    return Box(MARGIN + across * (wide + GAP), top + row * (PANEL + GAP), wide, PANEL)


def inscribe(pen: ImageDraw.ImageDraw, at: tuple[int, int], said: str, size: int, ink: Ink) -> None:
    """Words on a sheet that is drawn ``ZOOM`` times as large; ``at`` and ``size`` in pixels of the finished one."""
    pen.text((at[0] * ZOOM, at[1] * ZOOM), said, ink, ImageFont.load_default(size * ZOOM))


def write_lines(pen: ImageDraw.ImageDraw, at: tuple[int, int], lines: Sequence[str], ink: Ink) -> None:
    """Lines of prose, one below the other."""
    for number, line in enumerate(lines):
        inscribe(pen, (at[0], at[1] + number * LEADING), line, PROSE, ink)


def wrapped(said: str, width: int, size: int = PROSE) -> list[str]:
    """Lines of at most ``width`` pixels, broken at spaces and, as a stammer may have none, after dashes."""
    font, lines = ImageFont.load_default(size), [""]
    for piece in re.split(r"(?<=--)|(?<= )", said.replace("—", "--")):  # Pillow's typeface has no dash
        if lines[-1] and font.getlength(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def row(tag: str, cells: Sequence[str]) -> str:
    """A row of a table in HTML, its first cell a heading."""
    rest = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells[1:])
    return f"<tr><th>{escape(cells[0])}</th>{rest}</tr>"
