"""Scenes to learn from: photographs, paintings, and cut-outs pasted over backgrounds with a soft shadow.

Thousands of cut-outs times thousands of backgrounds never run out: that is what makes a small corpus enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from installation.randomness import Generator

    #: H x W x 3 or 4 uint8 sRGB, alpha last.
    Picture = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
    Shelf = Mapping[str, list["Exhibit"]]

WHOLE = ("photo", "art", "tex")  # kinds that fill a square by themselves
SHADOW = 0.45  # opacity of a cast shadow


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """A picture, H x W x 3 or 4, and the words that say what is on it."""

    pixels: Picture
    words: tuple[str, ...] = ()


def compose(shelf: Shelf, size: int, rng: Generator) -> Exhibit:
    """One picture of the mix, size x size x 3, flipped half of the time. Recipes without ingredients are left out.

    Its words are those of everything that is on it. Raises ``ValueError`` when no recipe is left.
    """
    able = [(share, paint) for share, needs, paint in RECIPES if all(shelf.get(kind) for kind in needs)]
    if not able:
        raise ValueError("There are neither photographs nor cut-outs to compose a picture of.")
    shares = np.array([share for share, _ in able])
    painted = able[int(rng.choice(len(able), p=shares / shares.sum()))][1](shelf, size, rng)
    mirrored = rng.random() < 0.5  # noqa: PLR2004 - half of the time
    return Exhibit(painted.pixels[:, ::-1], painted.words) if mirrored else painted


def portray(kind: str, exhibit: Exhibit, size: int, rng: Generator) -> Exhibit:
    """One thing on paper, or the photograph or painting it is: size x size x 3, flipped half of the time.

    It lies in the middle of a sheet that is hardly coloured: what a word looks like is easier learnt where nothing
    else changes.
    """
    if kind in WHOLE:
        shown = crop(_opaque(exhibit.pixels), size, rng)
    else:
        shown = _laid(_paper(size, rng), _with_alpha(exhibit.pixels), rng)
    mirrored = rng.random() < 0.5  # noqa: PLR2004 - half of the time
    return Exhibit(shown[:, ::-1] if mirrored else shown, exhibit.words)


def typical(pictures: Sequence[tuple[str, Exhibit]]) -> list[tuple[str, Exhibit]]:
    """Of a word's pictures, with their kinds, those of the commoner sort: single things, or pictures that fill a sheet.

    A cat is learnt from cats rather than from the few photographs of rooms that it sits in, a beach from beaches.
    """
    whole = [shown for shown in pictures if shown[0] in WHOLE]
    single = [shown for shown in pictures if shown[0] not in WHOLE]
    return max(single, whole, key=len)


def crop(picture: Picture, size: int, rng: Generator) -> Picture:
    """A random square of a picture at a random scale: from the whole picture down to its own pixels."""
    import cv2

    short = min(picture.shape[:2])
    scale = np.exp(rng.uniform(np.log(size), np.log(max(short, size)))) / short
    width, height = (max(size, round(side * scale)) for side in (picture.shape[1], picture.shape[0]))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (width, height), interpolation=method) if scale != 1.0 else picture
    top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    return np.asarray(scaled[top : top + size, left : left + size, :3], dtype=np.uint8)


def paste(ground: Picture, cutout: Picture, rng: Generator) -> Picture:
    """A cut-out over a background of size x size, standing on its lower part, with a soft shadow."""
    size = ground.shape[0]
    small = _scaled(cutout, size * rng.uniform(0.45, 0.98))
    height, width = small.shape[:2]
    left, top = rng.integers(size - width + 1), size - height - rng.integers(min(size // 8, size - height) + 1)
    return _placed(ground, small, int(left), int(top))


def _laid(ground: Picture, cutout: Picture, rng: Generator) -> Picture:
    """A cut-out in the middle of a background, with a soft shadow."""
    size = ground.shape[0]
    small = _scaled(cutout, size * rng.uniform(0.8, 0.95))
    return _placed(ground, small, (size - small.shape[1]) // 2, (size - small.shape[0]) // 2)


def _scaled(cutout: Picture, length: float) -> Picture:
    """A cut-out whose long side is so many pixels."""
    import cv2

    scale = length / max(cutout.shape[:2])
    width, height = (max(1, round(side * scale)) for side in (cutout.shape[1], cutout.shape[0]))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cutout, (width, height), interpolation=method), dtype=np.uint8)


def _placed(ground: Picture, cutout: Picture, left: int, top: int) -> Picture:
    layer = np.zeros((*ground.shape[:2], 4), np.float32)
    layer[top : top + cutout.shape[0], left : left + cutout.shape[1]] = cutout
    return _over(ground, layer[..., :3], layer[..., 3:] / 255.0)


def _over(ground: Picture, colours: np.ndarray[Any, Any], alpha: np.ndarray[Any, Any]) -> Picture:
    import cv2

    size = ground.shape[0]
    cast = np.roll(alpha[..., 0], (size // 32, size // 42), axis=(0, 1))
    shade = SHADOW * cv2.GaussianBlur(cast, (0, 0), size / 42)[..., None]
    lit = ground * (1.0 - shade)
    mixed: Picture = np.rint(lit * (1.0 - alpha) + colours * alpha).astype(np.uint8)
    return mixed


def _photo(shelf: Shelf, size: int, rng: Generator) -> Exhibit:
    photo = _any(shelf, ("photo",), rng)
    return Exhibit(crop(photo.pixels, size, rng), photo.words)


def _art(shelf: Shelf, size: int, rng: Generator) -> Exhibit:
    painting = _any(shelf, ("art",), rng)
    return Exhibit(crop(_opaque(painting.pixels), size, rng), painting.words)


def _composite(shelf: Shelf, size: int, rng: Generator) -> Exhibit:
    scene = _any(shelf, ("photo", "photo", "photo", "tex"), rng)
    ground, words = crop(scene.pixels, size, rng), scene.words
    for _ in range(rng.integers(1, 3)):
        cutout = _any(shelf, ("cut", "cut", "cut", "render"), rng)
        ground, words = paste(ground, _with_alpha(cutout.pixels), rng), cutout.words + words
    return Exhibit(ground, words)


def _on_gradient(kind: str) -> Callable[[Shelf, int, Generator], Exhibit]:
    def paint(shelf: Shelf, size: int, rng: Generator) -> Exhibit:
        cutout = _any(shelf, (kind,), rng)
        return Exhibit(paste(_gradient(size, rng), _with_alpha(cutout.pixels), rng), cutout.words)

    return paint


#: Share of the mix, kinds it cannot do without, painter.
RECIPES: tuple[tuple[float, tuple[str, ...], Callable[[Shelf, int, Generator], Exhibit]], ...] = (
    (0.36, ("photo",), _photo),
    (0.22, ("photo", "cut"), _composite),
    (0.16, ("art",), _art),
    (0.04, ("render",), _on_gradient("render")),
    (0.08, ("ico",), _on_gradient("ico")),
    (0.04, ("svg",), _on_gradient("svg")),
    (0.10, ("cut",), _on_gradient("cut")),
)


def _any(shelf: Shelf, kinds: tuple[str, ...], rng: Generator) -> Exhibit:
    present = [kind for kind in kinds if shelf.get(kind)]
    exhibits = shelf[present[int(rng.integers(len(present)))]]
    return exhibits[int(rng.integers(len(exhibits)))]


def _gradient(size: int, rng: Generator) -> Picture:
    """Two colours melting into each other from top to bottom."""
    ends = rng.uniform(0.0, 255.0, (2, 1, 1, 3))
    ramp = np.linspace(0.0, 1.0, size)[:, None, None]
    return np.broadcast_to(ends[0] + (ends[1] - ends[0]) * ramp, (size, size, 3)).astype(np.uint8)


def _paper(size: int, rng: Generator) -> Picture:
    """A sheet between dark grey and white with a breath of colour, lit from above."""
    tone = rng.uniform(70.0, 225.0) + rng.normal(0.0, 9.0, 3)
    light = np.linspace(15.0, -15.0, size)[:, None, None]
    return np.broadcast_to(tone + light, (size, size, 3)).clip(0.0, 255.0).astype(np.uint8)


def _with_alpha(picture: Picture) -> Picture:
    if picture.shape[2] == 4:  # noqa: PLR2004 - RGBA
        return picture
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def _opaque(picture: Picture) -> Picture:
    if picture.shape[2] == 3:  # noqa: PLR2004 - RGB
        return picture
    alpha = picture[..., 3:] / 255.0
    return np.rint(picture[..., :3] * alpha).astype(np.uint8)
