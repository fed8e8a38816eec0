"""The same catalogue as a book: a PDF for paper, A4, by fpdf2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.catalogue.lineages import HEIGHT, LEVEL, MOST, SIDE, kinship
from installation.publishing.catalogue.tree import WIDTH
from installation.publishing.typesetting import FAINT, INK, MARGIN, SMALL, TEXT, blank, make_room, note, say, table
from installation.publishing.whole import whole

if TYPE_CHECKING:
    from fpdf import FPDF

    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.curves import Curve
    from installation.publishing.catalogue.leaf import Leaf
    from installation.publishing.catalogue.lineages import Descent, Kin, Part
    from installation.publishing.catalogue.tree import Piece, Tree

GAP = 3.0  # mm
TITLE = 24  # points
LINE, EMBER = (200, 194, 184), (176, 74, 18)
ACROSS, CURVES = 4, 3  # stills and curves in a row
PLOT = 16.0  # mm: how high a curve is
LINES = (
    "Each line is one lineage that went on from take to take, as strong as the memory that is left of its origin; "
    "where it is dotted nobody recorded it."
)


def book(
    leaves: Sequence[Leaf], media: Path, path: Path, imprint: CatalogueSettings, descents: Sequence[Descent] = ()
) -> Path:
    """Write the book: a title page, the lineages that several takes hold, then every leaf. It appears when it is whole.

    ``media`` holds their stills. Raises ``PublishError`` for a disk that refuses.
    """
    paper, kin = blank(imprint), kinship(descents)
    _front(paper, leaves, imprint)
    _lineages(paper, descents[:MOST], media)
    for leaf in leaves:
        _leaf(paper, leaf, media / leaf.name, kin.get(leaf.name))
    with whole(path) as beside:
        paper.output(str(beside))
    return path


def _front(paper: FPDF, leaves: Sequence[Leaf], imprint: CatalogueSettings) -> None:
    paper.add_page()
    paper.set_y(paper.h * 0.38)
    say(paper, imprint.title, 2 * TITLE)
    say(paper, imprint.artist, TEXT * 1.4)
    say(paper, imprint.note, TEXT)
    paper.set_y(paper.h - MARGIN - 16)
    span = [f"{leaf.take.started:%d %B %Y}" for leaf in (*leaves[-1:], *leaves[:1])]
    say(paper, " to ".join(dict.fromkeys(span)), SMALL, FAINT)
    say(paper, imprint.licence or "All rights reserved.", SMALL, FAINT)


def _lineages(paper: FPDF, descents: Sequence[Descent], media: Path) -> None:
    """Every lineage as a line from its first generation to its last, with covers of the takes that hold it."""
    if not descents:
        return
    paper.add_page()
    say(paper, "Lineages", TITLE)
    paper.ln(2)
    say(paper, LINES, TEXT, FAINT)
    for descent in descents:
        _descent(paper, descent, media)


def _descent(paper: FPDF, descent: Descent, media: Path) -> None:
    scale = paper.epw / WIDTH
    make_room(paper, HEIGHT * scale + 12)
    paper.ln(6)
    say(paper, f"{descent.origin}, generations {descent.first} to {descent.last}", TEXT)
    top = paper.get_y()

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return paper.l_margin + point[0] * scale, top + point[1] * scale

    for left, right in descent.gaps():
        _dotted(paper, at((left, LEVEL)), at((right, LEVEL)))
    for part, middle in descent.hung():
        for piece in descent.pieces(part):
            _stroke(paper, piece, at)
        if middle is not None:
            _cover(paper, part, media, at((middle - SIDE / 2, LEVEL - SIDE / 2)), SIDE * scale)
    paper.set_y(top + HEIGHT * scale)


def _cover(paper: FPDF, part: Part, media: Path, corner: tuple[float, float], side: float) -> None:
    words = f"{part.title}, {part.started:%d %B %Y}"
    paper.image(media / part.leaf / part.cover, *corner, side, side, keep_aspect_ratio=True, alt_text=words)


def _dotted(paper: FPDF, start: tuple[float, float], end: tuple[float, float]) -> None:
    paper.set_draw_color(*LINE)
    paper.set_dash_pattern(dash=0.4, gap=1.2)
    paper.line(*start, *end)
    paper.set_dash_pattern()


def _leaf(paper: FPDF, leaf: Leaf, media: Path, kin: Kin | None) -> None:
    paper.add_page()
    say(paper, leaf.title, TITLE)
    paper.ln(2)
    for lack in leaf.lacks:
        say(paper, lack, TEXT, EMBER)
    _stills(paper, leaf, media)
    table(paper, [*leaf.facts(), *_kin(kin), *((each.name, each.words) for each in leaf.spending)])
    if leaf.tree:
        _heading(paper, "Lineage", leaf.tree.height * paper.epw / leaf.tree.width)
        _tree(paper, leaf.tree, media)
    if leaf.curves:
        _heading(paper, "Readings", PLOT + 14)
        _rows(paper, leaf.curves, CURVES, PLOT + 13, lambda curve, *at: _plot(paper, curve, *at))
    if leaf.scene:
        _heading(paper, "Scene", 20)
        say(paper, leaf.scene, SMALL)


def _kin(kin: Kin | None) -> list[tuple[str, str]]:
    """The takes from which this one goes on, and those that go on from it."""
    found = (("goes on from", kin.before), ("goes on in", kin.after)) if kin else ()
    return [(name, f"{part.title}, {part.started:%d %B %Y}") for name, parts in found for part in parts]


def _stills(paper: FPDF, leaf: Leaf, media: Path) -> None:
    if not leaf.pictures:
        return
    first = leaf.pictures[0]
    wide = (paper.epw - (ACROSS - 1) * GAP) / ACROSS
    tall = wide * first.height / first.width

    def hang(place: int, left: float, top: float, wide: float) -> None:
        picture = leaf.pictures[place]
        paper.image(media / picture.file, left, top, wide, tall, keep_aspect_ratio=True, alt_text=picture.words)
        note(paper, left, top + tall + 3.2, picture.words)

    _rows(paper, range(len(leaf.pictures)), ACROSS, tall + 6, hang)


def _rows(paper: FPDF, things: Sequence, columns: int, tall: float, hang: Callable[..., None]) -> None:  # type: ignore[type-arg] # of any kind
    """Hang things side by side, ``tall`` mm each, on a new page where a row does not fit."""
    wide = (paper.epw - (columns - 1) * GAP) / columns
    for begin in range(0, len(things), columns):
        make_room(paper, tall)
        top = paper.get_y()
        for column, thing in enumerate(things[begin : begin + columns]):
            hang(thing, paper.l_margin + column * (wide + GAP), top, wide)
        paper.set_y(top + tall)


def _plot(paper: FPDF, curve: Curve, left: float, top: float, wide: float) -> None:
    paper.set_draw_color(*LINE)
    paper.line(left, top + 5 + PLOT, left + wide, top + 5 + PLOT)
    paper.set_draw_color(*INK)
    paper.polyline([(left + x * wide, top + 5 + (1 - y) * PLOT) for x, y in curve.points])
    note(paper, left, top + 3, curve.name, INK)
    standing = ", estimated" if curve.estimated else ""
    words = f"{curve.low:.3g} to {curve.high:.3g}, last {curve.last:.3g} {curve.unit}".rstrip() + standing
    note(paper, left, top + PLOT + 8.5, words)


def _tree(paper: FPDF, tree: Tree, media: Path) -> None:
    scale = paper.epw / tree.width
    make_room(paper, tree.height * scale)
    top = paper.get_y()

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return paper.l_margin + point[0] * scale, top + point[1] * scale

    for limb in tree.limbs:
        for piece in limb.pieces:
            _stroke(paper, piece, at)
        left, base = at(limb.at)
        note(paper, left - paper.get_string_width(limb.words) * limb.is_late, base, limb.words)
    side = 52 * scale
    for hung in tree.pictures:
        left, above = at(hung.at)
        paper.image(media / hung.file, left - side / 2, above - side / 2, side, side, keep_aspect_ratio=True)
    paper.set_y(top + tree.height * scale)


def _stroke(paper: FPDF, piece: Piece, at: Callable[[tuple[float, float]], tuple[float, float]]) -> None:
    """A piece of a branch, on white paper as pale as it is weak."""
    pale = [round(255 - (255 - ink) * piece.strength) for ink in EMBER]
    paper.set_draw_color(*pale)
    paper.set_line_width(0.5)
    paper.line(*at(piece.start), *at(piece.end))
    paper.set_line_width(0.2)


def _heading(paper: FPDF, words: str, needed: float) -> None:
    """A heading with at least ``needed`` mm below it on the same page."""
    make_room(paper, needed + 14)
    paper.ln(6)
    say(paper, words, TEXT, FAINT)
    paper.ln(1)
