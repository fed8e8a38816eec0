"""One file of a package made ready to learn from: rasterised, trimmed, cut into squares, encoded as WebP."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Pillow

from installation.errors import Refusal
from installation.images import FORMATS, MOST_PIXELS

if TYPE_CHECKING:
    from installation.training.recipe import Take

QUALITY = 85  # of WebP: no block can be seen at 256 pixels
READABLE = (*FORMATS, "DDS")
DRAWN = (".svg", ".svgz")
GZIP_MAGIC = b"\x1f\x8b"
MOST_SVG = 1_500_000  # bytes; larger drawings take minutes and are photographs in disguise
CUT_INTO_SQUARES = ("photo", "tex", "art")
SLIMMEST = 6.0  # sides' ratio: what is slimmer is a border or a strip of sprites
VISIBLE, SOLID = 8, 250  # alpha: above this something is there; above this nothing shows through
FAINTEST, FULLEST = 0.02, 0.97  # share of visible pixels: below is nothing to see, above is no cut-out
FLATTEST, FLATTEST_DETAIL = 8.0, 18.0  # standard deviation of levels, 0 to 255: of all pixels, and from afar
SCALES = ((1, 0), (2, 192), (4, 256))  # of a photograph's squares: a share of its short side, if so many pixels long
MOST_SQUARES = 6  # of one scale


class PassedOverError(Exception):
    """A picture that is sound but teaches nothing; its message says why in a word."""


class DrawingError(Refusal):
    """A drawing that cannot be turned into pixels here, with what to install."""


def convert(data: bytes, path: str, take: Take, side: int) -> Iterator[tuple[str, bytes]]:
    """WebP files of one picture, its long side at most ``side`` pixels, each with the name of its crop.

    Cut-outs keep their alpha and are trimmed to what can be seen. Photographs, paintings and textures become squares:
    ``sq`` along their long side, and of photographs ``h`` and ``q`` of half and a quarter of their height. Raises
    ``PassedOverError`` for what is too small, too slim, empty or flat, and what Pillow or resvg raise for damage.
    """
    picture = _trimmed(_pixels(data, path, side), take)
    if picture.mode == "RGBA" or take.kind not in CUT_INTO_SQUARES:
        yield "full", _encoded(picture, side)
        return
    for scale, shortest in SCALES if take.kind == "photo" else SCALES[:1]:
        if min(picture.size) // scale >= shortest:
            for number, square in enumerate(_squares(picture, scale)):
                if scale == 1 or _relief(square) >= FLATTEST_DETAIL:
                    yield f"{_named(scale)}{number}", _encoded(square, side)


def _named(scale: int) -> str:
    return {1: "sq", 2: "h", 4: "q"}[scale]


def _pixels(data: bytes, path: str, side: int) -> Pillow.Image:
    """The picture in RGB or, where something shows through, in RGBA."""
    name = path.lower()
    drawn = name.endswith(DRAWN) or "#" in name
    with Pillow.open(io.BytesIO(_rasterised(data, side) if drawn else data), formats=READABLE) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise PassedOverError("large")
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _rasterised(data: bytes, side: int) -> bytes:
    """A drawing as PNG, its long side ``side`` pixels."""
    try:
        import resvg_py
    except ImportError as error:
        raise DrawingError("Drawings (SVG) need resvg. Install it with: pip install 'burntout[corpus]'.") from error
    svg = gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data
    if len(svg) > MOST_SVG:
        raise PassedOverError("large")
    return bytes(resvg_py.svg_to_bytes(svg_string=svg.decode(), width=side, height=side, skip_system_fonts=True))


def _trimmed(picture: Pillow.Image, take: Take) -> Pillow.Image:
    """The picture without its invisible margin; without alpha where hardly anything shows through."""
    _require(min(picture.size) >= take.shortest, "small")
    if picture.mode == "RGBA":
        alpha = np.asarray(picture.getchannel("A"))
        _require(bool((alpha > VISIBLE).mean() >= FAINTEST), "empty")
        if (alpha > SOLID).mean() > FULLEST:
            picture = picture.convert("RGB")
        else:
            picture = picture.crop(_visible(alpha))
            _require(min(picture.size) >= min(take.shortest, 64), "small")
    _require(take.kind == "photo" or max(picture.size) <= SLIMMEST * min(picture.size), "slim")
    _require(picture.mode == "RGBA" or float(np.asarray(picture).std()) >= FLATTEST, "flat")
    return picture


def _require(sound: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition, as in assert
    if not sound:
        raise PassedOverError(otherwise)


def _visible(alpha: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((alpha > VISIBLE).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _relief(picture: Pillow.Image) -> float:
    """The standard deviation of a picture's grey levels from afar: grain alone does not count."""
    return float(np.asarray(picture.convert("L").resize((64, 64), Pillow.Resampling.BOX), np.float32).std())


def _squares(picture: Pillow.Image, scale: int) -> Iterator[Pillow.Image]:
    """Squares as long as a share of the short side, evenly along the long one, in turn at one edge and the other."""
    short, long = sorted(picture.size)
    side = short // scale
    count = min(MOST_SQUARES, scale * round(long / short))
    for number in range(count):
        along = round(number * (long - side) / max(1, count - 1))
        across = (short - side) * (number % 2)
        left, top = (along, across) if picture.width >= picture.height else (across, along)
        yield picture.crop((left, top, left + side, top + side))


def _encoded(picture: Pillow.Image, side: int) -> bytes:
    fitted = picture.copy()
    fitted.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    file = io.BytesIO()
    fitted.save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()
