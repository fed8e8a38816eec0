"""The door for pictures: any file in, a square of floats or 8-bit pixels out.

Files come from strangers, so Pillow reads them with its decompression limit on and only its image plugins we name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from installation.errors import Refusal

if TYPE_CHECKING:
    from installation.records import Image, Pixels

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MOST_PIXELS = 100_000_000  # 10,000 x 10,000: more than any camera on a gallery's shelf, 300 MB decoded
SMALLEST = 8  # pixels a side: below this there is nothing to burn
BLACK = (0, 0, 0)


class ImageError(Refusal):
    """A picture that cannot be used, with the reason."""


def load(path: Path, height: int, width: int) -> Pixels:
    """A picture file, upright, in sRGB, cropped around its middle to fill height x width. H x W x 3 uint8.

    16-bit, CMYK, palette and grey pictures are converted, transparency falls on black, an animation gives its first
    frame, EXIF rotation is applied. Raises ``ImageError`` for anything that is no picture, is truncated, is smaller
    than 8 pixels a side or larger than 100 megapixels.
    """
    picture = _decode(path)
    if min(picture.size) < SMALLEST:
        raise ImageError(f"{path}: {picture.width} x {picture.height} pixels; at least {SMALLEST} a side are needed.")
    fitted = ImageOps.fit(picture, (width, height), method=Pillow.Resampling.LANCZOS)
    return np.asarray(fitted)


def save(path: Path, pixels: Pixels) -> None:
    """Write H x W x 3 uint8 sRGB pixels; the suffix names the format."""
    Pillow.fromarray(pixels).save(path)


def to_tensor(pixels: Pixels) -> Image:
    """H x W x 3 uint8 sRGB to 1 x 3 x H x W float32 in -1 to 1."""
    import torch

    return torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1.0).permute(2, 0, 1).unsqueeze(0).contiguous()


def to_pixels(image: Image) -> Pixels:
    """The first image of a batch, -1 to 1, rounded (never truncated: that darkens a loop) to H x W x 3 uint8 sRGB."""
    levels = (image[0].detach().float().clamp(-1.0, 1.0) + 1.0) * 127.5
    pixels: Pixels = levels.round().byte().permute(1, 2, 0).contiguous().cpu().numpy()
    return pixels


def _decode(path: Path) -> Pillow.Image:
    try:
        with Pillow.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ImageError(_too_large(path, picture))
            return _to_rgb(ImageOps.exif_transpose(picture))
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file.") from None
    except UnidentifiedImageError:
        raise ImageError(f"{path}: not a picture that can be read. Use {', '.join(FORMATS)}.") from None
    except Pillow.DecompressionBombError as error:
        raise ImageError(f"{path}: refused as a decompression bomb ({error}).") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageError(f"{path}: damaged or cut off ({error}). Save it again from its source.") from None


def _to_rgb(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode.startswith("I;16") or picture.mode in {"I", "F"}:
        return _from_deep_grey(picture)
    if picture.has_transparency_data:
        flat = Pillow.new("RGBA", picture.size, (*BLACK, 255))
        return Pillow.alpha_composite(flat, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")


def _from_deep_grey(picture: Pillow.Image) -> Pillow.Image:
    """16-bit and float grey scaled by their full range; Pillow's own conversion clips them to white."""
    values = np.asarray(picture, dtype=np.float64)
    full = 1.0 if picture.mode == "F" and values.max(initial=0.0) <= 1.0 else 65535.0
    grey = np.clip(np.nan_to_num(values) / full * 255.0, 0.0, 255.0).round().astype(np.uint8)
    return Pillow.fromarray(grey).convert("RGB")


def _too_large(path: Path, picture: Pillow.Image) -> str:
    megapixels = picture.width * picture.height / 1e6
    return f"{path}: {megapixels:.0f} megapixels; at most {MOST_PIXELS / 1e6:.0f} are read. Make it smaller first."
