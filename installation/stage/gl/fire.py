"""The fire: a picture burnt on the graphics card, at its own size, by the laws of the media in ``burns/``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from installation.burns.heat import blur_width
from installation.burns.temperature import angle
from installation.stage.gl.holdings import HALF, Holdings, Size, draw
from installation.stage.smoulder import Smoulder, beats

if TYPE_CHECKING:
    import moderngl

SHEETS = ("codes", "between", "light")  # the picture as codes, half diffused, burnt
REACH = 3.5  # widths of the Gaussian to either side: what lies farther weighs 5e-4
FINEST = 2.0  # samples per width: more change nothing, for two resolve a Gaussian to 1e-8
DEEPEST = 10  # mip levels: a thousand pixels averaged to one
DARK = 1e-3  # a brightness below this is as good as black, and black does not burn


class Fire:
    """What burns pictures, of one size at a time."""

    def __init__(self, gl: moderngl.Context) -> None:
        """Compile the media. Where they burn is made with the first picture that does."""
        self._media = Holdings(gl)
        self._drawn = {name: self._media.drawing("whole", name) for name in ("codes", "gaussian", "heat", "brownian")}
        self._sheets = Holdings(gl)
        self._textures: dict[str, moderngl.Texture] = {}
        self._targets: dict[str, moderngl.Framebuffer] = {}

    def __len__(self) -> int:
        """How many GL objects there are."""
        return len(self._media) + len(self._sheets)

    def burnt(self, picture: moderngl.Texture, smoulder: Smoulder, level: float) -> moderngl.Texture:
        """The picture burning; itself where nothing burns. ``level`` is the brightness that is in it, 0 to 1."""
        if smoulder.medium == "none" or smoulder.temperature <= 0.0 or level < DARK:
            return picture
        self._fit(picture.size)
        self._draw("codes", picture, "codes", level=level)
        if smoulder.medium == "heat":
            self._diffuse(blur_width(smoulder.temperature, max(picture.size)), level)
        else:
            turn, share = beats(smoulder.age)
            heat = _heat(smoulder, max(picture.size))
            self._draw(smoulder.medium, self._textures["codes"], "light", level=level, turn=turn, share=share, **heat)
        return self._textures["light"]

    def free(self) -> None:
        """Give everything back."""
        self._sheets.free()
        self._media.free()

    def _diffuse(self, width: float, level: float) -> None:
        """Across and then down. Where the Gaussian is wide a mip level averages ahead of its samples."""
        sampled = kernel(width)
        self._textures["codes"].build_mipmaps(
            0, DEEPEST
        )  # which also sets the filter: unbuilt, mip levels read as black
        self._draw("heat", self._textures["codes"], "between", axis=(1, 0), level=0.0, **sampled)
        last = {**sampled, "mip": 0.0}
        self._draw("heat", self._textures["between"], "light", axis=(0, 1), level=level, **last)

    def _draw(self, name: str, source: moderngl.Texture, into: str, **uniforms: Any) -> None:
        source.use(0)
        self._targets[into].use()
        draw(self._drawn[name], **uniforms)

    def _fit(self, size: Size) -> None:
        if self._textures and self._textures["light"].size == size:
            return
        self._sheets.free()
        self._textures = {name: self._sheets.texture(size, 4, HALF) for name in SHEETS}
        self._targets = {name: self._sheets.target(texture) for name, texture in self._textures.items()}


def kernel(width: float) -> dict[str, float]:
    """How to sample a Gaussian of this ``width`` (pixels, above 0): ``mip``, ``stride``, ``taps`` to either side.

    Averaging ahead of the samples blurs as well, by the variance of a box and of the line between two texels; that is
    taken off ``width``, so that the whole has the variance that was asked for.
    """
    mip = max(math.floor(math.log2(width / FINEST)), 0)
    stride = 2.0**mip
    ahead = (stride**2 - 1.0) / 12.0 + stride**2 / 6.0 if mip else 0.0
    narrowed = math.sqrt(width**2 - ahead)
    return {"mip": float(mip), "stride": stride, "taps": math.ceil(REACH * narrowed / stride), "width": narrowed}


def _heat(smoulder: Smoulder, side: int) -> dict[str, float]:
    """The temperature as its medium understands it."""
    if smoulder.medium == "gaussian":
        return {"phi": angle(smoulder.temperature)}
    return {"width": blur_width(smoulder.temperature, side)}
